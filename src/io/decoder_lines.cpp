#include "decoder_lines.hpp"

#include <groundglass/error.hpp>
#include <groundglass/reading/wording.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace groundglass::io::detail {

namespace {

std::mutex& one_at_a_time() {
    static std::mutex mutex;
    return mutex;
}

/// What libjpeg prints of a damaged stream and then goes on; up to 4 stray bytes are some encoders' padding.
bool tells_of_damage(const std::string& line) {
    constexpr std::string_view corrupt = "Corrupt JPEG data: ";
    if (line.starts_with(corrupt)) {
        const auto rest = line.substr(corrupt.size());
        char* end = nullptr;
        const auto stray = std::strtol(rest.c_str(), &end, 10);
        return !(end != rest.c_str() && stray <= 4 && std::string_view(end).substr(0, 11) == " extraneous");
    }
    constexpr std::array starts{"Premature end of", "JPEG datastream", "Unsupported marker", "Invalid ",
                                "Bogus "};
    return std::ranges::any_of(starts, [&](const char* start) { return line.starts_with(start); });
}

} // namespace

decoder_lines::decoder_lines() : alone_(one_at_a_time()), said_(std::tmpfile()) {
    std::fflush(stderr);
    if (said_) saved_ = ::dup(STDERR_FILENO);
    if (saved_ >= 0) ::dup2(::fileno(said_), STDERR_FILENO);
}

decoder_lines::~decoder_lines() {
    give_back();
    if (said_) std::fclose(said_);
}

void decoder_lines::give_back() {
    if (saved_ < 0) return;
    std::fflush(stderr);
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    saved_ = -1;
}

std::optional<note> decoder_lines::heard() {
    give_back();
    if (!said_) return {};
    std::rewind(said_);
    std::size_t lines = 0, damaged = 0;
    std::string line;
    for (int c = std::fgetc(said_);; c = std::fgetc(said_)) {
        if (c != '\n' && c != EOF) {
            line += static_cast<char>(c);
            continue;
        }
        if (tells_of_damage(line))
            ++damaged;
        else if (line.find_first_not_of(" \t\r") != std::string::npos &&
                 !line.starts_with("Corrupt JPEG data"))
            ++lines;
        line.clear();
        if (c == EOF) break;
    }
    if (damaged > 0) throw format_error("the JPEG data of a slice are damaged; copy the study again");
    if (lines == 0) return {};
    return note{note_level::info, "decoder_message",
                "The decoder printed " + reading::counted(lines, "line") +
                    " of its own while it decoded the slices, and reported no failure."};
}

} // namespace groundglass::io::detail
