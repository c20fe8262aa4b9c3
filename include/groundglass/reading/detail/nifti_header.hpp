#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/reading/detail/volume_header.hpp>
#include <groundglass/reading/nifti_header.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::reading {

namespace detail {

/// Fields of a NIfTI header by their byte, in the file's byte order.
struct nifti_fields {
    std::string_view bytes;
    bool big = false;

    template <class T>
    [[nodiscard]] T at(std::size_t offset) const {
        char raw[sizeof(T)];
        std::memcpy(raw, bytes.data() + offset, sizeof(T));
        if (big != (std::endian::native == std::endian::big)) std::reverse(raw, raw + sizeof(T));
        T value;
        std::memcpy(&value, raw, sizeof(T));
        return value;
    }
};

/// Steps along i, j, k and the place of the first voxel, in RAS and mm: the columns of an affine.
struct affine {
    std::array<volume::vector3, 3> steps{};
    volume::vector3 origin{};

    [[nodiscard]] volume::vector3 at(double i, double j, double k) const {
        volume::vector3 place = origin;
        for (std::size_t c = 0; c < 3; ++c) place[c] += i * steps[0][c] + j * steps[1][c] + k * steps[2][c];
        return place;
    }
    [[nodiscard]] double determinant() const {
        return volume::dot(steps[0], volume::cross(steps[1], steps[2]));
    }
    /// Finite, and its axes span a space.
    [[nodiscard]] bool sound() const {
        for (const auto& v : {steps[0], steps[1], steps[2], origin})
            for (const double x : v)
                if (!std::isfinite(x)) return false;
        const double lengths = std::sqrt(volume::dot(steps[0], steps[0]) * volume::dot(steps[1], steps[1]) *
                                         volume::dot(steps[2], steps[2]));
        return std::abs(determinant()) > 1e-6 * lengths;
    }
};

/// Method 2 of nifti1.h. Nothing where the quaternion is no rotation or a pixdim is not positive.
inline std::optional<affine> qform_of(const volume::vector3& bcd, const volume::vector3& offset,
                                      const volume::vector3& pixdim, double qfac) {
    const auto [b, c, d] = bcd;
    double squares = b * b + c * c + d * d;
    // Written with "not" for NaN. Stored with as few as three decimals, a half turn has squares above 1.
    if (!(squares < 1.01)) return {};
    for (const double size : pixdim)
        if (!(size > 0)) return {};
    const double shrink = squares > 1 ? 1 / std::sqrt(squares) : 1;
    const double x = b * shrink, y = c * shrink, z = d * shrink;
    const double w = std::sqrt(std::max(0.0, 1 - (x * x + y * y + z * z)));
    affine result;
    result.steps[0] = {w * w + x * x - y * y - z * z, 2 * (x * y + w * z), 2 * (x * z - w * y)};
    result.steps[1] = {2 * (x * y - w * z), w * w + y * y - x * x - z * z, 2 * (y * z + w * x)};
    result.steps[2] = {2 * (x * z + w * y), 2 * (y * z - w * x), w * w + z * z - x * x - y * y};
    for (std::size_t axis = 0; axis < 3; ++axis)
        for (double& component : result.steps[axis])
            component *= pixdim[axis] * (axis == 2 && qfac < 0 ? -1 : 1);
    result.origin = offset;
    if (!result.sound()) return {};
    return result;
}

/// The largest distance of a corner's two places.
inline double apart(const affine& a, const affine& b, const std::array<std::uint64_t, 3>& sizes) {
    double worst = 0;
    for (int corner = 0; corner < 8; ++corner) {
        std::array<double, 3> at{};
        for (std::size_t i = 0; i < 3; ++i) at[i] = (corner >> i & 1) ? static_cast<double>(sizes[i]) - 1 : 0;
        const auto p = a.at(at[0], at[1], at[2]), q = b.at(at[0], at[1], at[2]);
        const volume::vector3 off{p[0] - q[0], p[1] - q[1], p[2] - q[2]};
        worst = std::max(worst, std::sqrt(volume::dot(off, off)));
    }
    return worst;
}

/// A distance in a sentence: headers can put two places further apart than a number has digits for.
inline std::string millimetres(double distance) {
    return distance < 1e6 ? decimal(distance, 1) + " mm" : "more than a kilometre";
}

/// Which of the forms says where the voxels lie.
inline affine nifti_affine(const nifti_fields& header, bool second, const std::array<std::uint64_t, 3>& sizes,
                           volume_header& result) {
    const auto real = [&](std::size_t first, std::size_t other, std::size_t i) {
        return second ? header.at<double>(other + 8 * i)
                      : static_cast<double>(header.at<float>(first + 4 * i));
    };
    const auto whole = [&](std::size_t first, std::size_t other) {
        return second ? header.at<std::int32_t>(other) : std::int32_t{header.at<std::int16_t>(first)};
    };
    // The unit of length counts for all that is a length; most programs leave it at mm or unknown.
    const int unit = (second ? header.at<std::int32_t>(500) : std::int32_t{header.at<char>(123)}) & 7;
    const double scale = unit == 1 ? 1000 : unit == 3 ? 0.001 : 1;

    volume::vector3 pixdim{}, bcd{}, offset{};
    affine sform;
    for (std::size_t i = 0; i < 3; ++i) {
        pixdim[i] = scale * real(76, 104, i + 1);
        bcd[i] = real(256, 352, i);
        offset[i] = scale * real(268, 376, i);
        for (std::size_t k = 0; k < 3; ++k) sform.steps[k][i] = scale * real(280 + 16 * i, 400 + 32 * i, k);
        sform.origin[i] = scale * real(280 + 16 * i, 400 + 32 * i, 3);
    }
    const bool has_sform = whole(254, 348) > 0, has_qform = whole(252, 344) > 0;
    const auto qform = has_qform ? qform_of(bcd, offset, pixdim, real(76, 104, 0)) : std::optional<affine>{};
    const auto warn = [&](std::string text) {
        result.remarks.push_back({note_level::warning, "forms_disagree", std::move(text)});
    };
    if (has_sform && sform.sound()) {
        double least = std::numeric_limits<double>::infinity();
        for (const auto& step : sform.steps) least = std::min(least, std::sqrt(volume::dot(step, step)));
        const double off = qform ? apart(sform, *qform, sizes) : 0;
        if (has_qform && !qform)
            warn("The file has two forms that say where its voxels lie; its qform is damaged, the sform was "
                 "taken.");
        else if (qform && off > 0.1 * least)
            warn("The file's sform and qform put its voxels up to " + millimetres(off) + " apart" +
                 ((sform.determinant() > 0) != (qform->determinant() > 0)
                      ? ", mirrored so that left and right change places"
                      : "") +
                 "; the sform was taken.");
        else if (!has_qform)
            for (std::size_t i = 0; i < 3; ++i) {
                const double length = std::sqrt(volume::dot(sform.steps[i], sform.steps[i]));
                const double stretch =
                    std::abs(std::abs(pixdim[i]) - length) * static_cast<double>(sizes[i] - 1);
                if (pixdim[i] == 0 || !(stretch > 0.1 * length)) continue;
                warn("The file's sform and its voxel sizes disagree by up to " + millimetres(stretch) +
                     " along an axis; the sform was taken.");
                break;
            }
        return sform;
    }
    if (qform) {
        if (has_sform)
            warn("The file has two forms that say where its voxels lie; its sform is damaged, the qform was "
                 "taken.");
        return *qform;
    }
    if (has_sform || has_qform)
        throw format_error("its sform and qform span no space: the NIfTI header is damaged");

    // Method 1: sizes alone. Columns to the left as in Analyze files, which nibabel assumes as well.
    assume_orientation(result, "columns to the left, rows to the front and slices to the head are assumed");
    affine assumed;
    for (std::size_t i = 0; i < 3; ++i) {
        const double step = (i == 0 ? -1 : 1) * pixdim[i];
        assumed.steps[i][i] = step;
        assumed.origin[i] = -step * (static_cast<double>(sizes[i]) - 1) / 2;
    }
    for (const double size : pixdim)
        if (!(size > 0))
            throw format_error("its voxel sizes are not positive, so volumes in ml can't be computed; set "
                               "pixdim in the NIfTI header");
    return assumed;
}

} // namespace detail

GROUNDGLASS_INLINE volume_header read_nifti_header(std::string_view start) {
    using namespace std::string_view_literals;
    const format_error damaged("the NIfTI header is damaged or cut off");
    if (start.size() < 348) throw damaged;
    detail::nifti_fields header{start, start[0] == 0};
    const auto size = header.at<std::int32_t>(0);
    if (size != 348 && size != 540) throw damaged;
    const bool second = size == 540;
    if (start.size() < static_cast<std::size_t>(size)) throw damaged;
    const auto magic = second ? start.substr(4, 8) : start.substr(344, 4);
    const bool single = second ? magic == "n+2\0\r\n\x1a\n"sv : magic == "n+1\0"sv;
    if (!single && magic != (second ? "ni2\0\r\n\x1a\n"sv : "ni1\0"sv)) {
        if (magic.starts_with("n+") || magic.starts_with("ni")) throw damaged;
        throw format_error("an Analyze 7.5 image, which does not say left from right; convert it to NIfTI "
                           "with a program that knows how it was made, such as nibabel");
    }

    volume_header result;
    result.pair = !single;
    result.big_endian = header.big;
    const auto dimension = [&](std::size_t i) {
        return second ? header.at<std::int64_t>(16 + 8 * i)
                      : std::int64_t{header.at<std::int16_t>(40 + 2 * i)};
    };
    const auto dimensions = dimension(0);
    if (dimensions < 1 || dimensions > 7) throw damaged;
    std::vector<std::uint64_t> sizes;
    for (std::int64_t i = 1; i <= dimensions; ++i) {
        const auto n = dimension(static_cast<std::size_t>(i));
        if (n < 1)
            throw format_error("an axis of " + std::to_string(n) +
                               " voxels is claimed: the NIfTI header is damaged");
        sizes.push_back(static_cast<std::uint64_t>(n));
    }
    for (std::size_t i = 3; i < sizes.size(); ++i)
        if (sizes[i] != 1) detail::refuse_dimensions(sizes);
    if (sizes.size() < 3) detail::refuse_dimensions(sizes);

    switch (header.at<std::int16_t>(second ? 12 : 70)) {
    case 2:
        result.type = number_type::uint8;
        break;
    case 4:
        result.type = number_type::int16;
        break;
    case 8:
        result.type = number_type::int32;
        break;
    case 16:
        result.type = number_type::float32;
        break;
    case 64:
        result.type = number_type::float64;
        break;
    case 256:
        result.type = number_type::int8;
        break;
    case 512:
        result.type = number_type::uint16;
        break;
    case 768:
        result.type = number_type::uint32;
        break;
    case 1024:
        result.type = number_type::int64;
        break;
    case 1280:
        result.type = number_type::uint64;
        break;
    default:
        throw format_error(
            "a NIfTI image of colours, complex or unknown numbers; a CT has one number a voxel");
    }

    // Voxels of a single file begin behind the header and the four bytes that tell of extensions; 0 means
    // there.
    const double least = single ? size + 4 : 0;
    const double offset = second ? static_cast<double>(header.at<std::int64_t>(168))
                                 : static_cast<double>(header.at<float>(108));
    if (!(offset >= 0 && offset < 1e15 && offset == std::floor(offset)) || (offset > 0 && offset < least))
        throw format_error("its voxels are said to begin inside the header: the NIfTI header is damaged");
    result.offset = static_cast<std::uint64_t>(std::max(offset, least));

    const auto rescale = [&](std::size_t first, std::size_t other) {
        return second ? header.at<double>(other) : static_cast<double>(header.at<float>(first));
    };
    const double slope = rescale(112, 176), intercept = rescale(116, 184);
    // By the standard a slope of 0 means no rescale.
    if (slope != 0 && std::isfinite(slope)) {
        if (!std::isfinite(intercept))
            throw format_error("its rescale has a slope and no intercept: the NIfTI header is damaged");
        result.slope = slope, result.intercept = intercept;
    }

    const std::array<std::uint64_t, 3> three{sizes[0], sizes[1], sizes[2]};
    auto affine = detail::nifti_affine(header, second, three, result);
    for (auto* vector : {affine.steps.data(), &affine.steps[1], &affine.steps[2], &affine.origin})
        (*vector)[0] = 0 - (*vector)[0], (*vector)[1] = 0 - (*vector)[1]; // RAS to LPS, without -0
    result.grid = detail::grid_of_steps(three, affine.steps, affine.origin);
    detail::settle_grid(result);
    return result;
}

} // namespace groundglass::reading
