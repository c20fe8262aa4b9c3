#pragma once

#include <cstddef>
#include <string_view>

namespace groundglass::volume::detail {

/// Whole numbers of a table's text, a printable character each; from `left_out` on they are one further.
class weight_text {
public:
    weight_text(std::string_view text, char zero, char left_out)
        : text_(text), zero_(zero), left_out_(left_out) {}

    [[nodiscard]] float next() {
        while (text_[at_] == '\n') ++at_;
        const char character = text_[at_++];
        return static_cast<float>(character - zero_ - (character > left_out_ ? 1 : 0));
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
    char zero_, left_out_;
};

} // namespace groundglass::volume::detail
