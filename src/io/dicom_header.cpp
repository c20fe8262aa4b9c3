#include "dicom_header.hpp"

#include "files.hpp"
#include <groundglass/io/pixel_data.hpp>

#include <fstream>
#include <locale>
#include <map>
#include <sstream>

namespace groundglass::io {

namespace {

constexpr std::uint32_t pixel_data = 0x7fe00010, item = 0xfffee000, item_end = 0xfffee00d,
                        sequence_end = 0xfffee0dd, undefined = 0xffffffff;
constexpr std::string_view implicit_little = "1.2.840.10008.1.2", explicit_big = "1.2.840.10008.1.2.2",
                           deflated = "1.2.840.10008.1.2.1.99", directory_class = "1.2.840.10008.1.3.10";
constexpr int deepest = 32; // nested sequences; standards nest four or five

struct cut_off {};

struct encoding {
    bool implicit = false;
    bool big = false;
};

/// Walks the elements of a file. Values of at most 4 KiB are kept, the rest is passed over.
class walker {
public:
    explicit walker(const std::filesystem::path& path) : file_(path, std::ios::binary) {
        file_.seekg(0, std::ios::end);
        end_ = static_cast<std::uint64_t>(file_.tellg());
        file_.seekg(0);
    }

    std::ifstream& file() { return file_; }
    std::map<std::uint32_t, std::string> values;

    void at(std::uint64_t place) { file_.seekg(static_cast<std::streamoff>(place)); }

    /// Elements of the meta header, which are always explicit and little-endian.
    void meta() {
        while (peek_group() == 2) element({}, 0);
    }

    /// Elements up to Pixel Data, before which the file then stands, or to the end.
    void data(encoding how) {
        while (left() > 0) {
            const auto here = file_.tellg();
            const auto tag = read_tag(how);
            file_.seekg(here);
            if (tag >= pixel_data) return;
            element(how, 0);
        }
    }

    [[nodiscard]] std::uint64_t left() { return end_ - static_cast<std::uint64_t>(file_.tellg()); }

private:
    std::uint32_t number(std::size_t bytes, bool big) {
        unsigned char b[4];
        if (left() < bytes || !file_.read(reinterpret_cast<char*>(b), static_cast<std::streamsize>(bytes)))
            throw cut_off{};
        std::uint32_t result = 0;
        for (std::size_t i = 0; i < bytes; ++i) result = result << 8 | b[big ? i : bytes - 1 - i];
        return result;
    }

    std::uint32_t read_tag(encoding how) {
        const auto group = number(2, how.big);
        return group << 16 | number(2, how.big);
    }

    int peek_group() {
        if (left() < 8) return -1;
        const auto here = file_.tellg();
        const auto group = number(2, false);
        file_.seekg(here);
        return static_cast<int>(group);
    }

    void skip(std::uint64_t length) {
        if (length > left()) throw cut_off{};
        file_.seekg(static_cast<std::streamoff>(length), std::ios::cur);
    }

    void element(encoding how, int depth) {
        const auto tag = read_tag(how);
        std::uint32_t length = 0;
        encoding inside = how;
        if (how.implicit) {
            length = number(4, how.big);
        } else {
            char vr[2];
            if (!file_.read(vr, 2)) throw cut_off{};
            const std::string_view name(vr, 2);
            const auto letter = [](char c) { return c >= 'A' && c <= 'Z'; };
            if (!letter(vr[0]) || !letter(vr[1])) throw cut_off{};
            bool wide = false;
            for (const auto* other :
                 {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
                wide = wide || name == other;
            if (wide) skip(2);
            length = number(wide ? 4 : 2, how.big);
            if (name == "UN") inside = {true, false}; // by the standard, whatever stands around it
        }
        if (length == undefined) return sequence(inside, depth + 1);
        if (depth == 0 && length <= 4096 && length <= left()) {
            std::string value(length, '\0');
            if (!file_.read(value.data(), length)) throw cut_off{};
            values[tag] = std::move(value);
        } else {
            skip(length);
        }
    }

    void sequence(encoding how, int depth) {
        if (depth > deepest) throw cut_off{};
        for (;;) {
            const auto tag = read_tag(how);
            const auto length = number(4, how.big);
            if (tag == sequence_end) return;
            if (tag != item) throw cut_off{};
            if (length != undefined) {
                skip(length);
                continue;
            }
            for (;;) {
                const auto here = file_.tellg();
                if (read_tag(how) == item_end) {
                    skip(4);
                    break;
                }
                file_.seekg(here);
                element(how, depth);
            }
        }
    }

    std::ifstream file_;
    std::uint64_t end_ = 0;
};

/// Typed values of the elements found.
class fields {
public:
    fields(const std::map<std::uint32_t, std::string>& values, bool big) : values_(values), big_(big) {}

    [[nodiscard]] std::string text(std::uint32_t tag) const {
        const auto found = values_.find(tag);
        if (found == values_.end()) return {};
        std::string result = found->second;
        const auto last = result.find_last_not_of(std::string_view(" \0", 2));
        result.erase(last == std::string::npos ? 0 : last + 1);
        result.erase(0, std::min(result.find_first_not_of(' '), result.size()));
        return result;
    }

    [[nodiscard]] std::vector<std::string> parts(std::uint32_t tag) const {
        std::vector<std::string> result;
        std::istringstream stream(text(tag));
        for (std::string part; std::getline(stream, part, '\\');) result.push_back(part);
        return result;
    }

    /// Values of a decimal string; empty unless there are exactly N and all are numbers.
    template <std::size_t N>
    [[nodiscard]] std::optional<std::array<double, N>> numbers(std::uint32_t tag) const {
        const auto found = parts(tag);
        if (found.size() != N) return {};
        std::array<double, N> result{};
        for (std::size_t i = 0; i < N; ++i) {
            std::istringstream stream(found[i]);
            stream.imbue(std::locale::classic());
            if (!(stream >> result[i])) return {};
        }
        return result;
    }

    [[nodiscard]] std::optional<double> number(std::uint32_t tag) const {
        const auto value = numbers<1>(tag);
        return value ? std::optional((*value)[0]) : std::nullopt;
    }

    [[nodiscard]] std::optional<int> integer(std::uint32_t tag) const {
        const auto value = number(tag);
        return value && std::abs(*value) < 2e9 ? std::optional(static_cast<int>(*value)) : std::nullopt;
    }

    [[nodiscard]] std::uint32_t count(std::uint32_t tag, std::uint32_t absent) const {
        const auto found = values_.find(tag);
        if (found == values_.end() || found->second.size() < 2) return absent;
        const auto low = static_cast<unsigned char>(found->second[big_ ? 1 : 0]);
        const auto high = static_cast<unsigned char>(found->second[big_ ? 0 : 1]);
        return static_cast<std::uint32_t>(high) << 8 | low;
    }

private:
    const std::map<std::uint32_t, std::string>& values_;
    bool big_;
};

slice_header slice_of(const fields& f) {
    slice_header h;
    h.study_uid = f.text(0x0020000d);
    h.series_uid = f.text(0x0020000e);
    h.instance_uid = f.text(0x00080018);
    h.sop_class_uid = f.text(0x00080016);
    h.frame_of_reference_uid = f.text(0x00200052);
    h.modality = f.text(0x00080060);
    h.image_type = f.parts(0x00080008);
    if (const auto found = f.text(0x00280004); !found.empty()) h.photometric = found;
    h.convolution_kernel = f.text(0x00181210);
    h.rescale_type = f.text(0x00281054);
    h.rows = f.count(0x00280010, 0);
    h.columns = f.count(0x00280011, 0);
    h.bits_allocated = f.count(0x00280100, 16);
    h.samples_per_pixel = f.count(0x00280002, 1);
    h.number_of_frames = static_cast<std::uint32_t>(std::max(f.integer(0x00280008).value_or(1), 0));
    h.position = f.numbers<3>(0x00200032);
    h.orientation = f.numbers<6>(0x00200037);
    h.pixel_spacing = f.numbers<2>(0x00280030);
    h.slice_location = f.number(0x00201041);
    h.slice_thickness = f.number(0x00180050);
    h.spacing_between_slices = f.number(0x00180088);
    h.gantry_tilt_degrees = f.number(0x00181120);
    h.rescale_slope = f.number(0x00281053);
    h.rescale_intercept = f.number(0x00281052);
    h.instance_number = f.integer(0x00200013);
    h.acquisition_number = f.integer(0x00200012);
    h.temporal_position = f.integer(0x00200100);
    h.acquisition_time = f.text(0x0008002a);
    if (h.acquisition_time.empty()) h.acquisition_time = f.text(0x00080022) + f.text(0x00080032);
    h.lossy = f.text(0x00282110) == "01";
    return h;
}

bool lossy(std::string_view syntax) {
    for (const auto* end : {"50", "51", "81"}) // JPEG baseline and extended, JPEG-LS near-lossless
        if (syntax == "1.2.840.10008.1.2.4." + std::string(end)) return true;
    return false;
}

} // namespace

header_state read_header(const std::filesystem::path& path, dicom_header& header) {
    walker walk(path);
    std::string start(132, '\0');
    walk.file().read(start.data(), 132);
    start.resize(static_cast<std::size_t>(walk.file().gcount()));
    walk.file().clear();
    const bool preamble = start.size() == 132 && start.compare(128, 4, "DICM") == 0;
    if (!preamble && !may_be_dicom(start)) return header_state::not_dicom;
    std::string syntax;
    encoding how;
    try {
        walk.at(preamble ? 132 : 0);
        walk.meta();
        syntax = fields(walk.values, false).text(0x00020010);
        header.directory = fields(walk.values, false).text(0x00020002) == directory_class;
        if (header.directory) return header_state::good;
        if (syntax == deflated) return header_state::broken;
        how.big = syntax == explicit_big;
        how.implicit = syntax == implicit_little;
        if (syntax.empty()) { // without a meta header the letters of the first value representation tell
            how.implicit = start.size() > 6 && !(std::isupper(static_cast<unsigned char>(start[4])) &&
                                                 std::isupper(static_cast<unsigned char>(start[5])));
        }
        walk.data(how);
    } catch (const cut_off&) {
        return preamble ? header_state::broken : header_state::not_dicom;
    }
    header.slice = slice_of(fields(walk.values, how.big));
    header.slice.file = path.string();
    header.slice.lossy |= lossy(syntax);
    if (!preamble && (header.slice.sop_class_uid.empty() || header.slice.rows == 0))
        return header_state::not_dicom;
    header.slice.damage = pixel_data_damage(walk.file(), header.slice, syntax);
    return header_state::good;
}

} // namespace groundglass::io
