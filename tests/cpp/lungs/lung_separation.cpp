#include <groundglass/lungs/lung_separation.hpp>

#include <doctest/doctest.h>

using namespace groundglass;
using namespace groundglass::volume;
using namespace groundglass::lungs;

namespace {

/// Two balls of 30 voxels' radius in rows of 160, `apart` from middle to middle, with a bright membrane of
/// one column between them that lies `shift` columns beside the middle.
struct pair_of_balls {
    array3<std::int16_t> hounsfield = make_array<std::int16_t>({64, 70, 160}, 40);
    bit_mask lungs{{64, 70, 160}};
    bit_mask left{{64, 70, 160}};

    pair_of_balls(double apart, double shift, std::int16_t membrane) {
        for (std::size_t s = 0; s < 64; ++s)
            for (std::size_t r = 0; r < 70; ++r)
                for (std::size_t c = 0; c < 160; ++c) {
                    const double z = static_cast<double>(s) - 32;
                    const double y = static_cast<double>(r) - 35;
                    const double x = static_cast<double>(c) - 80;
                    const auto from = [&](double middle) {
                        return z * z + y * y + (x - middle) * (x - middle);
                    };
                    if (std::min(from(apart / 2), from(-apart / 2)) > 900) continue;
                    lungs.set(s, r, c);
                    if (x > shift) left.set(s, r, c);
                    hounsfield(s, r, c) = x == shift ? membrane : std::int16_t{-850};
                }
    }
};

} // namespace

TEST_CASE("separate_lungs: two that do not touch keep their voxels") {
    const pair_of_balls balls(70, 0, -850);
    const auto found = separate_lungs(balls.hounsfield, balls.lungs, {1, 1, 1}, 80);
    CHECK(found.parted_at_mm == 0);
    CHECK(found.left == balls.left);
    CHECK((found.left | found.right) == balls.lungs);
}

TEST_CASE("separate_lungs: the border follows the membrane, not the middle") {
    for (const double shift : {0.0, 4.0, -3.0}) {
        const pair_of_balls balls(46, shift, -600);
        const auto found = separate_lungs(balls.hounsfield, balls.lungs, {1, 1, 1}, 80);
        CHECK(found.parted_at_mm > 0);
        CHECK((found.left | found.right) == balls.lungs);
        CHECK((found.left & found.right).empty());
        // The membrane itself may go to either side.
        CHECK((found.left - balls.left).count() < 3000);
        CHECK((balls.left - found.left).count() == 0);
    }
}

TEST_CASE("separate_lungs: without a membrane the cut is at the neck") {
    const pair_of_balls balls(46, 0, -850);
    const auto found = separate_lungs(balls.hounsfield, balls.lungs, {1, 1, 1}, 80);
    CHECK((found.left - balls.left).count() + (balls.left - found.left).count() < 4000);
}

TEST_CASE("separate_lungs: a lone lung is left or right of the middle; nothing stays nothing") {
    const pair_of_balls balls(0, -100, -850);
    CHECK(separate_lungs(balls.hounsfield, balls.lungs, {1, 1, 1}, 60).right.empty());
    CHECK(separate_lungs(balls.hounsfield, balls.lungs, {1, 1, 1}, 100).left.empty());
    CHECK(separate_lungs(balls.hounsfield, balls.lungs, {1, 1, 1}, 100).parted_at_mm < 0);
    CHECK(separate_lungs(balls.hounsfield, bit_mask({64, 70, 160}), {1, 1, 1}, 80).left.empty());
}
