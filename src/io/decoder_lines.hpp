#pragma once

#include <groundglass/note.hpp>

#include <cstdio>
#include <mutex>
#include <optional>

namespace groundglass::io::detail {

/// Catches what decoders print to the standard error while it lives: the one sign that libjpeg made an image
/// of a damaged stream. What other threads print there meanwhile is caught as well, so it lives for one
/// decoding, and one at a time in a process. Where there is no standard error it does nothing.
class decoder_lines {
public:
    decoder_lines();
    ~decoder_lines();
    decoder_lines(const decoder_lines&) = delete;
    decoder_lines& operator=(const decoder_lines&) = delete;

    /// Gives the standard error back. Throws `format_error` where a line tells of a damaged stream; else one
    /// note for all lines (`decoder_message`), nothing where there were none. Their text may hold names of
    /// files, and comes out nowhere. Call it once.
    [[nodiscard]] std::optional<note> heard();

private:
    void give_back();

    std::unique_lock<std::mutex> alone_;
    std::FILE* said_ = nullptr;
    int saved_ = -1;
};

} // namespace groundglass::io::detail
