#include <groundglass/volume/distance_transform.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <random>

using namespace groundglass;
using namespace groundglass::volume;

TEST_CASE("squared_distance_mm2: the distance to the nearest voxel outside") {
    std::mt19937 random(1);
    const shape3 shape{5, 9, 70};
    const vector3 spacings[] = {{1, 1, 1}, {2.5, 0.7, 0.9}};
    for (const auto& spacing : spacings)
        for (const double share : {0.5, 0.97, 0.999}) {
            auto volume = make_array<std::uint8_t>(shape);
            for (auto& value : flat(volume))
                value = std::generate_canonical<double, 32>(random) < share ? 1 : 0;
            volume(2, 3, 4) = 0;
            const auto found =
                squared_distance_mm2(mask_where(volume, [](std::uint8_t v) { return v != 0; }), spacing);
            std::vector<std::array<double, 3>> outside;
            for (std::size_t s = 0; s < shape[0]; ++s)
                for (std::size_t r = 0; r < shape[1]; ++r)
                    for (std::size_t c = 0; c < shape[2]; ++c)
                        if (volume(s, r, c) == 0)
                            outside.push_back({static_cast<double>(s) * spacing[0],
                                               static_cast<double>(r) * spacing[1],
                                               static_cast<double>(c) * spacing[2]});
            for (std::size_t s = 0; s < shape[0]; ++s)
                for (std::size_t r = 0; r < shape[1]; ++r)
                    for (std::size_t c = 0; c < shape[2]; ++c) {
                        double nearest = 1e30;
                        for (const auto& at : outside) {
                            const double z = static_cast<double>(s) * spacing[0] - at[0];
                            const double y = static_cast<double>(r) * spacing[1] - at[1];
                            const double x = static_cast<double>(c) * spacing[2] - at[2];
                            nearest = std::min(nearest, z * z + y * y + x * x);
                        }
                        REQUIRE(static_cast<double>(found(s, r, c)) ==
                                doctest::Approx(nearest).epsilon(1e-6));
                    }
        }
}

TEST_CASE("squared_distance_mm2: a full mask has no nearest voxel, an empty one only zeros") {
    const bit_mask empty({2, 3, 4});
    const auto endless = squared_distance_mm2(~empty, {1, 1, 1});
    const auto nothing = squared_distance_mm2(empty, {1, 1, 1});
    for (const float d : flat(endless)) CHECK(std::isinf(d));
    for (const float d : flat(nothing)) CHECK(d == 0.0F);
}

TEST_CASE("squared_distance_mm2: a spacing that float32 does not hold is named") {
    for (const double spacing : {0.0, 1e-300, 1e-10, 1e10, 1e300, std::nan("")})
        CHECK_THROWS_AS((void)squared_distance_mm2(bit_mask({1, 1, 1}), {1, spacing, 1}),
                        std::invalid_argument);
}
