#include "dicom_header.hpp"

#include <groundglass/reading/dicom_uids.hpp>
#include <groundglass/reading/file_kind.hpp>
#include <groundglass/reading/multi_frame.hpp>
#include <groundglass/reading/pixel_data.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <iterator>
#include <locale>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace groundglass::io::detail {

namespace {

constexpr std::uint32_t pixel_data = 0x7fe00010, item = 0xfffee000, item_end = 0xfffee00d,
                        sequence_end = 0xfffee0dd, undefined = 0xffffffff, shared_groups = 0x52009229,
                        frame_groups = 0x52009230;
constexpr int deepest = 32; // nested sequences; standards nest four or five

/// What is looked at in functional groups.
constexpr std::uint32_t frame_tags[] = {
    0x00080008, 0x00080022, 0x0008002a, 0x00080032, 0x00089007, 0x00089207, 0x00180050, 0x00180088,
    0x00181120, 0x00181210, 0x00189074, 0x00200012, 0x00200032, 0x00200037, 0x00200100, 0x00201041,
    0x00209056, 0x00209128, 0x00209156, 0x00280030, 0x00281052, 0x00281053, 0x00281054};

struct cut_off {};

struct encoding {
    bool implicit = false;
    bool big = false;
};

using attributes = std::map<std::uint32_t, std::string>;

/// Walks the elements of a file. Values of at most 4 KiB are kept, the rest is passed over.
class walker {
public:
    explicit walker(const std::filesystem::path& path) : file_(path, std::ios::binary) {
        file_.seekg(0, std::ios::end);
        end_ = static_cast<std::uint64_t>(file_.tellg());
        file_.seekg(0);
    }

    std::ifstream& file() { return file_; }
    attributes values;
    /// The functional groups that all frames of a multi-frame object share, and those of each.
    std::vector<attributes> shared, frames;

    void at(std::uint64_t place) { file_.seekg(static_cast<std::streamoff>(place)); }

    /// Elements of the meta header, which are always explicit and little-endian.
    void meta() {
        while (peek_group() == 2) {
            const auto head = read_head({});
            if (!keep(head, values)) pass(head, 0);
        }
    }

    /// Elements up to Pixel Data, before which the file then stands, or to the end.
    void data(encoding how) {
        while (left() > 0) {
            const auto here = file_.tellg();
            const auto tag = read_tag(how);
            file_.seekg(here);
            if (tag >= pixel_data) return;
            const auto head = read_head(how);
            if (head.tag == shared_groups || head.tag == frame_groups)
                groups(head, head.tag == shared_groups ? shared : frames);
            else if (!keep(head, values))
                pass(head, 0);
        }
    }

    [[nodiscard]] std::uint64_t left() { return end_ - place(); }

private:
    struct element {
        std::uint32_t tag = 0, length = 0;
        /// Of what is inside, where it is a sequence.
        encoding how;
    };

    [[nodiscard]] std::uint64_t place() { return static_cast<std::uint64_t>(file_.tellg()); }

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

    /// The head of an element, before whose value the file then stands.
    element read_head(encoding how) {
        element result{read_tag(how), 0, how};
        if (how.implicit) {
            result.length = number(4, how.big);
            return result;
        }
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
        result.length = number(wide ? 4 : 2, how.big);
        if (name == "UN") result.how = {true, false}; // by the standard, whatever stands around it
        return result;
    }

    /// Reads a short value; false, with nothing read, where it is long.
    bool keep(const element& head, attributes& kept) {
        if (head.length > 4096 || head.length > left()) return false;
        std::string value(head.length, '\0');
        if (!file_.read(value.data(), head.length)) throw cut_off{};
        kept[head.tag] = std::move(value);
        return true;
    }

    /// Passes over the value of an element at this depth of sequences.
    void pass(const element& head, int depth) {
        if (head.length != undefined) return skip(head.length);
        items(head, depth + 1, [&](std::uint64_t end) {
            if (end == undefined_end)
                elements(head.how, end, [&](const element& inner) { pass(inner, depth + 1); });
            else
                skip(end - place());
        });
    }

    static constexpr std::uint64_t undefined_end = ~std::uint64_t{0};

    /// Calls `body` for every item of a sequence with the place where it ends, `undefined_end` where only an
    /// item's end tells.
    template <class F>
    void items(const element& head, int depth, F&& body) {
        if (depth > deepest) throw cut_off{};
        const auto end = end_of(head.length);
        while (end == undefined_end || place() < end) {
            const auto tag = read_tag(head.how);
            const auto length = number(4, head.how.big);
            if (tag == sequence_end && end == undefined_end) return;
            if (tag != item) throw cut_off{};
            body(end_of(length));
        }
        if (place() != end) throw cut_off{};
    }

    /// Calls `body`, which reads or passes over the value, for every element of an item.
    template <class F>
    void elements(encoding how, std::uint64_t end, F&& body) {
        while (end == undefined_end || place() < end) {
            if (end == undefined_end) {
                const auto here = file_.tellg();
                if (read_tag(how) == item_end) return skip(4);
                file_.seekg(here);
            }
            body(read_head(how));
        }
        if (place() != end) throw cut_off{};
    }

    std::uint64_t end_of(std::uint32_t length) {
        if (length == undefined) return undefined_end;
        if (length > left()) throw cut_off{};
        return place() + length;
    }

    /// What every item of a sequence of functional groups says: the elements of the first items of the
    /// sequences in it, of one level. Private ones are passed over.
    void groups(const element& head, std::vector<attributes>& result) {
        items(head, 1, [&](std::uint64_t end) {
            if (result.size() > reading::most_frames) throw cut_off{};
            auto& kept = result.emplace_back();
            elements(head.how, end, [&](const element& group) {
                if (group.tag >> 16 & 1 || !has_items(group)) return pass(group, 2);
                bool first = true;
                items(group, 2, [&](std::uint64_t group_end) {
                    elements(group.how, group_end, [&](const element& inner) {
                        const bool wanted =
                            first && std::ranges::find(frame_tags, inner.tag) != std::end(frame_tags);
                        if (!wanted || !keep(inner, kept)) pass(inner, 3);
                    });
                    first = false;
                });
            });
        });
    }

    /// Whether an element's value begins like a sequence: without a value representation nothing else tells.
    bool has_items(const element& head) {
        if (head.length == undefined) return true;
        if (head.length < 8 || head.length > left()) return false;
        const auto here = file_.tellg();
        const auto tag = read_tag(head.how);
        file_.seekg(here);
        return tag == item;
    }

    std::ifstream file_;
    std::uint64_t end_ = 0;
};

/// Typed values of the elements found, each from the first place that has it.
class fields {
public:
    fields(std::vector<const attributes*> places, bool big) : places_(std::move(places)), big_(big) {}

    [[nodiscard]] std::string text(std::uint32_t tag) const {
        const auto* found = find(tag);
        if (!found) return {};
        std::string result = *found;
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

    /// Of `size` bytes; a value may have more.
    [[nodiscard]] std::optional<std::uint32_t> binary(std::uint32_t tag, std::size_t size) const {
        const auto* found = find(tag);
        if (!found || found->size() < size) return {};
        std::uint32_t result = 0;
        for (std::size_t i = 0; i < size; ++i)
            result = result << 8 | static_cast<unsigned char>((*found)[big_ ? i : size - 1 - i]);
        return result;
    }

    [[nodiscard]] std::uint32_t count(std::uint32_t tag, std::uint32_t absent) const {
        return binary(tag, 2).value_or(absent);
    }

    [[nodiscard]] std::optional<int> index(std::uint32_t tag, std::size_t size) const {
        const auto value = binary(tag, size);
        return value && *value < 2000000000 ? std::optional(static_cast<int>(*value)) : std::nullopt;
    }

private:
    [[nodiscard]] const std::string* find(std::uint32_t tag) const {
        for (const auto* values : places_)
            if (const auto found = values->find(tag); found != values->end()) return &found->second;
        return nullptr;
    }

    std::vector<const attributes*> places_;
    bool big_;
};

reading::slice_header slice_of(const fields& f) {
    reading::slice_header h;
    h.study_uid = f.text(0x0020000d);
    h.series_uid = f.text(0x0020000e);
    h.instance_uid = f.text(0x00080018);
    h.sop_class_uid = f.text(0x00080016);
    h.frame_of_reference_uid = f.text(0x00200052);
    h.modality = f.text(0x00080060);
    h.image_type = f.parts(0x00080008);
    if (const auto found = f.text(0x00280004); !found.empty()) h.photometric = found;
    h.convolution_kernel = f.text(0x00181210);
    h.patient_position = f.text(0x00185100);
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
    h.concatenation_uid = f.text(0x00209161);
    h.concatenation_part = f.index(0x00209162, 2);
    h.concatenation_parts = f.index(0x00209163, 2);
    h.lossy = f.text(0x00282110) == "01";
    return h;
}

/// The header of frame `number`, from 1, by its own functional groups, those of all frames, and the file's
/// attributes.
reading::slice_header frame_of(const fields& f, std::uint32_t number) {
    auto h = slice_of(f);
    h.frame = number;
    if (auto type = f.parts(0x00089007); !type.empty()) h.image_type = std::move(type);
    if (auto technique = f.text(0x00089207); !technique.empty() && technique != "NONE")
        h.image_type.push_back(std::move(technique));
    if (const auto found = f.index(0x00209156, 2)) h.acquisition_number = found;
    if (const auto found = f.index(0x00209128, 4)) h.temporal_position = found;
    if (auto time = f.text(0x00189074); !time.empty()) h.acquisition_time = std::move(time);
    // Frames of a concatenation are numbered on through its parts.
    const auto before = f.index(0x00209228, 4).value_or(0);
    h.instance_number = std::min(before, 1000000000) + static_cast<int>(number);
    return h;
}

/// The headers of all frames, or one with what is wrong with their number.
std::vector<reading::slice_header> frames_of(const reading::slice_header& file, const walker& walk,
                                             bool big) {
    std::vector<reading::slice_header> result;
    std::vector<std::string> stacks;
    std::vector<std::optional<int>> acquisitions;
    auto damage = reading::frame_count_damage(file, walk.frames.size());
    const auto count = damage.empty() ? walk.frames.size() : 1;
    const attributes none;
    for (std::size_t i = 0; i < count; ++i) {
        const fields f({i < walk.frames.size() ? &walk.frames[i] : &none,
                        walk.shared.empty() ? &none : &walk.shared.front(), &walk.values},
                       big);
        result.push_back(frame_of(f, static_cast<std::uint32_t>(i) + 1));
        stacks.push_back(f.text(0x00209056));
        acquisitions.push_back(result.back().acquisition_number);
    }
    acquisitions = reading::frame_acquisitions(std::move(acquisitions), stacks);
    for (std::size_t i = 0; i < count; ++i) result[i].acquisition_number = acquisitions[i];
    result.front().damage = damage.empty() ? reading::frame_place_damage(result) : std::move(damage);
    return result;
}

bool lossy(std::string_view syntax) {
    constexpr std::string_view jpeg = "1.2.840.10008.1.2.4.";
    if (!syntax.starts_with(jpeg)) return false;
    syntax.remove_prefix(jpeg.size());
    return syntax == "50" || syntax == "51" || syntax == "81"; // baseline, extended, JPEG-LS near-lossless
}

} // namespace

header_state read_dicom_header(const std::filesystem::path& path, dicom_header& header) {
    walker walk(path);
    std::string start(132, '\0');
    walk.file().read(start.data(), 132);
    start.resize(static_cast<std::size_t>(walk.file().gcount()));
    walk.file().clear();
    const bool preamble = start.size() == 132 && start.compare(128, 4, "DICM") == 0;
    if (!preamble && !reading::may_be_dicom(start)) return header_state::not_dicom;
    std::string syntax;
    encoding how;
    try {
        walk.at(preamble ? 132 : 0);
        walk.meta();
        syntax = fields({&walk.values}, false).text(0x00020010);
        header.directory = fields({&walk.values}, false).text(0x00020002) == reading::directory_class;
        if (header.directory) return header_state::good;
        if (syntax == reading::deflated_syntax) return header_state::broken;
        how.big = syntax == reading::explicit_big_syntax;
        how.implicit = syntax == reading::implicit_little_syntax;
        if (syntax.empty()) { // without a meta header the letters of the first value representation tell
            how.implicit = start.size() > 6 && !(std::isupper(static_cast<unsigned char>(start[4])) &&
                                                 std::isupper(static_cast<unsigned char>(start[5])));
        }
        walk.data(how);
    } catch (const cut_off&) {
        return preamble ? header_state::broken : header_state::not_dicom;
    }
    const fields f({&walk.values}, how.big);
    const auto file = slice_of(f);
    if (!preamble && (file.sop_class_uid.empty() || file.rows == 0)) return header_state::not_dicom;
    const bool framed = reading::holds_frames(file, walk.frames.size());
    header.slices = framed ? frames_of(file, walk, how.big) : std::vector{file};
    for (auto& slice : header.slices) {
        slice.file = path.string();
        slice.lossy |= lossy(syntax);
    }
    auto& first = header.slices.front();
    if (framed && first.damage.empty()) {
        const reading::pixel_bits bits{.stored = f.count(0x00280101, first.bits_allocated),
                                       .high =
                                           f.count(0x00280102, f.count(0x00280101, first.bits_allocated) - 1),
                                       .is_signed = f.count(0x00280103, 0) == 1};
        header.frames.emplace(walk.file(), first, syntax, bits);
        first.damage = header.frames->damage();
    } else if (!framed) {
        first.damage = reading::pixel_data_damage(walk.file(), first, syntax);
    }
    return header_state::good;
}

} // namespace groundglass::io::detail
