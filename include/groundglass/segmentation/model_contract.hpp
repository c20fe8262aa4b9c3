#pragma once

#include <groundglass/segmentation/preprocess.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace groundglass::segmentation {

/// What a model file says of itself: the image it takes and the planes it gives. It lies inside the file as
/// the extra file `groundglass.json`, so a stage needs no second file.
struct model_contract {
    std::string name;
    std::string version;

    /// Planes of the input image.
    std::size_t channels = 1;
    /// The longer edge, in pixels, the image is resized to.
    std::size_t long_edge = 352;
    /// Both edges are padded to a multiple of this, in pixels, at the lower right.
    std::size_t multiple_of = 32;
    /// HU that become `range`. An 8-bit image takes 0..255 for the same.
    value_range window_hu{-1350, 150};
    value_range range{-1, 1};
    /// What the image is padded with, on the scale of `range`; without an entry, `range.low`, which is air.
    double padding = -1;

    /// One probability plane for each, in this order.
    std::vector<std::string> classes;

    std::string training_data;
    std::string licence;
    std::string origin;

    friend bool operator==(const model_contract&, const model_contract&) = default;
};

/// Reads a contract in its JSON form, format version 1; unknown keys are passed over. `where` names the file
/// in messages. Throws `model_error` for anything missing, of the wrong type, out of range, or of another
/// version.
[[nodiscard]] model_contract parse_model_contract(std::string_view json, const std::string& where);

} // namespace groundglass::segmentation
