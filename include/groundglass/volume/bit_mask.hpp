#pragma once

#include <groundglass/array.hpp>
#include <groundglass/wide.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::volume {

/// A yes or no for each voxel, one bit each: a 150 x 512 x 512 mask takes 4.9 MB, and the set operations, the
/// morphology and the components below work on 64 voxels at a time.
/// Each row starts in a word of its own; the unused bits behind a row's last column are always 0.
class bit_mask {
public:
    using word = std::uint64_t;
    static constexpr std::size_t bits = 64;

    bit_mask() = default;

    /// An empty mask over a grid of `(slices, rows, columns)`.
    explicit bit_mask(const shape3& shape)
        : shape_(shape), words_per_row_((shape[2] + bits - 1) / bits),
          words_(shape[0] * shape[1] * words_per_row_) {}

    friend bool operator==(const bit_mask&, const bit_mask&) = default;

    [[nodiscard]] const shape3& shape() const { return shape_; }
    [[nodiscard]] std::size_t words_per_row() const { return words_per_row_; }

    [[nodiscard]] bool test(std::size_t slice, std::size_t row, std::size_t column) const {
        return ((this->row(slice, row)[column / bits] >> (column % bits)) & 1U) != 0;
    }
    void set(std::size_t slice, std::size_t row, std::size_t column) {
        this->row(slice, row)[column / bits] |= word{1} << (column % bits);
    }

    /// Sets the columns `[begin, end)` of a row.
    void set(std::size_t slice, std::size_t row, std::size_t begin, std::size_t end) {
        if (begin >= end) return;
        auto words = this->row(slice, row);
        const std::size_t first = begin / bits;
        const std::size_t last = (end - 1) / bits;
        const word head = ~word{0} << (begin % bits);
        const word tail = ~word{0} >> (bits - 1 - (end - 1) % bits);
        if (first == last) {
            words[first] |= head & tail;
            return;
        }
        words[first] |= head;
        for (std::size_t i = first + 1; i < last; ++i) words[i] = ~word{0};
        words[last] |= tail;
    }

    /// The words of a row; column `c` is bit `c % 64` of word `c / 64`.
    [[nodiscard]] std::span<const word> row(std::size_t slice, std::size_t row) const {
        return {words_.data() + (slice * shape_[1] + row) * words_per_row_, words_per_row_};
    }
    [[nodiscard]] std::span<word> row(std::size_t slice, std::size_t row) {
        return {words_.data() + (slice * shape_[1] + row) * words_per_row_, words_per_row_};
    }
    [[nodiscard]] std::span<const word> words() const { return words_; }
    [[nodiscard]] std::span<word> words() { return words_; }

    [[nodiscard]] bool empty() const {
        return std::all_of(words_.begin(), words_.end(), [](word w) { return w == 0; });
    }
    /// How many voxels are set.
    [[nodiscard]] std::size_t count() const {
        std::size_t result = 0;
        for (const word w : words_) result += static_cast<std::size_t>(std::popcount(w));
        return result;
    }

    bit_mask& operator|=(const bit_mask& other) {
        return combine(other, [](word a, word b) { return a | b; });
    }
    bit_mask& operator&=(const bit_mask& other) {
        return combine(other, [](word a, word b) { return a & b; });
    }
    /// Takes the other's voxels away.
    bit_mask& operator-=(const bit_mask& other) {
        return combine(other, [](word a, word b) { return a & ~b; });
    }
    /// Sets what was not set, and the other way round.
    void flip() {
        for (word& w : words_) w = ~w;
        const std::size_t used = shape_[2] % bits;
        if (used == 0) return;
        const word tail = ~word{0} >> (bits - used);
        for (std::size_t i = words_per_row_; i <= words_.size(); i += words_per_row_) words_[i - 1] &= tail;
    }

private:
    template <class F>
    bit_mask& combine(const bit_mask& other, F f) {
        if (other.shape_ != shape_) throw std::invalid_argument("bit_mask: the masks have different shapes");
        for (std::size_t i = 0; i < words_.size(); ++i) words_[i] = f(words_[i], other.words_[i]);
        return *this;
    }

    shape3 shape_{};
    std::size_t words_per_row_ = 0;
    std::vector<word> words_;
};

[[nodiscard]] inline bit_mask operator|(bit_mask a, const bit_mask& b) { return a |= b, a; }
[[nodiscard]] inline bit_mask operator&(bit_mask a, const bit_mask& b) { return a &= b, a; }
[[nodiscard]] inline bit_mask operator-(bit_mask a, const bit_mask& b) { return a -= b, a; }
[[nodiscard]] inline bit_mask operator~(bit_mask a) { return a.flip(), a; }

namespace detail {

/// Bytes of 0 and 1 as bits.
[[nodiscard]] inline bit_mask::word packed(const std::array<std::uint8_t, bit_mask::bits>& bytes) {
    bit_mask::word result = 0;
    for (std::size_t k = 0; k < bytes.size(); k += 8) {
        bit_mask::word eight = 0;
        for (std::size_t i = 0; i < 8; ++i) eight |= bit_mask::word{bytes[k + i]} << (8 * i);
        result |= ((eight * 0x0102040810204080U) >> 56U) << k; // gathers the eight in the top byte
    }
    return result;
}

} // namespace detail

/// The voxels for which `predicate(value)` holds.
template <class T, class Predicate>
[[nodiscard]] bit_mask mask_where(const array3<T>& volume, Predicate predicate) {
    bit_mask result(shape_of(volume));
    const std::size_t columns = result.shape()[2];
    if (columns == 0) return result;
    wide([value = flat(volume).data(), word = result.words().data(), columns,
          rows = result.shape()[0] * result.shape()[1], &predicate]() mutable {
        for (std::size_t row = 0; row < rows; ++row)
            for (std::size_t begin = 0; begin < columns; begin += bit_mask::bits) {
                const std::size_t n = std::min(bit_mask::bits, columns - begin);
                std::array<std::uint8_t, bit_mask::bits> hits{}; // bytes first, which vectorises
                if (n == bit_mask::bits)
                    for (std::size_t i = 0; i < bit_mask::bits; ++i) hits[i] = predicate(value[i]) ? 1 : 0;
                else
                    for (std::size_t i = 0; i < n; ++i) hits[i] = predicate(value[i]) ? 1 : 0;
                *word++ = detail::packed(hits);
                value += n;
            }
    });
    return result;
}

/// How many of the columns `[begin, end)` of a row are set.
[[nodiscard]] inline std::size_t count_in(std::span<const bit_mask::word> row, std::size_t begin,
                                          std::size_t end) {
    constexpr std::size_t bits = bit_mask::bits;
    std::size_t result = 0;
    for (std::size_t i = begin / bits; i * bits < end; ++i) {
        bit_mask::word w = row[i];
        if (i == begin / bits) w &= ~bit_mask::word{0} << (begin % bits);
        if (end - i * bits < bits) w &= ~bit_mask::word{0} >> (bits - (end - i * bits));
        result += static_cast<std::size_t>(std::popcount(w));
    }
    return result;
}

/// The part of a mask or volume that starts at voxel `first` and has `shape`. A mask's first column must be a
/// multiple of 64, so that whole words are copied.
[[nodiscard]] inline bit_mask crop(const bit_mask& mask, const shape3& first, const shape3& shape) {
    if (first[2] % bit_mask::bits != 0)
        throw std::invalid_argument("crop: the first column must be a multiple of 64, found " +
                                    std::to_string(first[2]));
    bit_mask result(shape);
    for (std::size_t slice = 0; slice < shape[0]; ++slice)
        for (std::size_t row = 0; row < shape[1]; ++row)
            std::copy_n(mask.row(slice + first[0], row + first[1]).data() + first[2] / bit_mask::bits,
                        result.words_per_row(), result.row(slice, row).data());
    result.flip(); // clears the bits behind the last column
    result.flip();
    return result;
}
template <class T>
[[nodiscard]] array3<T> crop(const array3<T>& volume, const shape3& first, const shape3& shape) {
    array3<T> result(typename array3<T>::shape_type{shape[0], shape[1], shape[2]});
    T* to = flat(result).data();
    for (std::size_t s = 0; s < shape[0]; ++s)
        for (std::size_t r = 0; r < shape[1]; ++r, to += shape[2])
            std::copy_n(flat(volume).data() +
                            ((s + first[0]) * volume.shape()[1] + r + first[1]) * volume.shape()[2] +
                            first[2],
                        shape[2], to);
    return result;
}

/// Calls `f(begin, end)` for each run of set columns `[begin, end)` of a row, from left to right.
template <class F>
void for_each_run(std::span<const bit_mask::word> row, F f) {
    constexpr std::size_t bits = bit_mask::bits;
    std::size_t begin = 0;
    bool open = false;
    for (std::size_t i = 0; i < row.size(); ++i) {
        // Looks for the next change; inside a run the inverted word shows its end.
        bit_mask::word rest = open ? ~row[i] : row[i];
        std::size_t at = 0;
        while (rest != 0) {
            const auto skip = static_cast<std::size_t>(std::countr_zero(rest));
            at += skip;
            if (open)
                f(begin, i * bits + at);
            else
                begin = i * bits + at;
            open = !open;
            rest = ~(rest >> skip);
            rest &= ~bit_mask::word{0} >> at; // what was shifted in is no change
        }
    }
    if (open) f(begin, row.size() * bits);
}

/// Calls `f(slice, row, begin, end)` for each run of a mask in storage order.
template <class F>
void for_each_run(const bit_mask& mask, F f) {
    for (std::size_t slice = 0; slice < mask.shape()[0]; ++slice)
        for (std::size_t row = 0; row < mask.shape()[1]; ++row)
            for_each_run(mask.row(slice, row),
                         [&](std::size_t begin, std::size_t end) { f(slice, row, begin, end); });
}

/// Writes `value` into the volume wherever the mask is set; the mask's voxel 0 is the volume's voxel `first`.
template <class T>
void paint(array3<T>& volume, const bit_mask& mask, T value, const shape3& first = {}) {
    const auto& shape = volume.shape();
    for (std::size_t axis = 0; axis < 3; ++axis)
        if (first[axis] + mask.shape()[axis] > shape[axis])
            throw std::invalid_argument("paint: the mask does not fit into the volume");
    for_each_run(mask, [&](std::size_t slice, std::size_t row, std::size_t begin, std::size_t end) {
        T* line =
            flat(volume).data() + ((slice + first[0]) * shape[1] + row + first[1]) * shape[2] + first[2];
        std::fill(line + begin, line + end, value);
    });
}

} // namespace groundglass::volume

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
using bit_mask [[deprecated("groundglass::volume::bit_mask")]] = volume::bit_mask;
using volume::count_in;
using volume::crop;
using volume::for_each_run;
using volume::mask_where;
using volume::paint;
} // namespace groundglass
#endif
