#include <groundglass/volume/resample.hpp>

#include <doctest/doctest.h>

#include <numeric>
#include <vector>

using namespace groundglass;
using namespace groundglass::volume;

namespace {

std::vector<float> weights_of(const axis_weights& weights, std::size_t target) {
    std::vector<float> result(weights.source());
    const auto found = weights.weights(target);
    for (std::size_t k = 0; k < found.size(); ++k) result[weights.first(target) + k] += found[k];
    return result;
}

} // namespace

TEST_CASE("centred_cells: rounded to whole cells with the same middle") {
    CHECK(centred_cells({0, 1, 10}, 3, 99) == cell_row{0.5, 3, 3});
    CHECK(centred_cells({0, 1, 11}, 3, 99) == cell_row{-0.5, 3, 4});
    CHECK(centred_cells({0, 1, 10}, 4, 99) == cell_row{-1, 4, 3}); // two and a half
    CHECK(centred_cells({2, 1, 1}, 50, 99) == cell_row{-22.5, 50, 1});
    CHECK(centred_cells({0, 1e6, 1000}, 3, 7).count == 7);
    CHECK_THROWS_AS(static_cast<void>(centred_cells({0, 1, 10}, 0, 99)), std::invalid_argument);
}

TEST_CASE("axis_weights: a coarse cell is the mean of the fine ones by their overlap") {
    const auto weights = axis_weights::mean({0, 1, 5}, centred_cells({0, 1, 5}, 2, 99));
    CHECK(weights.target() == 3); // from -0.5 on
    CHECK(weights_of(weights, 0) == std::vector<float>{2.0F / 3, 1.0F / 3, 0, 0, 0});
    CHECK(weights_of(weights, 1) == std::vector<float>{0, 0.25F, 0.5F, 0.25F, 0});
}

TEST_CASE("axis_weights: linear between centres where the source is coarser, ends repeated") {
    const cell_row coarse{0, 4, 3};
    const auto weights = axis_weights::mean(coarse, {0, 1, 12});
    CHECK(weights_of(weights, 0) == std::vector<float>{1, 0, 0});
    CHECK(weights_of(weights, 4) == std::vector<float>{0.375F, 0.625F, 0});
    CHECK(weights_of(weights, 11) == std::vector<float>{0, 0, 1});
    for (std::size_t i = 0; i < weights.target(); ++i) {
        const auto all = weights_of(weights, i);
        CHECK(std::accumulate(all.begin(), all.end(), 0.0F) == doctest::Approx(1));
    }
}

TEST_CASE("axis_weights: beyond the source there is its end") {
    const auto weights = axis_weights::mean({0, 1, 3}, {-8, 2, 8});
    CHECK(weights_of(weights, 0) == std::vector<float>{1, 0, 0});
    CHECK(weights_of(weights, 7) == std::vector<float>{0, 0, 1});
    CHECK_THROWS_AS(static_cast<void>(axis_weights::linear({0, 1, 0}, {0, 1, 2})), std::invalid_argument);
}

TEST_CASE("resample_slice: a ramp stays a ramp, on the way there and back") {
    auto ramp = make_array<std::int16_t>({24, 40, 32});
    for (std::size_t s = 0; s < 24; ++s)
        for (std::size_t r = 0; r < 40; ++r)
            for (std::size_t c = 0; c < 32; ++c)
                ramp(s, r, c) = static_cast<std::int16_t>(100 * s + 10 * r + c);
    const cell_row fine[] = {{0, 1, 24}, {0, 0.5, 40}, {0, 0.5, 32}};
    std::vector<cell_row> coarse;
    for (const auto& row : fine) coarse.push_back(centred_cells(row, 2, 99));
    const volume_weights to{axis_weights::mean(fine[0], coarse[0]), axis_weights::mean(fine[1], coarse[1]),
                            axis_weights::mean(fine[2], coarse[2])};
    auto small = make_array<float>(to.target());
    for (std::size_t s = 0; s < to.target()[0]; ++s) resample_slice(ramp, to, s, slice_of(small, s));
    CHECK(to.target() == shape3{12, 10, 8});
    CHECK(small(3, 4, 5) == doctest::Approx(650 + 175 + 21.5));

    const volume_weights back{axis_weights::linear(coarse[0], fine[0]),
                              axis_weights::linear(coarse[1], fine[1]),
                              axis_weights::linear(coarse[2], fine[2])};
    std::vector<float> slice(40 * 32);
    resample_slice(small, back, 12, slice);
    CHECK(slice[20 * 32 + 16] == doctest::Approx(1200 + 200 + 16));
    CHECK_THROWS_AS(resample_slice(small, to, 0, slice), std::invalid_argument);
}
