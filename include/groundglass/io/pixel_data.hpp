#pragma once

#include <groundglass/volume/slice_header.hpp>

#include <istream>

namespace groundglass {

namespace detail {

inline std::uint32_t little(const unsigned char* b) {
    return std::uint32_t{b[0]} | std::uint32_t{b[1]} << 8 | std::uint32_t{b[2]} << 16 |
           std::uint32_t{b[3]} << 24;
}

inline bool take(std::istream& file, unsigned char* bytes, std::streamsize n) {
    return static_cast<bool>(file.read(reinterpret_cast<char*>(bytes), n));
}

/// The fragments of compressed voxels, from length to length.
inline std::string fragment_damage(std::istream& file, std::uint64_t end, double claimed) {
    double held = 0;
    for (;;) {
        unsigned char item[8];
        if (!take(file, item, 8)) return "its compressed voxels are cut off";
        const auto length = little(item + 4);
        if (static_cast<std::uint64_t>(file.tellg()) + length > end)
            return "its compressed voxels are cut off";
        if (item[0] != 0xfe || item[1] != 0xff || item[3] != 0xe0) return "its compressed voxels are damaged";
        if (item[2] == 0xdd) break;
        held += length;
        file.seekg(length, std::ios::cur);
    }
    // A constant slice in JPEG 2000 shrinks by some thousands; nothing real shrinks more.
    if (claimed > 5000 * std::max(held, 1.0))
        return "its header claims " + detail::decimal(claimed, 0) + " bytes of voxels from " +
               detail::decimal(held, 0);
    return {};
}

} // namespace detail

namespace io {

/// What is wrong with the voxels of a DICOM file, such as "its compressed voxels are cut off", from lengths
/// alone; empty when nothing is. Decoders make images of any claimed size out of short files, some without a
/// word. `file` stands before the tag of Pixel Data (7FE0,0010), or wherever the header ended without one.
/// `transfer_syntax` is the UID of the file's meta header. Reads a few bytes a fragment.
[[nodiscard]] inline std::string pixel_data_damage(std::istream& file, const slice_header& header,
                                                   std::string_view transfer_syntax) {
    constexpr std::string_view implicit_little = "1.2.840.10008.1.2", explicit_big = "1.2.840.10008.1.2.2",
                               deflated = "1.2.840.10008.1.2.1.99";
    if (transfer_syntax == deflated) return {}; // lengths show only when inflated, and zlib checks them
    const auto here = file.tellg();
    file.seekg(0, std::ios::end);
    const auto end = static_cast<std::uint64_t>(file.tellg());
    file.seekg(here);

    const bool big = transfer_syntax == explicit_big;
    unsigned char b[8];
    constexpr unsigned char tag[4] = {0xe0, 0x7f, 0x10, 0x00}, big_tag[4] = {0x7f, 0xe0, 0x00, 0x10};
    if (!detail::take(file, b, 8) || !std::equal(b, b + 4, big ? big_tag : tag))
        return "it has no Pixel Data, as when a file is cut off";
    // Files without a meta header tell by the letters of the value representation.
    const bool is_explicit = transfer_syntax.empty() ? b[4] == 'O' : transfer_syntax != implicit_little;
    if (is_explicit && !detail::take(file, b + 4, 4)) return "its voxels are cut off";
    if (big) std::reverse(b + 4, b + 8);
    const std::uint32_t length = detail::little(b + 4);

    const double claimed = static_cast<double>(header.rows) * header.columns * header.samples_per_pixel *
                           header.number_of_frames * ((header.bits_allocated + 7) / 8);
    if (length == 0xffffffff) return detail::fragment_damage(file, end, claimed);
    const auto there = std::min<std::uint64_t>(length, end - static_cast<std::uint64_t>(file.tellg()));
    if (static_cast<double>(there) >= claimed) return {};
    return "it holds " + std::to_string(there) + " bytes of voxels where its header claims " +
           detail::decimal(claimed, 0);
}

} // namespace io

} // namespace groundglass
