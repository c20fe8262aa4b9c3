#include "volume_file.hpp"

#include "files.hpp"
#include <groundglass/reading/read_header.hpp>

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstring>
#include <fstream>
#include <ios>
#include <new>
#include <system_error>
#include <vector>

namespace groundglass::io::detail {

namespace {

constexpr std::size_t piece = std::size_t{1} << 18;

/// The bytes of a file from `offset` on, inflated where that is asked for: gzip, of one member or several, or
/// zlib. It simply ends where the file or the compressed stream ends.
class byte_source {
public:
    byte_source(const std::filesystem::path& path, std::uint64_t offset, bool deflated)
        : file_(path, std::ios::binary), deflated_(deflated) {
        if (!file_) refuse(path, "it can't be read; check its permissions");
        file_.seekg(static_cast<std::streamoff>(offset));
        if (!deflated_) return;
        in_.resize(piece);
        if (inflateInit2(&stream_, 47) != Z_OK)
            throw std::bad_alloc(); // 47: either header, as zlib numbers it
    }
    byte_source(const byte_source&) = delete;
    byte_source& operator=(const byte_source&) = delete;
    ~byte_source() {
        if (deflated_) inflateEnd(&stream_);
    }

    /// Fills `room` as far as there are bytes, and says how many there were.
    std::size_t fill(std::span<char> room) {
        if (deflated_) return inflate_to(room);
        file_.read(room.data(), static_cast<std::streamsize>(room.size()));
        return static_cast<std::size_t>(file_.gcount());
    }

private:
    std::size_t inflate_to(std::span<char> room) {
        std::size_t done = 0;
        while (done < room.size() && !ended_) {
            if (stream_.avail_in == 0 && !more()) break;
            const auto space = std::min(room.size() - done, std::size_t{1} << 30);
            stream_.next_out = reinterpret_cast<Bytef*>(room.data() + done);
            stream_.avail_out = static_cast<uInt>(space);
            const int state = inflate(&stream_, Z_NO_FLUSH);
            done += space - stream_.avail_out;
            if (state == Z_STREAM_END)
                ended_ = !another_member();
            else if (state != Z_OK)
                ended_ = true;
        }
        return done;
    }

    bool more() {
        file_.read(in_.data(), static_cast<std::streamsize>(in_.size()));
        stream_.next_in = reinterpret_cast<Bytef*>(in_.data());
        stream_.avail_in = static_cast<uInt>(file_.gcount());
        return stream_.avail_in > 0;
    }

    /// A gzip file may hold several members one after the other; padding behind the last is none.
    bool another_member() {
        if (stream_.avail_in == 0 && !more()) return false;
        return *stream_.next_in == 0x1f && inflateReset(&stream_) == Z_OK;
    }

    std::ifstream file_;
    bool deflated_, ended_ = false;
    std::vector<char> in_;
    z_stream stream_{};
};

template <class T>
void swap_bytes(std::span<T> values) {
    for (T& value : values) {
        char bytes[sizeof(T)];
        std::memcpy(bytes, &value, sizeof(T));
        std::reverse(bytes, bytes + sizeof(T));
        std::memcpy(&value, bytes, sizeof(T));
    }
}

template <class T>
void stream(const std::filesystem::path& path, const volume_file& volume, const slice_sink& sink) {
    const auto& header = volume.header;
    const auto& shape = header.grid.shape;
    byte_source source(volume.data, header.offset, header.deflated);
    std::vector<char> skipped(std::min<std::uint64_t>(header.skip, piece));
    std::uint64_t left = header.skip;
    while (left > 0) {
        const auto n = source.fill(std::span(skipped).first(std::min<std::uint64_t>(left, skipped.size())));
        if (n == 0) break;
        left -= n;
    }
    const std::size_t size = shape[1] * shape[2];
    const std::size_t per_run =
        std::clamp<std::size_t>((std::size_t{1} << 22) / (size * sizeof(T)), 1, shape[0]);
    std::vector<T> run;
    for (std::size_t first = 0; first < shape[0]; first += per_run) {
        run.resize(std::min(per_run, shape[0] - first) * size);
        const std::span bytes(reinterpret_cast<char*>(run.data()), run.size() * sizeof(T));
        const auto there = left > 0 ? 0 : source.fill(bytes);
        if (there < bytes.size())
            refuse(path, "the file is cut off or damaged, it holds " +
                             std::to_string(first * size * sizeof(T) + there) + " of " +
                             std::to_string(header.voxel_bytes()) + " bytes of voxels; copy it again");
        if (header.big_endian != (std::endian::native == std::endian::big)) swap_bytes(std::span(run));
        sink(first, std::span<const T>(run));
    }
}

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// The file of this name beside `path`, in capitals or not where that is one file; empty where there is none.
std::filesystem::path sibling(const std::filesystem::path& path, const std::string& name) {
    std::error_code none;
    auto file = path.parent_path() / name;
    if (std::filesystem::is_regular_file(file, none)) return file;
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    std::vector<std::filesystem::path> alike;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none))
        if (lower_case(entry.path().filename().string()) == lower_case(name) && entry.is_regular_file(none))
            alike.push_back(entry.path());
    return alike.size() == 1 ? alike.front() : std::filesystem::path();
}

/// The file beside `path` with another ending instead of `.hdr` or `.img`, compressed or not; `path` where
/// there is none.
std::filesystem::path other_of_pair(const std::filesystem::path& path, const std::string& from,
                                    const std::string& to) {
    auto name = path.filename().string();
    if (lower_case(name).ends_with(".gz")) name.resize(name.size() - 3);
    if (!lower_case(name).ends_with(from)) return path;
    name.resize(name.size() - from.size());
    for (const auto* packed : {"", ".gz"})
        if (auto other = sibling(path, name + to + packed); !other.empty()) return other;
    return path;
}

} // namespace

std::string inflated_start(const std::filesystem::path& path, std::size_t most) {
    const auto start = start_of(path, path);
    byte_source source(path, 0, reading::kind_of_start(start) == reading::file_kind::gzip);
    std::string result(std::min(most, std::size_t{1} << 16), '\0');
    std::size_t there = 0;
    for (;;) {
        there += source.fill(std::span(result).subspan(there));
        if (there < result.size() || there == most) break;
        result.resize(std::min(most, result.size() * 4));
    }
    result.resize(there);
    return result;
}

std::filesystem::path header_of_pair(const std::filesystem::path& path) {
    auto header = other_of_pair(path, ".img", ".hdr");
    if (header == path || reading::kind_of_start(inflated_start(header, 1024)) != reading::file_kind::nifti)
        return path;
    return header;
}

void volume_file::read(const std::filesystem::path& path, const slice_sink& sink) const {
    switch (header.type) {
    case reading::number_type::int8:
        return stream<std::int8_t>(path, *this, sink);
    case reading::number_type::uint8:
        return stream<std::uint8_t>(path, *this, sink);
    case reading::number_type::int16:
        return stream<std::int16_t>(path, *this, sink);
    case reading::number_type::uint16:
        return stream<std::uint16_t>(path, *this, sink);
    case reading::number_type::int32:
        return stream<std::int32_t>(path, *this, sink);
    case reading::number_type::uint32:
        return stream<std::uint32_t>(path, *this, sink);
    case reading::number_type::int64:
        return stream<std::int64_t>(path, *this, sink);
    case reading::number_type::uint64:
        return stream<std::uint64_t>(path, *this, sink);
    case reading::number_type::float32:
        return stream<float>(path, *this, sink);
    case reading::number_type::float64:
        return stream<double>(path, *this, sink);
    }
}

volume_file open_volume(const std::filesystem::path& path, reading::file_kind kind) {
    const auto head = kind == reading::file_kind::nifti ? header_of_pair(path) : path;
    try {
        volume_file volume{reading::read_header(kind, inflated_start(head, reading::longest_header)), head};
        auto& header = volume.header;
        if (header.pair) {
            volume.data = other_of_pair(head, ".hdr", ".img");
            if (volume.data == head)
                refuse(path, "a NIfTI header whose voxels are in an .img file, which is not beside it");
        } else if (!header.data_file.empty()) {
            volume.data = sibling(head, header.data_file);
            if (volume.data.empty())
                refuse(path, "the header names voxels in another file, which is not beside it; copy that "
                             "file there");
        }
        if (kind == reading::file_kind::nifti &&
            reading::kind_of_start(start_of(volume.data, path)) == reading::file_kind::gzip)
            header.inflate_all();
        reading::fit_to_length(header, std::filesystem::file_size(volume.data));
        return volume;
    } catch (const format_error& error) {
        refuse(path, error);
    }
}

} // namespace groundglass::io::detail
