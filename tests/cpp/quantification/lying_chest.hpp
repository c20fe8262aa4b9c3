#pragma once

#include <groundglass/array.hpp>
#include <groundglass/volume/lesion_ct.hpp>
#include <groundglass/volume/reconstruction.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

/// Two lungs of -860 HU as boxes, rows 5 to 34, columns 5 to 19 and 30 to 44, with ground glass of `hu` in
/// the rows `first` to `last` of both.
struct lying_chest {
    groundglass::array3<std::int16_t> hounsfield = groundglass::make_array<std::int16_t>({6, 40, 50}, 40);
    groundglass::array3<std::uint8_t> lungs = groundglass::make_array<std::uint8_t>({6, 40, 50});
    groundglass::array3<std::uint8_t> lesions = groundglass::make_array<std::uint8_t>({6, 40, 50});

    lying_chest() {
        for (std::size_t s = 0; s < 6; ++s)
            for (std::size_t r = 5; r < 35; ++r)
                for (std::size_t c = 0; c < 15; ++c) {
                    lungs(s, r, 5 + c) = 2;
                    lungs(s, r, 30 + c) = 1;
                    hounsfield(s, r, 5 + c) = hounsfield(s, r, 30 + c) = -860;
                }
    }

    void put(std::size_t first, std::size_t last, std::int16_t hu, bool left = true, bool right = true) {
        for (std::size_t s = 0; s < 6; ++s)
            for (std::size_t r = first; r <= last; ++r)
                for (std::size_t c = 0; c < 50; ++c)
                    if ((left && lungs(s, r, c) == 1) || (right && lungs(s, r, c) == 2)) {
                        hounsfield(s, r, c) = hu;
                        lesions(s, r, c) = 1;
                    }
    }

    [[nodiscard]] groundglass::volume::lesion_ct study(groundglass::volume::patient_position position) const {
        using namespace groundglass;
        const volume::geometry grid{.shape = {6, 40, 50}, .spacing_mm = {3, 2, 2}};
        volume::reconstruction made;
        made.position = position;
        return {volume::lung_ct(volume::ct_volume(hounsfield, grid, {}, std::move(made)), lungs), lesions};
    }
};
