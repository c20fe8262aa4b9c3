#include "files.hpp"

#include <zlib.h>

#include <cmath>
#include <cstring>
#include <memory>

namespace groundglass::io {

namespace {

struct close_gz {
    void operator()(gzFile_s* file) const { gzclose(file); }
};
using gz_file = std::unique_ptr<gzFile_s, close_gz>;

gz_file open_gz(const std::filesystem::path& path) {
    gz_file file(gzopen(path.c_str(), "rb"));
    if (!file) refuse(path, "it can't be read; check its permissions");
    return file;
}

template <class T>
T swapped(T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    std::reverse(bytes, bytes + sizeof(T));
    std::memcpy(&value, bytes, sizeof(T));
    return value;
}

template <class T>
T field(const std::string& header, std::size_t offset, bool swap) {
    T value;
    std::memcpy(&value, header.data() + offset, sizeof(T));
    return swap ? swapped(value) : value;
}

/// Reads runs of slices of about 4 MiB. Plain files go through zlib as well, which passes them on as they
/// are.
template <class T>
void stream(const std::filesystem::path& path, const shape3& shape, std::uint64_t offset, bool swap,
            const slice_sink& sink) {
    const auto file = open_gz(path);
    std::vector<char> skipped(std::size_t{1} << 16);
    for (std::uint64_t left = offset; left > 0;) {
        const auto n = gzread(file.get(), skipped.data(),
                              static_cast<unsigned>(std::min<std::uint64_t>(left, skipped.size())));
        if (n <= 0) refuse(path, "the file is cut off or damaged; copy it again");
        left -= static_cast<std::uint64_t>(n);
    }
    const std::size_t size = shape[1] * shape[2];
    const std::size_t per_run =
        std::clamp<std::size_t>((std::size_t{1} << 22) / (size * sizeof(T)), 1, shape[0]);
    std::vector<T> run;
    for (std::size_t first = 0; first < shape[0]; first += per_run) {
        run.resize(std::min(per_run, shape[0] - first) * size);
        auto* bytes = reinterpret_cast<char*>(run.data());
        for (std::size_t done = 0; done < run.size() * sizeof(T);) {
            const auto wanted = std::min(run.size() * sizeof(T) - done, std::size_t{1} << 30);
            const auto n = gzread(file.get(), bytes + done, static_cast<unsigned>(wanted));
            if (n <= 0)
                refuse(path, "the file is cut off or damaged, it holds " +
                                 std::to_string(first * size * sizeof(T) + done) + " of " +
                                 std::to_string(shape[0] * size * sizeof(T)) +
                                 " bytes of voxels; copy it again");
            done += static_cast<std::size_t>(n);
        }
        if (swap) std::transform(run.begin(), run.end(), run.begin(), &swapped<T>);
        sink(first, std::span<const T>(run));
    }
}

} // namespace

void stream_nifti(const std::filesystem::path& path, image_file& image) {
    std::string header(540, '\0');
    const auto n = gzread(open_gz(path).get(), header.data(), static_cast<unsigned>(header.size()));
    if (n < 348) refuse(path, "the NIfTI header is damaged or cut off");
    const bool swap = header[0] == 0;
    const bool second = field<std::int32_t>(header, 0, swap) == 540;
    const auto code = field<std::int16_t>(header, second ? 12 : 70, swap);
    const auto offset = second ? static_cast<double>(field<std::int64_t>(header, 168, swap))
                               : static_cast<double>(field<float>(header, 108, swap));
    image.slope =
        second ? field<double>(header, 176, swap) : static_cast<double>(field<float>(header, 112, swap));
    image.intercept =
        second ? field<double>(header, 184, swap) : static_cast<double>(field<float>(header, 116, swap));
    // By the standard a slope of 0 means no rescale.
    if (image.slope == 0 || !std::isfinite(image.slope) || !std::isfinite(image.intercept))
        image.slope = 1, image.intercept = 0;
    const auto form = [&](std::size_t at1, std::size_t at2) {
        return second ? field<std::int32_t>(header, at2, swap) : field<std::int16_t>(header, at1, swap);
    };
    image.oriented = form(252, 344) > 0 || form(254, 348) > 0;

    if (header.compare(second ? 4 : 344, 3, second ? "n+2" : "n+1") != 0)
        refuse(path, "a header without its voxels (Analyze or a NIfTI pair); save it as one .nii file");
    if (!(offset >= 0 && offset < 1e9)) refuse(path, "the NIfTI header is damaged or cut off");

    const auto reader = [&](auto type) {
        using value_type = decltype(type);
        return [=, shape = image.grid.shape,
                at = static_cast<std::uint64_t>(offset)](const slice_sink& sink, std::span<std::int16_t>) {
            stream<value_type>(path, shape, at, swap, sink);
        };
    };
    switch (code) {
    case 2:
        image.read = reader(std::uint8_t{});
        break;
    case 4:
        image.read = reader(std::int16_t{});
        break;
    case 8:
        image.read = reader(std::int32_t{});
        break;
    case 16:
        image.read = reader(float{});
        break;
    case 64:
        image.read = reader(double{});
        break;
    case 256:
        image.read = reader(std::int8_t{});
        break;
    case 512:
        image.read = reader(std::uint16_t{});
        break;
    case 768:
        image.read = reader(std::uint32_t{});
        break;
    case 1024:
        image.read = reader(std::int64_t{});
        break;
    case 1280:
        image.read = reader(std::uint64_t{});
        break;
    default:
        refuse(path, "a NIfTI image of colours, complex or unknown numbers; a CT has one number a voxel");
    }
}

} // namespace groundglass::io
