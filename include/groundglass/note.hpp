#pragma once

#include <string>
#include <vector>

namespace groundglass {

/// How much a reader must mind a note: `info` tells what was done, `warning` puts the result in doubt.
enum class note_level { info, warning };

/// What a stage found or mended on the way, carried along with its result and printed with it.
/// `code` is stable and for programs (`"duplicate_slices"`), `text` is one sentence for a person and names no
/// patient.
struct note {
    note_level level = note_level::info;
    std::string code;
    std::string text;

    friend bool operator==(const note&, const note&) = default;
};

using notes = std::vector<note>;

} // namespace groundglass
