#include "dicom.hpp"

#include "decoder_lines.hpp"
#include "dicom_header.hpp"
#include "files.hpp"
#include <groundglass/error.hpp>
#include <groundglass/note.hpp>
#include <groundglass/reading/ct_assembly.hpp>
#include <groundglass/reading/multi_frame.hpp>
#include <groundglass/reading/series.hpp>
#include <groundglass/reading/wording.hpp>

#include <gdcmImageReader.h>
#include <gdcmTrace.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <ios>
#include <iterator>
#include <map>
#include <span>
#include <sstream>
#include <utility>
#include <vector>

namespace groundglass::io::detail {

namespace {

namespace fs = std::filesystem;

/// GDCM prints to the standard error unless told not to; what matters in it is checked and said here.
class quiet_gdcm {
public:
    quiet_gdcm() : warning_(gdcm::Trace::GetWarningFlag()), error_(gdcm::Trace::GetErrorFlag()) {
        gdcm::Trace::SetWarning(false);
        gdcm::Trace::SetError(false);
    }
    ~quiet_gdcm() {
        gdcm::Trace::SetWarning(warning_);
        gdcm::Trace::SetError(error_);
    }
    quiet_gdcm(const quiet_gdcm&) = delete;
    quiet_gdcm& operator=(const quiet_gdcm&) = delete;

private:
    bool warning_, error_;
};

std::string files(std::size_t n) { return reading::counted(n, "file"); }

struct scan {
    std::vector<reading::slice_header> headers;
    /// Of multi-frame files, by `slice_header::file`.
    std::map<std::string, reading::frame_source> frames;
    notes remarks;
};

scan scan_files(const fs::path& root) {
    std::vector<fs::path> paths;
    if (fs::is_directory(root)) {
        for (const auto& entry : fs::recursive_directory_iterator(root))
            if (entry.is_regular_file()) paths.push_back(entry.path());
        std::sort(paths.begin(), paths.end());
        if (paths.empty()) refuse(root, "the folder is empty; give the folder of a CT series");
    } else {
        paths.push_back(root);
    }
    scan result;
    std::size_t other = 0, broken = 0, directories = 0;
    for (const auto& path : paths) {
        static_cast<void>(start_of(path, root)); // refuses what can't be opened
        dicom_header header;
        switch (read_dicom_header(path, header)) {
        case header_state::not_dicom:
            ++other;
            break;
        case header_state::broken:
            ++broken;
            break;
        case header_state::good:
            if (header.directory) {
                ++directories;
                break;
            }
            if (header.frames) result.frames.emplace(header.slices.front().file, std::move(*header.frames));
            std::move(header.slices.begin(), header.slices.end(), std::back_inserter(result.headers));
        }
    }
    const auto damage = reading::concatenation_damage(result.headers);
    for (std::size_t i = 0; i < damage.size(); ++i)
        if (result.headers[i].damage.empty()) result.headers[i].damage = damage[i];
    if (broken > 0)
        refuse(root, "the header of " + std::to_string(broken) + " of " + files(paths.size()) +
                         " is cut off or damaged; copy the study again");
    if (result.headers.empty())
        refuse(root, paths.size() == 1 ? "no DICOM image in it"
                                       : "no DICOM image among its " + files(paths.size()));
    if (directories > 0)
        result.remarks.push_back({note_level::info, "dicomdir_ignored",
                                  "The DICOMDIR was not used: the files themselves say what they are."});
    if (other > 0)
        result.remarks.push_back({note_level::info, "files_ignored",
                                  files(other) + (other == 1 ? " that is not DICOM was ignored."
                                                             : " that are not DICOM were ignored.")});
    return result;
}

template <class T>
void put(reading::ct_assembly& assembly, std::size_t slice, const std::vector<char>& bytes,
         const reading::slice_header& header) {
    assembly.put(slice,
                 std::span<const T>(reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)),
                 header.rescale_slope.value_or(1), header.rescale_intercept.value_or(0));
}

/// Decodes one slice into the volume; `frames` are those of its file, where it is a frame. `bytes` is kept
/// between slices.
void decode(reading::ct_assembly& assembly, std::size_t slice, const reading::slice_header& header,
            const reading::frame_source* frames, std::vector<char>& bytes) {
    const std::size_t pixels = std::size_t{header.rows} * header.columns;
    const std::string damaged =
        "the voxels of a slice can't be decoded: they are cut off, damaged or in an unknown "
        "compression; copy the study again, or convert it to uncompressed DICOM";
    gdcm::ImageReader reader;
    std::istringstream single;
    if (frames) {
        std::ifstream file(header.file, std::ios::binary);
        single.str(frames->single(file, header.frame));
        reader.SetStream(single);
    } else {
        reader.SetFileName(header.file.c_str());
    }
    try {
        if (!reader.Read()) throw format_error(damaged);
        const auto& image = reader.GetImage();
        const auto type = image.GetPixelFormat();
        if (image.GetDimensions()[0] != header.columns || image.GetDimensions()[1] != header.rows ||
            image.GetBufferLength() != pixels * type.GetPixelSize())
            throw format_error(damaged);
        bytes.resize(image.GetBufferLength());
        if (!image.GetBuffer(bytes.data())) throw format_error(damaged);
        const bool is_signed = type.GetPixelRepresentation() == 1;
        if (type.GetPixelSize() == 2 && is_signed)
            put<std::int16_t>(assembly, slice, bytes, header);
        else if (type.GetPixelSize() == 2)
            put<std::uint16_t>(assembly, slice, bytes, header);
        else if (type.GetPixelSize() == 4 && is_signed)
            put<std::int32_t>(assembly, slice, bytes, header);
        else if (type.GetPixelSize() == 4)
            put<std::uint32_t>(assembly, slice, bytes, header);
        else
            throw format_error("a slice stores its voxels in " + std::to_string(type.GetPixelSize()) +
                               " bytes each");
    } catch (const format_error&) {
        throw;
    } catch (const std::exception&) {
        throw format_error(damaged);
    }
}

} // namespace

volume::ct_volume read_dicom(const fs::path& path, const std::string& series_uid) {
    const quiet_gdcm quiet;
    auto found = scan_files(path);
    try {
        const auto plan = reading::plan_series(found.headers, {.series_uid = series_uid});
        auto remarks = std::move(found.remarks);
        remarks.insert(remarks.end(), plan.remarks.begin(), plan.remarks.end());
        std::vector<reading::slice_header> taken;
        for (const auto i : plan.order) taken.push_back(found.headers[i]);
        const auto open = reading::concatenation_notes(taken);
        remarks.insert(remarks.end(), open.begin(), open.end());
        const std::string series = "series " + plan.series_uid + ": ";
        try {
            reading::ct_assembly assembly(plan.grid, std::move(remarks), plan.made);
            std::vector<char> bytes;
            decoder_lines lines;
            for (std::size_t i = 0; i < plan.order.size(); ++i) {
                const auto& header = found.headers[plan.order[i]];
                const auto frames = found.frames.find(header.file);
                decode(assembly, i, header, frames == found.frames.end() ? nullptr : &frames->second, bytes);
            }
            if (auto said = lines.heard()) assembly.remark(std::move(*said));
            return std::move(assembly).finish();
        } catch (const format_error& error) {
            throw format_error(series + error.what());
        }
    } catch (const format_error& error) {
        refuse(path, error.what());
    }
}

} // namespace groundglass::io::detail
