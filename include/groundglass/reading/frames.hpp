#pragma once

#include <groundglass/error.hpp>
#include <groundglass/reading/pixel_data.hpp>

#include <stdexcept>
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
                 pixel_bits bits)
        : rows_(header.rows), columns_(header.columns), frames_(header.number_of_frames),
          allocated_(header.bits_allocated), syntax_(transfer_syntax), bits_(bits) {
        const auto start = file.tellg();
        damage_ = pixel_data_damage(file, header, transfer_syntax);
        if (!damage_.empty() || transfer_syntax == deflated) return;
        file.clear();
        file.seekg(start);
        locate(file);
    }

    /// What is wrong with the voxels, as `slice_header::damage` says it; empty when nothing is.
    [[nodiscard]] const std::string& damage() const { return damage_; }

    /// The bytes of a DICOM file that holds frame `number`, from 1, alone: its stored values, without
    /// rescale, place or name. Throws `format_error` for a damaged file and one that has become shorter,
    /// `std::invalid_argument` for a frame that the file has not.
    [[nodiscard]] std::string single(std::istream& file, std::uint32_t number) const {
        if (!damage_.empty()) throw format_error(damage_);
        if (number == 0 || number > frames_ || syntax_ == deflated)
            throw std::invalid_argument("frame_source: frame " + std::to_string(number) + " of " +
                                        std::to_string(frames_));
        const std::string_view one = encapsulated_ ? std::string_view(syntax_) : explicit_little;
        std::string result = std::string(128, '\0') + "DICM";
        std::string meta;
        put(meta, 0x00020001, "OB", std::string_view("\0\1", 2));
        put(meta, 0x00020002, "UI", detail::ct_image_class);
        put(meta, 0x00020003, "UI", "2.25.1");
        put(meta, 0x00020010, "UI", one);
        put(result, 0x00020000, "UL", bytes(static_cast<std::uint32_t>(meta.size()), 4));
        result += meta;
        put(result, 0x00080016, "UI", detail::ct_image_class);
        put(result, 0x00080018, "UI", "2.25.1");
        put(result, 0x00080060, "CS", "CT");
        put(result, 0x00280002, "US", bytes(1, 2));
        put(result, 0x00280004, "CS", "MONOCHROME2");
        put(result, 0x00280010, "US", bytes(rows_, 2));
        put(result, 0x00280011, "US", bytes(columns_, 2));
        put(result, 0x00280100, "US", bytes(allocated_, 2));
        put(result, 0x00280101, "US", bytes(bits_.stored, 2));
        put(result, 0x00280102, "US", bytes(bits_.high, 2));
        put(result, 0x00280103, "US", bytes(bits_.is_signed ? 1 : 0, 2));
        if (encapsulated_) {
            put(result, pixel_data, "OB", {}, 0xffffffff);
            result += bytes(item, 4) + bytes(0, 4);
            for (std::size_t i = first_[number - 1]; i < first_[number]; ++i)
                result += bytes(item, 4) + bytes(fragments_[i].length, 4) +
                          read(file, fragments_[i].offset, fragments_[i].length);
            result += bytes(sequence_end, 4) + bytes(0, 4);
        } else {
            const auto size = frame_bytes();
            auto values = read(file, voxels_ + (number - 1) * size, size);
            if (syntax_ == explicit_big)
                for (std::size_t i = 0, word = word_bytes(); i + word <= values.size(); i += word)
                    std::reverse(values.begin() + static_cast<std::ptrdiff_t>(i),
                                 values.begin() + static_cast<std::ptrdiff_t>(i + word));
            put(result, pixel_data, "OW", values);
        }
        return result;
    }

private:
    struct fragment {
        std::uint64_t offset = 0;
        std::uint32_t length = 0;
    };

    static constexpr std::string_view explicit_little = "1.2.840.10008.1.2.1",
                                      implicit_little = "1.2.840.10008.1.2",
                                      explicit_big = "1.2.840.10008.1.2.2",
                                      deflated = "1.2.840.10008.1.2.1.99";
    // Group and element swapped, as they lie in a little-endian file.
    static constexpr std::uint32_t pixel_data = 0x7fe00010, item = 0xe000fffe, sequence_end = 0xe0ddfffe;

    [[nodiscard]] std::size_t word_bytes() const { return (allocated_ + 7) / 8; }
    [[nodiscard]] std::uint64_t frame_bytes() const { return std::uint64_t{rows_} * columns_ * word_bytes(); }

    static std::string bytes(std::uint32_t value, std::size_t count) {
        std::string result;
        for (std::size_t i = 0; i < count; ++i) result += static_cast<char>(value >> 8 * i & 0xff);
        return result;
    }

    /// An explicit little-endian element, padded to an even length; `length` where it is not the value's.
    static void put(std::string& out, std::uint32_t tag, std::string_view vr, std::string_view value,
                    std::optional<std::uint32_t> length = {}) {
        const bool odd = value.size() % 2 == 1;
        const auto claimed = length.value_or(static_cast<std::uint32_t>(value.size() + odd));
        out += bytes(tag >> 16, 2) + bytes(tag & 0xffff, 2);
        out += vr;
        out += vr[0] == 'O' ? bytes(0, 2) + bytes(claimed, 4) : bytes(claimed, 2);
        out += value;
        if (odd) out += vr == "CS" ? ' ' : '\0';
    }

    static std::string read(std::istream& file, std::uint64_t offset, std::uint64_t length) {
        std::string result(length, '\0');
        file.clear();
        file.seekg(static_cast<std::streamoff>(offset));
        if (!file.read(result.data(), static_cast<std::streamsize>(length)))
            throw format_error("its voxels are cut off");
        return result;
    }

    /// Finds the frames, in a file whose lengths `pixel_data_damage` found right.
    void locate(std::istream& file) {
        unsigned char b[8];
        const auto start = static_cast<std::uint64_t>(file.tellg());
        detail::take(file, b, 8);
        const bool wide = syntax_.empty() ? b[4] == 'O' : syntax_ != implicit_little;
        if (wide) detail::take(file, b + 4, 4);
        encapsulated_ = detail::little(b + 4) == 0xffffffff;
        voxels_ = start + (wide ? 12 : 8);
        if (!encapsulated_) return;
        std::vector<std::uint32_t> table;
        for (bool is_table = true;; is_table = false) {
            detail::take(file, b, 8);
            if (b[2] == 0xdd) break;
            const auto offset = static_cast<std::uint64_t>(file.tellg());
            const auto length = detail::little(b + 4);
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
            damage_ = "its " + detail::counted(fragments_.size(), "piece") +
                      " of compressed voxels do not tell which of its " + std::to_string(frames_) +
                      " frames they belong to";
    }

    /// The Basic Offset Table; empty where it has not an entry for each frame.
    [[nodiscard]] std::vector<std::uint32_t> offsets(std::istream& file, std::uint32_t length) const {
        if (length != std::uint64_t{frames_} * 4) return {};
        const auto content = read(file, static_cast<std::uint64_t>(file.tellg()), length);
        std::vector<std::uint32_t> result(frames_);
        for (std::size_t i = 0; i < frames_; ++i)
            result[i] = detail::little(reinterpret_cast<const unsigned char*>(content.data()) + 4 * i);
        return result;
    }

    /// True where every entry of the table is the place of a fragment, each behind the one before.
    bool by_table(const std::vector<std::uint32_t>& table) {
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
    bool by_marker(std::istream& file) {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < fragments_.size(); ++i) {
            if (fragments_[i].length < 2) continue;
            const auto start = read(file, fragments_[i].offset, 2);
            if (start == "\xff\xd8" || start == "\xff\x4f") found.push_back(i);
        }
        if (found.size() != frames_ || found.front() != 0) return false;
        found.push_back(fragments_.size());
        first_ = std::move(found);
        return true;
    }

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
