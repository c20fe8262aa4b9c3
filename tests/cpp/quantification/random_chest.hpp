#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/lesion_ct.hpp>

#include <cstdint>
#include <random>
#include <utility>

/// Random HU and labels in every voxel, so that every region, lobe and segment holds everything.
inline groundglass::volume::lesion_ct random_chest(unsigned seed, groundglass::shape3 shape = {12, 9, 11}) {
    using namespace groundglass;
    std::mt19937 random(seed);
    auto hounsfield = make_array<std::int16_t>(shape);
    for (auto& v : flat(hounsfield)) v = static_cast<std::int16_t>(static_cast<int>(random() % 1400) - 1100);
    const auto labels = [&](unsigned count) {
        auto map = make_array<std::uint8_t>(shape);
        for (auto& v : flat(map)) v = static_cast<std::uint8_t>(random() % (count + 1));
        return map;
    };
    const volume::geometry grid{.shape = shape, .spacing_mm = {2.5, 0.7, 0.8}};
    const volume::lung_ct lungs(volume::ct_volume(std::move(hounsfield), grid), labels(2));
    return {lungs.divided(shared(labels(volume::lobe_count)), shared(labels(volume::segment_count))),
            labels(2)};
}
