#pragma once

#include <groundglass/error.hpp>
#include <groundglass/reading/pixel_data.hpp>
#include <groundglass/reading/slice_header.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groundglass::reading {

/// How the bits of a stored value are used, by the DICOM attributes of these names.
struct pixel_bits {
    std::uint32_t stored = 16;
    std::uint32_t high = 15;
    bool is_signed = false;
};

/// The frames of a multi-frame DICOM file, taken out one by one, so that a decoder never needs the whole
/// file, never applies the rescale of one frame to another, and splits no fragments by rules of its own.
class frame_source {
public:
    /// `file` stands before the tag of Pixel Data, `header` is that of any of its frames and
    /// `transfer_syntax` the UID of the meta header. Nothing is known of a file that is deflated as a whole.
    /// Reads a few bytes a fragment.
    frame_source(std::istream& file, const slice_header& header, std::string_view transfer_syntax,
                 pixel_bits bits);

    /// What is wrong with the voxels, as `slice_header::damage` says it; empty when nothing is.
    [[nodiscard]] const std::string& damage() const { return damage_; }
    [[nodiscard]] const pixel_bits& bits() const { return bits_; }

    /// The bytes of a DICOM file that holds frame `number`, from 1, alone: its stored values, without
    /// rescale, place or name. Throws `format_error` for a damaged file and one that has become shorter,
    /// `std::invalid_argument` for a frame that the file has not.
    [[nodiscard]] std::string single(std::istream& file, std::uint32_t number) const;

    /// The stored values of frame `number`, from 1, where it is JPEG Lossless of 16 bits a value and nothing
    /// about it is unusual: see `decode_jpeg_lossless`. Else nothing, and `single` is for a decoder that
    /// knows more. Throws as `single` does.
    [[nodiscard]] std::optional<std::vector<std::uint16_t>> lossless(std::istream& file,
                                                                     std::uint32_t number) const;

private:
    struct fragment {
        std::uint64_t offset = 0;
        std::uint32_t length = 0;
    };

    void check(std::uint32_t number) const;
    void locate(std::istream& file);
    [[nodiscard]] std::vector<std::uint32_t> offsets(std::istream& file, std::uint32_t length) const;
    bool by_table(const std::vector<std::uint32_t>& table);
    bool by_marker(std::istream& file);

    std::uint32_t rows_, columns_, frames_, allocated_;
    std::string syntax_;
    pixel_bits bits_;
    std::string damage_;
    bool encapsulated_ = false;
    std::uint64_t voxels_ = 0;
    std::vector<fragment> fragments_;
    /// The first fragment of every frame, and the end.
    std::vector<std::size_t> first_;
};

} // namespace groundglass::reading

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass::io {
using frame_source [[deprecated("groundglass::reading::frame_source")]] = reading::frame_source;
using pixel_bits [[deprecated("groundglass::reading::pixel_bits")]] = reading::pixel_bits;
} // namespace groundglass::io
#endif

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/reading/detail/frames.hpp>
#endif
