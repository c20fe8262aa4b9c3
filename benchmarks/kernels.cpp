// Kernels that Python has no name for, as C functions: `make bench` loads them from a shared library.
#include <groundglass/array.hpp>
#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/components.hpp>
#include <groundglass/volume/distance_transform.hpp>
#include <groundglass/volume/morphology.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace volume = groundglass::volume;

extern "C" {

/// A mask of a byte a voxel, `shape` its slices, rows and columns; `release` it.
volume::bit_mask* mask_of(const std::uint8_t* voxels, const std::size_t* shape) {
    auto array = groundglass::make_array<std::uint8_t>({shape[0], shape[1], shape[2]});
    const auto flat = groundglass::flat(array);
    std::copy_n(voxels, flat.size(), flat.begin());
    auto mask = volume::mask_where(array, [](std::uint8_t voxel) { return voxel != 0; });
    return std::make_unique<volume::bit_mask>(std::move(mask)).release();
}

void release(volume::bit_mask* mask) { const std::unique_ptr<volume::bit_mask> owner(mask); }

std::size_t count_components(const volume::bit_mask* mask, int neighbours) {
    return volume::components(*mask,
                              neighbours == 26 ? volume::connectivity::all : volume::connectivity::faces)
        .size();
}

std::size_t two_largest(const volume::bit_mask* mask) {
    return volume::largest_components(*mask, 2, volume::connectivity::all).count();
}

std::size_t filled(const volume::bit_mask* mask) { return volume::fill_holes(*mask).count(); }

std::size_t closed(const volume::bit_mask* mask, double radius) {
    return volume::close(*mask, volume::ball(radius, {1, 1, 1})).count();
}

double farthest(const volume::bit_mask* mask) {
    const auto found = volume::squared_distance_mm2(*mask, {1, 1, 1});
    const auto values = groundglass::flat(found);
    return static_cast<double>(*std::max_element(values.begin(), values.end()));
}
}
