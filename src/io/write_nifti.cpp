#include "write_nifti.hpp"

#include <groundglass/reading/ct_grid.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <ios>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

namespace groundglass::io::detail {

namespace {

template <class T>
void put(std::string& header, std::size_t at, T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    if constexpr (std::endian::native == std::endian::big) std::reverse(bytes, bytes + sizeof(T));
    header.replace(at, sizeof(T), bytes, sizeof(T));
}

/// b, c, d of the quaternion whose a is not negative; the columns of the rotation are `x`, `y` and `z`. The
/// largest of the four divisors keeps it exact (Shepperd 1978).
std::array<double, 3> quaternion(const volume::vector3& x, const volume::vector3& y,
                                 const volume::vector3& z) {
    const double trace = x[0] + y[1] + z[2];
    const std::array<double, 4> squares{1 + trace, 1 + 2 * x[0] - trace, 1 + 2 * y[1] - trace,
                                        1 + 2 * z[2] - trace};
    const auto largest =
        static_cast<std::size_t>(std::max_element(squares.begin(), squares.end()) - squares.begin());
    const double root = std::sqrt(squares[largest]), half = 0.5 / root;
    const std::array<double, 3> skew{y[2] - z[1], z[0] - x[2], x[1] - y[0]};
    if (largest == 0) return {skew[0] * half, skew[1] * half, skew[2] * half};
    const double xy = (x[1] + y[0]) * half, xz = (x[2] + z[0]) * half, yz = (y[2] + z[1]) * half;
    std::array<double, 3> bcd = largest == 1   ? std::array{root / 2, xy, xz}
                                : largest == 2 ? std::array{xy, root / 2, yz}
                                               : std::array{xz, yz, root / 2};
    if (skew[largest - 1] < 0)
        for (double& component : bcd) component = -component;
    return bcd;
}

/// The header of uint8 voxels. The sform holds any grid; the qform holds it where its axes are perpendicular,
/// and is not coded elsewhere.
std::string header_of(const volume::geometry& grid) {
    std::string header(352, '\0');
    put<std::int32_t>(header, 0, 348);
    put<std::int16_t>(header, 40, 3);
    std::array<volume::vector3, 3> axes{}; // of i, j and k, in RAS
    volume::vector3 origin{-grid.origin_mm[0], -grid.origin_mm[1], grid.origin_mm[2]};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto& direction = grid.direction[2 - i];
        axes[i] = {-direction[0], -direction[1], direction[2]};
        put(header, 42 + 2 * i, static_cast<std::int16_t>(grid.shape[2 - i]));
        put(header, 80 + 4 * i, static_cast<float>(grid.spacing_mm[2 - i]));
    }
    for (std::size_t i = 4; i < 8; ++i) put<std::int16_t>(header, 40 + 2 * i, 1);
    put<std::int16_t>(header, 70, 2); // uint8
    put<std::int16_t>(header, 72, 8);
    put(header, 108, 352.0F);
    put(header, 112, 1.0F);
    header[123] = 2; // mm
    const bool mirrored = volume::dot(axes[0], volume::cross(axes[1], axes[2])) < 0;
    put(header, 76, mirrored ? -1.0F : 1.0F);
    if (reading::shear_degrees(grid) < 0.001) {
        put<std::int16_t>(header, 252, 1);
        auto z = axes[2];
        if (mirrored) z = {-z[0], -z[1], -z[2]};
        const auto bcd = quaternion(axes[0], axes[1], z);
        for (std::size_t i = 0; i < 3; ++i) {
            put(header, 256 + 4 * i, static_cast<float>(bcd[i]));
            put(header, 268 + 4 * i, static_cast<float>(origin[i]));
        }
    }
    put<std::int16_t>(header, 254, 1);
    for (std::size_t row = 0; row < 3; ++row) {
        for (std::size_t i = 0; i < 3; ++i)
            put(header, 280 + 16 * row + 4 * i, static_cast<float>(axes[i][row] * grid.spacing_mm[2 - i]));
        put(header, 292 + 16 * row, static_cast<float>(origin[row]));
    }
    header.replace(344, 4, "n+1", 4);
    return header;
}

struct close_gz {
    void operator()(gzFile_s* file) const { gzclose(file); }
};

[[noreturn]] void failed() {
    throw std::filesystem::filesystem_error("write", std::make_error_code(std::errc::io_error));
}

} // namespace

void write_nifti(const std::filesystem::path& path, const array3<std::uint8_t>& labels,
                 const volume::geometry& grid) {
    for (const auto n : grid.shape)
        if (n > 32767)
            throw std::invalid_argument(
                "write_labels: NIfTI-1 has at most 32767 voxels along an axis, found " + std::to_string(n));
    const auto header = header_of(grid);
    const auto voxels = flat(labels);
    if (path.extension() != ".gz") {
        std::ofstream file(path, std::ios::binary);
        file.write(header.data(), static_cast<std::streamsize>(header.size()));
        file.write(reinterpret_cast<const char*>(voxels.data()), static_cast<std::streamsize>(voxels.size()));
        if (!file.flush()) failed();
        return;
    }
    std::unique_ptr<gzFile_s, close_gz> file(gzopen(path.c_str(), "wb4"));
    if (!file || gzwrite(file.get(), header.data(), static_cast<unsigned>(header.size())) <= 0) failed();
    for (std::size_t at = 0; at < voxels.size();) {
        const auto count = std::min(voxels.size() - at, std::size_t{1} << 24);
        if (gzwrite(file.get(), voxels.data() + at, static_cast<unsigned>(count)) <= 0) failed();
        at += count;
    }
    if (gzclose(file.release()) != Z_OK) failed();
}

} // namespace groundglass::io::detail
