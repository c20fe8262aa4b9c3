#pragma once

#include <groundglass/config.hpp>
#include <groundglass/reading/dicom_uids.hpp>
#include <groundglass/reading/pixel_data.hpp>
#include <groundglass/reading/wording.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>

namespace groundglass::reading {

namespace detail {

inline std::uint32_t little(const unsigned char* b) {
    return std::uint32_t{b[0]} | std::uint32_t{b[1]} << 8 | std::uint32_t{b[2]} << 16 |
           std::uint32_t{b[3]} << 24;
}

inline bool take(std::istream& file, unsigned char* bytes, std::streamsize n) {
    return static_cast<bool>(file.read(reinterpret_cast<char*>(bytes), n));
}

/// What the first bytes of a frame of JPEG, JPEG-LS or JPEG 2000 claim, by which decoders allocate.
struct frame_claim {
    std::uint64_t rows = 0;
    std::uint64_t columns = 0;
    std::uint64_t components = 0;
    std::uint64_t tiles = 1; ///< of JPEG 2000, each decoded by itself
};

/// The claim of the frame that starts with `start`; nothing where it is none of these or says nothing yet.
inline std::optional<frame_claim> claim_of(std::string_view start) {
    const auto byte = [&](std::size_t at) {
        return at < start.size() ? std::uint64_t{static_cast<unsigned char>(start[at])} : 0;
    };
    const auto big = [&](std::size_t at, std::size_t bytes) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | byte(at + i);
        return value;
    };
    // The codestream of JPEG 2000 may lie in a box of its file format; its SIZ follows its start at once.
    if (const auto at = start.substr(0, 4096).find("\xff\x4f\xff\x51");
        at == 0 || (at != std::string_view::npos && start.substr(4, 2) == "jP")) {
        const auto size = [&](std::size_t field) { return big(at + 8 + 4 * field, 4); };
        const auto across = size(0), down = size(1), left = size(2), top = size(3);
        if (across <= left || down <= top) return frame_claim{};
        frame_claim claim{down - top, across - left, big(at + 40, 2)};
        const auto tiles = [&](std::uint64_t end, std::uint64_t step, std::uint64_t first) {
            constexpr std::uint64_t most = 1 << 24; // a standard's image has 65535 in all
            return step == 0 || first >= end ? most : std::min(most, (end - first + step - 1) / step);
        };
        claim.tiles = tiles(across, size(4), size(6)) * tiles(down, size(5), size(7));
        return claim;
    }
    if (start.substr(0, 2) != "\xff\xd8") return std::nullopt;
    for (std::size_t at = 2; at + 10 <= start.size();) {
        if (byte(at) != 0xff) return std::nullopt;
        const auto marker = byte(at + 1);
        if (marker == 0xff) {
            ++at; // fill
            continue;
        }
        const bool frame =
            (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) ||
            marker == 0xf7;
        if (frame) return frame_claim{big(at + 5, 2), big(at + 7, 2), byte(at + 9)};
        at += 2 + std::max<std::size_t>(2, big(at + 2, 2));
    }
    return std::nullopt;
}

/// The fragments of compressed voxels, from length to length, and what their frames claim.
inline std::string fragment_damage(std::istream& file, std::uint64_t end, const slice_header& header,
                                   double claimed) {
    double held = 0;
    for (bool table = true;; table = false) {
        unsigned char item[8];
        if (!take(file, item, 8)) return "its compressed voxels are cut off";
        const auto length = little(item + 4);
        const auto here = static_cast<std::uint64_t>(file.tellg());
        if (here + length > end) return "its compressed voxels are cut off";
        if (item[0] != 0xfe || item[1] != 0xff || item[3] != 0xe0) return "its compressed voxels are damaged";
        if (item[2] == 0xdd) break;
        held += length;
        if (!table && length > 0) {
            std::string start(std::min<std::size_t>(length, 1 << 14), '\0');
            file.read(start.data(), static_cast<std::streamsize>(start.size()));
            if (const auto claim = claim_of(start)) {
                if (claim->rows != header.rows || claim->columns != header.columns ||
                    claim->components != header.samples_per_pixel)
                    return "its compressed voxels are " + std::to_string(claim->rows) + " x " +
                           std::to_string(claim->columns) + " of " + std::to_string(claim->components) +
                           " numbers each where its header claims " + std::to_string(header.rows) + " x " +
                           std::to_string(header.columns) + " of " + std::to_string(header.samples_per_pixel);
                if (14 * claim->tiles > length) // the least that a tile takes, its two markers
                    return "its compressed voxels claim " + std::to_string(claim->tiles) + " tiles in " +
                           std::to_string(length) + " bytes";
            }
        }
        file.seekg(static_cast<std::streamoff>(here + length));
    }
    // A constant slice in JPEG 2000 shrinks by some thousands, as they are at the ends of some scans; of a
    // whole study, or of a slice larger than any scanner makes, nothing real does.
    constexpr double a_slice = 2 << 20;
    if (claimed > 5000 * std::max(held, 1.0) || claimed > std::max(a_slice, 300 * held))
        return "its header claims " + decimal(claimed, 0) + " bytes of voxels from " + decimal(held, 0);
    return {};
}

} // namespace detail

GROUNDGLASS_INLINE std::string pixel_data_damage(std::istream& file, const slice_header& header,
                                                 std::string_view transfer_syntax) {
    if (transfer_syntax == deflated_syntax)
        return {}; // lengths show only when inflated, and zlib checks them
    const auto here = file.tellg();
    file.seekg(0, std::ios::end);
    const auto end = static_cast<std::uint64_t>(file.tellg());
    file.seekg(here);

    const bool big = transfer_syntax == explicit_big_syntax;
    unsigned char b[8];
    constexpr unsigned char tag[4] = {0xe0, 0x7f, 0x10, 0x00}, big_tag[4] = {0x7f, 0xe0, 0x00, 0x10};
    if (!detail::take(file, b, 8) || !std::equal(b, b + 4, big ? big_tag : tag))
        return "it has no Pixel Data, as when a file is cut off";
    // Files without a meta header tell by the letters of the value representation.
    const bool is_explicit =
        transfer_syntax.empty() ? b[4] == 'O' : transfer_syntax != implicit_little_syntax;
    if (is_explicit && !detail::take(file, b + 4, 4)) return "its voxels are cut off";
    if (big) std::reverse(b + 4, b + 8);
    const std::uint32_t length = detail::little(b + 4);

    const std::uint32_t bytes = (header.bits_allocated + 7) / 8;
    const double claimed = static_cast<double>(header.rows) * header.columns * header.samples_per_pixel *
                           header.number_of_frames * bytes;
    if (length == 0xffffffff) return detail::fragment_damage(file, end, header, claimed);
    const auto there = std::min<std::uint64_t>(length, end - static_cast<std::uint64_t>(file.tellg()));
    if (static_cast<double>(there) >= claimed) return {};
    return "it holds " + std::to_string(there) + " bytes of voxels where its header claims " +
           decimal(claimed, 0);
}

} // namespace groundglass::reading
