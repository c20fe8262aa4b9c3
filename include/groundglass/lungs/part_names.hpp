#pragma once

#include <groundglass/volume/label_map.hpp>

#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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
[[nodiscard]] inline std::optional<named_part> part_by_name(std::string_view name) {
    int side = 0, level = 0;
    bool lung = false;
    std::string word;
    const auto take = [&] {
        const auto set = [](int& what, int value) { return std::exchange(what, value) == 0; };
        if (word == "left") return set(side, 1);
        if (word == "right") return set(side, 2);
        if (word == "upper" || word == "superior") return set(level, 1);
        if (word == "middle") return set(level, 2);
        if (word == "lower" || word == "inferior") return set(level, 3);
        if (word.size() == 3 && (word[0] == 'l' || word[0] == 'r') && word[2] == 'l') {
            const auto at = std::string_view("uml").find(word[1]);
            if (at != std::string_view::npos)
                return set(side, word[0] == 'l' ? 1 : 2) && set(level, static_cast<int>(at) + 1);
        }
        if (word == "lung" || word == "lungs") return lung = true;
        return word.empty() || word == "lobe" || word == "mask";
    };
    for (std::size_t i = 0; i <= name.size(); ++i) {
        const auto letter =
            i < name.size() ? static_cast<unsigned char>(name[i]) : static_cast<unsigned char>(' ');
        if (letter != ' ' && letter != '_' && letter != '-' && letter != '.') {
            word += static_cast<char>(std::tolower(letter));
            continue;
        }
        if (!take()) return std::nullopt;
        word.clear();
    }
    if (level != 0) {
        if (side == 0 || (side == 1 && level == 2)) return std::nullopt;
        return named_part{named_part::kind::lobe,
                          static_cast<std::uint8_t>(side == 1 ? (level == 1 ? 1 : 2) : level + 2)};
    }
    if (!lung) return std::nullopt;
    if (side != 0) return named_part{named_part::kind::lung, static_cast<std::uint8_t>(side)};
    return named_part{};
}

} // namespace groundglass::lungs
