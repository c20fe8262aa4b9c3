#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace groundglass::lungs {

/// The part of the lungs that a file of its own holds.
struct named_part {
    enum class kind { lobe, lung, lungs };
    kind of = kind::lungs;
    /// A `lobe_label` or `lung_label`; 1 for both lungs.
    std::uint8_t label = 1;

    friend bool operator==(const named_part&, const named_part&) = default;
};

/// What a name without its ending says: `lung_upper_lobe_left` and its like, as TotalSegmentator names the
/// files of its parts, `left_lung`, `lungs`, or an abbreviation such as RML. Words may stand in any order; a
/// name with any other word, such as `lung_vessels`, is none of these.
[[nodiscard]] std::optional<named_part> part_by_name(std::string_view name);

} // namespace groundglass::lungs

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using named_part [[deprecated("groundglass::lungs::named_part")]] = lungs::named_part;
using lungs::part_by_name;
} // namespace groundglass
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/part_names.hpp>
#endif
