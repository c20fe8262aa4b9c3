#include <groundglass/reading/jpeg_lossless.hpp>

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

using groundglass::reading::decode_jpeg_lossless;

namespace {

struct picture {
    std::size_t rows, columns;
    unsigned precision;
    std::vector<std::uint16_t> values;
};

/// Soft ramps with noise, and a few values from anywhere, so that all categories of differences occur.
picture noisy(std::size_t rows, std::size_t columns, unsigned precision, unsigned seed) {
    std::mt19937 random(seed);
    const std::uint32_t mask = (1U << precision) - 1;
    picture result{rows, columns, precision, {}};
    for (std::size_t i = 0; i < rows * columns; ++i) {
        const std::uint32_t soft = static_cast<std::uint32_t>(3 * (i % columns) + i / columns) +
                                   static_cast<std::uint32_t>(random() % 7);
        result.values.push_back(static_cast<std::uint16_t>(
            (random() % 50 == 0 ? static_cast<std::uint32_t>(random()) : soft) & mask));
    }
    return result;
}

/// A writer of bits with the zeros after 0xff that the standard asks for, filled up with ones.
struct bit_writer {
    std::string bytes;
    std::uint32_t held = 0;
    unsigned count = 0;

    void put(std::uint32_t value, unsigned bits) {
        for (unsigned i = bits; i-- > 0;) {
            held = held << 1U | (value >> i & 1U);
            if (++count < 8) continue;
            bytes += static_cast<char>(held & 0xffU);
            if ((held & 0xffU) == 0xff) bytes += '\0';
            held = 0, count = 0;
        }
    }
    void finish() {
        while (count != 0) put(1, 1);
    }
};

std::int32_t predicted(const picture& p, std::size_t row, std::size_t column, unsigned predictor) {
    const auto at = [&](std::size_t r, std::size_t c) { return std::int32_t{p.values[r * p.columns + c]}; };
    if (row == 0 && column == 0) return 1 << (p.precision - 1);
    if (row == 0) return at(0, column - 1);
    if (column == 0) return at(row - 1, 0);
    const auto a = at(row, column - 1), b = at(row - 1, column), c = at(row - 1, column - 1);
    const std::array<std::int32_t, 7> all = {
        a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1};
    return all[predictor - 1];
}

/// Codes of 2, 3, … 15, 16, 16 and 16 bits for the categories, so that some are longer than any quick table.
std::string coded(const picture& p, unsigned predictor) {
    std::array<unsigned, 17> length{}, code{};
    std::string counts(16, '\0'), categories;
    unsigned next = 0, before = 2;
    for (unsigned category = 0; category <= 16; ++category) {
        length[category] = std::min(16U, category + 2);
        next <<= length[category] - before;
        before = length[category];
        code[category] = next++;
        ++counts[length[category] - 1];
        categories += static_cast<char>(category);
    }
    const auto pair = [](std::size_t value) {
        return std::string{static_cast<char>(value >> 8U), static_cast<char>(value & 0xffU)};
    };
    std::string result = "\xff\xd8";
    result += std::string("\xff\xfe\0\4hi", 6); // a comment
    result += "\xff\xc4" + pair(2 + 17 + categories.size()) + std::string(1, '\0') + counts + categories;
    result += "\xff\xc3" + pair(11) + static_cast<char>(p.precision) + pair(p.rows) + pair(p.columns) +
              std::string("\1\1\x11\0", 4);
    result +=
        "\xff\xda" + pair(8) + std::string("\1\1\0", 3) + static_cast<char>(predictor) + std::string(2, '\0');
    bit_writer out;
    for (std::size_t row = 0; row < p.rows; ++row)
        for (std::size_t column = 0; column < p.columns; ++column) {
            const auto value = std::int32_t{p.values[row * p.columns + column]};
            auto difference = static_cast<std::int32_t>(
                static_cast<std::int16_t>(value - predicted(p, row, column, predictor)));
            if (difference == -32768) difference = 32768;
            const auto size = static_cast<std::uint32_t>(std::abs(difference));
            const unsigned category = static_cast<unsigned>(std::bit_width(size));
            out.put(code[category], length[category]);
            if (category == 16) continue;
            out.put(difference < 0 ? (1U << category) - 1 - size : size, category);
        }
    out.finish();
    return result + out.bytes + "\xff\xd9";
}

bool decodes(const std::string& stream, const picture& p, unsigned precision = 16) {
    std::vector<std::uint16_t> found(p.values.size());
    return decode_jpeg_lossless(stream, p.rows, p.columns, precision, found) && found == p.values;
}

} // namespace

TEST_CASE("every predictor and precision gives the values back") {
    for (unsigned predictor = 1; predictor <= 7; ++predictor)
        for (const unsigned precision : {2U, 8U, 12U, 15U, 16U}) {
            CAPTURE(predictor);
            CAPTURE(precision);
            const auto p = noisy(37, 53, precision, predictor);
            CHECK(decodes(coded(p, predictor), p));
        }
    const auto line = noisy(1, 500, 12, 3), column = noisy(500, 1, 12, 3);
    CHECK(decodes(coded(line, 4), line));
    CHECK(decodes(coded(column, 7), column));
}

TEST_CASE("what is unusual is left to others") {
    const auto p = noisy(20, 30, 12, 1);
    const auto whole = coded(p, 1);
    REQUIRE(decodes(whole, p, 12));
    CHECK_FALSE(decodes(whole, p, 11)); // more bits than the file says are used
    picture other = p;
    other.rows = 30, other.columns = 20;
    CHECK_FALSE(decodes(whole, other));
    for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(decodes(whole.substr(0, size), p));
    const auto end = whole.size() - 2;
    CHECK_FALSE(decodes(whole.substr(0, end) + "\x12" + whole.substr(end), p)); // a byte too many
    CHECK_FALSE(decodes(whole.substr(0, end - 3) + whole.substr(end), p));      // and some too few
    CHECK(decodes(whole + std::string(1, '\0'), p));                            // DICOM pads after EOI
    const auto changed = [&](std::size_t behind, std::size_t at, char value) {
        auto result = whole;
        result[whole.find(std::string("\xff") + static_cast<char>(behind)) + at] = value;
        return result;
    };
    CHECK_FALSE(decodes(changed(0xc3, 9, '\3'), p));   // components
    CHECK_FALSE(decodes(changed(0xc3, 1, '\xc1'), p)); // another process
    CHECK_FALSE(decodes(changed(0xda, 7, '\0'), p));   // no predictor
    CHECK_FALSE(decodes(changed(0xda, 9, '\1'), p));   // a point transform
    CHECK_FALSE(decodes(changed(0xda, 6, '\x10'), p)); // a table that is not there
    CHECK_FALSE(decodes(changed(0xc4, 1, '\xdd'), p)); // restarts in place of a table
}

TEST_CASE("no stream of any bytes does harm") {
    const auto p = noisy(16, 16, 12, 9);
    const auto whole = coded(p, 5);
    std::mt19937 random(4);
    std::vector<std::uint16_t> found(p.values.size());
    for (int i = 0; i < 3000; ++i) {
        auto stream = whole;
        for (int k = 0; k < 3; ++k) stream[random() % stream.size()] = static_cast<char>(random());
        (void)decode_jpeg_lossless(stream, p.rows, p.columns, 16, found);
    }
    CHECK(found.size() == 256);
}
