#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/reading/detail/pixel_data.hpp>
#include <groundglass/reading/dicom_uids.hpp>
#include <groundglass/reading/frames.hpp>
#include <groundglass/reading/jpeg_lossless.hpp>
#include <groundglass/reading/wording.hpp>

#include <algorithm>
#include <istream>
#include <optional>
#include <stdexcept>
#include <utility>

namespace groundglass::reading {

namespace detail {

/// Tags as numbers: group, then element.
inline constexpr std::uint32_t pixel_data_tag = 0x7fe00010, item_tag = 0xfffee000,
                               sequence_end_tag = 0xfffee0dd;

inline std::string little_bytes(std::uint32_t value, std::size_t count) {
    std::string result;
    for (std::size_t i = 0; i < count; ++i) result += static_cast<char>(value >> 8 * i & 0xff);
    return result;
}

inline std::string tag_bytes(std::uint32_t tag) {
    return little_bytes(tag >> 16, 2) + little_bytes(tag & 0xffff, 2);
}

/// An explicit little-endian element, padded to an even length; `length` where it is not the value's.
inline void put_element(std::string& out, std::uint32_t tag, std::string_view vr, std::string_view value,
                        std::optional<std::uint32_t> length = {}) {
    const bool odd = value.size() % 2 == 1;
    const auto claimed = length.value_or(static_cast<std::uint32_t>(value.size() + odd));
    out += tag_bytes(tag);
    out += vr;
    out += vr[0] == 'O' ? little_bytes(0, 2) + little_bytes(claimed, 4) : little_bytes(claimed, 2);
    out += value;
    if (odd) out += vr == "CS" ? ' ' : '\0';
}

inline std::string bytes_at(std::istream& file, std::uint64_t offset, std::uint64_t length) {
    std::string result(length, '\0');
    file.clear();
    file.seekg(static_cast<std::streamoff>(offset));
    if (!file.read(result.data(), static_cast<std::streamsize>(length)))
        throw format_error("its voxels are cut off");
    return result;
}

} // namespace detail

GROUNDGLASS_INLINE frame_source::frame_source(std::istream& file, const slice_header& header,
                                              std::string_view transfer_syntax, pixel_bits bits)
    : rows_(header.rows), columns_(header.columns), frames_(header.number_of_frames),
      allocated_(header.bits_allocated), syntax_(transfer_syntax), bits_(bits) {
    const auto start = file.tellg();
    damage_ = pixel_data_damage(file, header, transfer_syntax);
    if (!damage_.empty() || transfer_syntax == deflated_syntax) return;
    file.clear();
    file.seekg(start);
    locate(file);
}

GROUNDGLASS_INLINE std::string frame_source::single(std::istream& file, std::uint32_t number) const {
    using namespace detail;
    check(number);
    std::string meta;
    put_element(meta, 0x00020001, "OB", std::string_view("\0\1", 2));
    put_element(meta, 0x00020002, "UI", ct_image_class);
    put_element(meta, 0x00020003, "UI", "2.25.1");
    put_element(meta, 0x00020010, "UI", encapsulated_ ? std::string_view(syntax_) : explicit_little_syntax);
    std::string result = std::string(128, '\0') + "DICM";
    put_element(result, 0x00020000, "UL", little_bytes(static_cast<std::uint32_t>(meta.size()), 4));
    result += meta;
    const auto put_number = [&](std::uint32_t tag, std::uint32_t value) {
        put_element(result, tag, "US", little_bytes(value, 2));
    };
    put_element(result, 0x00080016, "UI", ct_image_class);
    put_element(result, 0x00080018, "UI", "2.25.1");
    put_element(result, 0x00080060, "CS", "CT");
    put_number(0x00280002, 1);
    put_element(result, 0x00280004, "CS", "MONOCHROME2");
    put_number(0x00280010, rows_);
    put_number(0x00280011, columns_);
    put_number(0x00280100, allocated_);
    put_number(0x00280101, bits_.stored);
    put_number(0x00280102, bits_.high);
    put_number(0x00280103, bits_.is_signed ? 1 : 0);
    if (encapsulated_) {
        put_element(result, pixel_data_tag, "OB", {}, 0xffffffff);
        result += tag_bytes(item_tag) + little_bytes(0, 4);
        for (std::size_t i = first_[number - 1]; i < first_[number]; ++i)
            result += tag_bytes(item_tag) + little_bytes(fragments_[i].length, 4) +
                      bytes_at(file, fragments_[i].offset, fragments_[i].length);
        result += tag_bytes(sequence_end_tag) + little_bytes(0, 4);
        return result;
    }
    const std::size_t word = (allocated_ + 7) / 8;
    const auto size = std::uint64_t{rows_} * columns_ * word;
    auto values = bytes_at(file, voxels_ + (number - 1) * size, size);
    if (syntax_ == explicit_big_syntax && word > 1)
        for (std::size_t i = 0; i + word <= values.size(); i += word)
            std::reverse(values.begin() + static_cast<std::ptrdiff_t>(i),
                         values.begin() + static_cast<std::ptrdiff_t>(i + word));
    put_element(result, pixel_data_tag, "OW", values);
    return result;
}

GROUNDGLASS_INLINE std::optional<std::vector<std::uint16_t>>
frame_source::lossless(std::istream& file, std::uint32_t number) const {
    check(number);
    if (syntax_ != jpeg_lossless_syntax && syntax_ != jpeg_lossless_first_syntax) return std::nullopt;
    if (!encapsulated_ || allocated_ != 16 || bits_.stored > 16 || bits_.high + 1 != bits_.stored)
        return std::nullopt;
    std::string stream;
    for (std::size_t i = first_[number - 1]; i < first_[number]; ++i)
        stream += detail::bytes_at(file, fragments_[i].offset, fragments_[i].length);
    std::vector<std::uint16_t> values(std::size_t{rows_} * columns_);
    if (!decode_jpeg_lossless(stream, rows_, columns_, 16, values)) return std::nullopt;
    // Beyond the bits that are used there may be anything, which decoders treat in ways of their own.
    const std::uint32_t most = 1U << (bits_.is_signed && bits_.stored < 16 ? bits_.stored - 1 : bits_.stored);
    if (std::any_of(values.begin(), values.end(), [=](std::uint16_t value) { return value >= most; }))
        return std::nullopt;
    return values;
}

GROUNDGLASS_INLINE void frame_source::check(std::uint32_t number) const {
    if (!damage_.empty()) throw format_error(damage_);
    if (number == 0 || number > frames_ || syntax_ == deflated_syntax)
        throw std::invalid_argument("frame_source: frame " + std::to_string(number) + " of " +
                                    std::to_string(frames_));
}

/// Finds the frames, in a file whose lengths `pixel_data_damage` found right.
GROUNDGLASS_INLINE void frame_source::locate(std::istream& file) {
    using namespace detail;
    unsigned char b[8];
    const auto start = static_cast<std::uint64_t>(file.tellg());
    take(file, b, 8);
    const bool wide = syntax_.empty() ? b[4] == 'O' : syntax_ != implicit_little_syntax;
    if (wide) take(file, b + 4, 4);
    encapsulated_ = little(b + 4) == 0xffffffff;
    voxels_ = start + (wide ? 12 : 8);
    if (!encapsulated_) return;
    std::vector<std::uint32_t> table;
    for (bool is_table = true;; is_table = false) {
        take(file, b, 8);
        if (b[2] == 0xdd) break;
        const auto offset = static_cast<std::uint64_t>(file.tellg());
        const auto length = little(b + 4);
        if (is_table)
            table = offsets(file, length);
        else
            fragments_.push_back({offset, length});
        file.seekg(static_cast<std::streamoff>(offset + length));
    }
    if (fragments_.size() == frames_)
        for (std::size_t i = 0; i <= frames_; ++i) first_.push_back(i);
    else if (frames_ == 1 && !fragments_.empty())
        first_ = {0, fragments_.size()};
    else if (!by_table(table) && !by_marker(file))
        damage_ = "its " + counted(fragments_.size(), "piece") +
                  " of compressed voxels do not tell which of its " + std::to_string(frames_) +
                  " frames they belong to";
}

/// The Basic Offset Table; empty where it has not an entry for each frame.
GROUNDGLASS_INLINE std::vector<std::uint32_t> frame_source::offsets(std::istream& file,
                                                                    std::uint32_t length) const {
    if (length != std::uint64_t{frames_} * 4) return {};
    const auto content = detail::bytes_at(file, static_cast<std::uint64_t>(file.tellg()), length);
    std::vector<std::uint32_t> result(frames_);
    for (std::size_t i = 0; i < frames_; ++i)
        result[i] = detail::little(reinterpret_cast<const unsigned char*>(content.data()) + 4 * i);
    return result;
}

/// True where every entry of the table is the place of a fragment, each behind the one before.
GROUNDGLASS_INLINE bool frame_source::by_table(const std::vector<std::uint32_t>& table) {
    if (table.empty() || fragments_.empty() || table.front() != 0) return false;
    std::vector<std::size_t> found;
    std::uint64_t place = 0;
    for (std::size_t i = 0; i < fragments_.size(); ++i) {
        if (found.size() < table.size() && place == table[found.size()]) found.push_back(i);
        place += 8 + std::uint64_t{fragments_[i].length};
    }
    if (found.size() != table.size()) return false;
    found.push_back(fragments_.size());
    first_ = std::move(found);
    return true;
}

/// True where as many fragments as there are frames begin like an image: JPEG, JPEG-LS or JPEG 2000.
GROUNDGLASS_INLINE bool frame_source::by_marker(std::istream& file) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < fragments_.size(); ++i) {
        if (fragments_[i].length < 2) continue;
        const auto start = detail::bytes_at(file, fragments_[i].offset, 2);
        if (start == "\xff\xd8" || start == "\xff\x4f") found.push_back(i);
    }
    if (found.size() != frames_ || found.front() != 0) return false;
    found.push_back(fragments_.size());
    first_ = std::move(found);
    return true;
}

} // namespace groundglass::reading
