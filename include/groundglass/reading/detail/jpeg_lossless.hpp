#pragma once

#include <groundglass/config.hpp>
#include <groundglass/reading/jpeg_lossless.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace groundglass::reading {

namespace detail {

/// Codes of the categories of differences, by the next bits of the stream.
class huffman_table {
public:
    /// Of a DHT segment's 16 counts and the categories in the order of their codes. Nothing where the codes
    /// do not fit into their lengths or a category is above 16.
    [[nodiscard]] static std::optional<huffman_table> of(std::string_view counts,
                                                         std::string_view categories) {
        huffman_table table;
        std::uint32_t code = 0;
        std::size_t next = 0;
        for (unsigned length = 1; length <= 16; ++length, code <<= 1U)
            for (auto left = static_cast<unsigned char>(counts[length - 1]); left > 0;
                 --left, ++code, ++next) {
                const auto category = static_cast<unsigned char>(categories[next]);
                if (code >= (1U << length) - 1 || category > 16) return std::nullopt; // all ones is no code
                table.add(code, length, category);
            }
        return table;
    }

    /// What the next bits of a stream, at the top of `ahead`, are. 32 bits are enough.
    struct found {
        std::int32_t difference; ///< modulo 65536
        unsigned used;           ///< bits; 0 for what is no code
    };
    [[nodiscard]] found next(std::uint64_t ahead) const {
        const std::uint32_t entry = entries_[static_cast<std::size_t>(ahead >> (64 - quick_bits))];
        if ((entry & whole) != 0) [[likely]]
            return {static_cast<std::int32_t>(entry) >> 16, entry & 0xffU};
        return slow(ahead, entry);
    }

private:
    static constexpr unsigned quick_bits = 12;
    /// Of an entry, whose low byte are bits used: the difference, in the high half, is among them; else the
    /// code alone is, of the category in the high half.
    static constexpr std::uint32_t whole = 0x100;

    struct longer {
        std::uint32_t code;
        unsigned length, category;
    };

    [[nodiscard]] found slow(std::uint64_t ahead, std::uint32_t entry) const {
        unsigned length = entry & 0xffU, category = entry >> 16U;
        if (length == 0) { // a longer code, or none
            const auto bits = static_cast<std::uint32_t>(ahead >> 48U);
            for (const longer& code : longer_)
                if (bits >> (16 - code.length) == code.code) length = code.length, category = code.category;
            if (length == 0) return {0, 0};
        }
        return {difference(ahead << length, category), length + (category == 16 ? 0 : category)};
    }

    /// The difference whose `category` bits are at the top: a value whose first bit is 0 is negative.
    [[nodiscard]] static std::int32_t difference(std::uint64_t ahead, unsigned category) {
        if (category == 0) return 0;
        if (category == 16) return 32768;
        const auto bits = static_cast<std::int32_t>(ahead >> (64 - category));
        return bits < 1 << (category - 1) ? bits - (1 << category) + 1 : bits;
    }

    void add(std::uint32_t code, unsigned length, unsigned category) {
        if (length > quick_bits) {
            longer_.push_back({code, length, category});
            return;
        }
        const unsigned free = quick_bits - length;
        const unsigned extra = category == 16 ? 0 : category;
        for (std::uint32_t rest = 0; rest < 1U << free; ++rest) {
            const std::uint32_t bits = code << free | rest;
            std::uint32_t& entry = entries_[bits];
            entry = category << 16U | length;
            if (extra > free) continue;
            const auto value = difference(std::uint64_t{bits} << (64 - quick_bits) << length, category);
            entry = static_cast<std::uint32_t>(value) << 16U | whole | (length + extra);
        }
    }

    std::vector<std::uint32_t> entries_ = std::vector<std::uint32_t>(std::size_t{1} << quick_bits);
    std::vector<longer> longer_;
};

/// What the segments before the coded values say.
struct lossless_frame {
    std::size_t rows = 0, columns = 0;
    unsigned precision = 0, predictor = 0;
    std::array<std::optional<huffman_table>, 4> tables;
    std::size_t table = 0; ///< the one that is used
    std::size_t coded = 0; ///< where the coded values begin
};

inline unsigned big_pair(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) << 8U |
           static_cast<unsigned char>(bytes[at + 1]);
}

/// The tables of a DHT segment; false for a damaged one.
inline bool take_tables(std::string_view segment, lossless_frame& frame) {
    while (!segment.empty()) {
        if (segment.size() < 17) return false;
        const auto place = static_cast<unsigned char>(segment[0]);
        std::size_t categories = 0;
        for (std::size_t i = 1; i <= 16; ++i) categories += static_cast<unsigned char>(segment[i]);
        if (place > 3 || segment.size() < 17 + categories) return false;
        frame.tables[place] = huffman_table::of(segment.substr(1, 16), segment.substr(17, categories));
        if (!frame.tables[place]) return false;
        segment.remove_prefix(17 + categories);
    }
    return true;
}

/// Everything up to the coded values of a frame of one component without restarts and point transform.
inline std::optional<lossless_frame> lossless_frame_of(std::string_view stream) {
    if (stream.substr(0, 2) != "\xff\xd8") return std::nullopt;
    lossless_frame frame;
    unsigned component = 0;
    for (std::size_t at = 2; at + 4 <= stream.size();) {
        if (stream[at] != '\xff') return std::nullopt;
        const auto marker = static_cast<unsigned char>(stream[at + 1]);
        const std::size_t length = big_pair(stream, at + 2);
        if (length < 2 || at + 2 + length > stream.size()) return std::nullopt;
        const auto segment = stream.substr(at + 4, length - 2);
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(segment[i]); };
        at += 2 + length;
        switch (marker) {
        case 0xc3: // SOF3: lossless, Huffman
            if (segment.size() != 9 || byte(5) != 1 || byte(7) != 0x11 || frame.precision != 0)
                return std::nullopt;
            frame.precision = byte(0);
            frame.rows = big_pair(segment, 1);
            frame.columns = big_pair(segment, 3);
            component = byte(6);
            break;
        case 0xc4: // DHT
            if (!take_tables(segment, frame)) return std::nullopt;
            break;
        case 0xda: // SOS
            if (segment.size() != 6 || byte(0) != 1 || byte(1) != component || byte(4) != 0 || byte(5) != 0)
                return std::nullopt;
            frame.table = byte(2) >> 4U;
            frame.predictor = byte(3);
            frame.coded = at;
            if (frame.precision < 2 || frame.precision > 16 || frame.predictor < 1 || frame.predictor > 7 ||
                frame.table > 3 || !frame.tables[frame.table])
                return std::nullopt;
            return frame;
        case 0xfe: // COM
            break;
        default:
            if (marker < 0xe0 || marker > 0xef) return std::nullopt; // but for APP0 to APP15
        }
    }
    return std::nullopt;
}

/// Zeros behind the coded bytes, for reading ahead.
inline constexpr std::size_t spare_bytes = 16;

/// The coded bytes without the zeros that follow each 0xff among them; nothing where they do not end with
/// EOI. `spare_bytes` follow them.
inline std::optional<std::vector<unsigned char>> unstuffed(std::string_view coded) {
    std::vector<unsigned char> bytes(coded.size() + spare_bytes);
    std::size_t size = 0;
    for (std::size_t at = 0;;) {
        const void* mark =
            at < coded.size() ? std::memchr(coded.data() + at, 0xff, coded.size() - at) : nullptr;
        if (mark == nullptr) return std::nullopt;
        const auto place = static_cast<std::size_t>(static_cast<const char*>(mark) - coded.data());
        if (place + 1 == coded.size()) return std::nullopt;
        std::memcpy(bytes.data() + size, coded.data() + at, place - at);
        size += place - at;
        if (const auto next = static_cast<unsigned char>(coded[place + 1]); next == 0xd9)
            break;
        else if (next != 0)
            return std::nullopt;
        bytes[size++] = 0xff;
        at = place + 2;
    }
    bytes.resize(size);
    bytes.resize(size + spare_bytes);
    return bytes;
}

/// Reads differences one after the other, from bits that are loaded some bytes at a time.
class difference_reader {
public:
    difference_reader(const std::vector<unsigned char>& bytes, const huffman_table& table)
        : next_(bytes.data()), end_(bytes.data() + bytes.size() - spare_bytes), table_(table) {}

    /// Anything once there was an error.
    [[nodiscard]] std::int32_t operator()() {
        if (held_ < 32) load();
        const auto found = table_.next(bits_);
        if (found.used == 0) [[unlikely]]
            wrong_ = true;
        bits_ <<= found.used;
        held_ -= found.used;
        return found.difference;
    }
    /// Whether all was right so far.
    [[nodiscard]] bool right() const {
        return !wrong_ && 8 * (end_ - next_) + static_cast<std::ptrdiff_t>(held_) >= 0;
    }
    /// And what is left is less than a byte.
    [[nodiscard]] bool at_end() const {
        return right() && 8 * (end_ - next_) + static_cast<std::ptrdiff_t>(held_) < 8;
    }

private:
    void load() {
        if (next_ > end_ + spare_bytes - 8) { // far behind the last byte
            wrong_ = true;
            next_ = end_;
        }
        std::uint64_t ahead = 0; // big-endian, which compilers make one instruction of
        for (std::size_t i = 0; i < 8; ++i) ahead = ahead << 8U | next_[i];
        bits_ |= ahead >> held_;
        const unsigned bytes = (63 - held_) / 8;
        next_ += bytes;
        held_ += 8 * bytes;
    }

    const unsigned char* next_;
    const unsigned char* end_;
    const huffman_table& table_;
    std::uint64_t bits_ = 0; ///< from the top: those that are held, and perhaps some of the byte that is next
    unsigned held_ = 0;
    bool wrong_ = false;
};

/// A value by those to the left, above, and above to the left (T.81, table H.1).
template <unsigned predictor>
[[nodiscard]] std::int32_t predicted(std::int32_t left, std::int32_t above, std::int32_t corner) {
    if constexpr (predictor == 1) return left;
    if constexpr (predictor == 2) return above;
    if constexpr (predictor == 3) return corner;
    if constexpr (predictor == 4) return left + above - corner;
    if constexpr (predictor == 5) return left + ((above - corner) >> 1);
    if constexpr (predictor == 6) return above + ((left - corner) >> 1);
    return (left + above) >> 1;
}

template <unsigned predictor>
bool decode_values(difference_reader read, const lossless_frame& frame, std::uint16_t* line) {
    const auto kept = [](std::int32_t value) { return static_cast<std::uint16_t>(value & 0xffff); };
    for (std::size_t row = 0; row < frame.rows; ++row, line += frame.columns) {
        const std::uint16_t* above = line - frame.columns;
        std::int32_t left = kept((row == 0 ? 1 << (frame.precision - 1) : above[0]) + read());
        line[0] = static_cast<std::uint16_t>(left);
        if (row == 0 || predictor == 1)
            for (std::size_t i = 1; i < frame.columns; ++i)
                line[i] = static_cast<std::uint16_t>(left = kept(left + read()));
        else
            for (std::size_t i = 1; i < frame.columns; ++i)
                line[i] = static_cast<std::uint16_t>(
                    left = kept(predicted<predictor>(left, above[i], above[i - 1]) + read()));
        if (!read.right()) return false;
    }
    return read.at_end();
}

} // namespace detail

GROUNDGLASS_INLINE bool decode_jpeg_lossless(std::string_view stream, std::size_t rows, std::size_t columns,
                                             unsigned precision, std::span<std::uint16_t> values) {
    const auto frame = detail::lossless_frame_of(stream);
    if (!frame || frame->rows != rows || frame->columns != columns || frame->precision > precision ||
        rows == 0 || columns == 0 || values.size() != rows * columns)
        return false;
    const auto bytes = detail::unstuffed(stream.substr(frame->coded));
    if (!bytes) return false;
    const detail::difference_reader read(*bytes, *frame->tables[frame->table]);
    using decoder = bool (*)(detail::difference_reader, const detail::lossless_frame&, std::uint16_t*);
    constexpr std::array<decoder, 7> decoders = {detail::decode_values<1>, detail::decode_values<2>,
                                                 detail::decode_values<3>, detail::decode_values<4>,
                                                 detail::decode_values<5>, detail::decode_values<6>,
                                                 detail::decode_values<7>};
    return decoders[frame->predictor - 1](read, *frame, values.data());
}

} // namespace groundglass::reading
