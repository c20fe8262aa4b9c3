#include "files.hpp"
#include "volume_file.hpp"
#include "write_itk.hpp"
#include "write_nifti.hpp"
#include <groundglass/error.hpp>
#include <groundglass/io/labels.hpp>
#include <groundglass/lungs/part_names.hpp>
#include <groundglass/reading/file_kind.hpp>
#include <groundglass/reading/orientation.hpp>
#include <groundglass/reading/wording.hpp>

#include <cmath>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

namespace groundglass::io {

namespace {

template <volume::label_value T>
array3<T> read_file(const std::filesystem::path& path, const volume::ct_volume& like, T highest) {
    if (detail::kind_of(path) == reading::file_kind::dicom)
        detail::refuse(path,
                       "masks are read from NIfTI, NRRD or MetaImage files, not from DICOM; convert it");
    const auto volume = detail::open_volume(path, detail::kind_of(path));
    const auto& header = volume.header;
    try {
        reading::check_on_grid(header.grid, like.grid()); // before memory is taken
        auto labels = make_array<T>(header.grid.shape);
        const auto size = header.grid.shape[1] * header.grid.shape[2];
        const auto put = [&](std::size_t first, const auto& values) {
            const auto out = flat(labels).subspan(first * size, values.size());
            for (std::size_t i = 0; i < values.size(); ++i) {
                const double value = header.slope * static_cast<double>(values[i]) + header.intercept;
                if (!(value >= 0 && value <= highest && value == std::floor(value)))
                    throw format_error("the mask holds the value " + reading::decimal(value) +
                                       "; whole numbers from 0 to " + std::to_string(highest) +
                                       " are allowed");
                out[i] = static_cast<T>(value);
            }
        };
        volume.read(path, [&](std::size_t first, const detail::stored_values& stored) {
            std::visit([&](const auto& values) { put(first, values); }, stored);
        });
        return reading::on_grid(std::move(labels), header.grid, like.grid());
    } catch (const format_error& error) {
        detail::refuse(path, error);
    }
}

/// The files of a folder that are parts of the lungs by their names: lobes where there are any, else lungs,
/// else both lungs in one.
std::map<std::uint8_t, std::filesystem::path> parts_in(const std::filesystem::path& folder) {
    std::map<lungs::named_part::kind, std::map<std::uint8_t, std::filesystem::path>> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const auto name = entry.path().filename().string();
        for (const auto* ending : {".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd"}) {
            if (!name.ends_with(ending)) continue;
            if (const auto part = lungs::part_by_name(
                    std::string_view(name).substr(0, name.size() - std::string(ending).size())))
                if (!found[part->of].emplace(part->label, entry.path()).second)
                    detail::refuse(folder,
                                   "two of its files are the same part of the lungs by their names (" + name +
                                       " is one); leave one");
            break;
        }
    }
    for (const auto kind :
         {lungs::named_part::kind::lobe, lungs::named_part::kind::lung, lungs::named_part::kind::lungs})
        if (const auto at = found.find(kind); at != found.end()) return at->second;
    detail::refuse(folder,
                   "none of its files is a lobe or lung by its name (lung_upper_lobe_left.nii.gz, ..., "
                   "lung_left.nii.gz, lungs.nii.gz); give one file, or rename them");
}

template <volume::label_value T>
array3<T> read_folder(const std::filesystem::path& folder, const volume::ct_volume& like) {
    auto labels = make_array<T>(like.grid().shape);
    for (const auto& [label, path] : parts_in(folder)) {
        const auto part = read_file<std::uint16_t>(path, like, std::numeric_limits<std::uint16_t>::max());
        std::size_t voxels = 0, taken = 0;
        std::uint16_t value = 0;
        const auto to = flat(labels);
        for (std::size_t i = 0; i < to.size(); ++i) {
            const auto here = flat(part)[i];
            if (here == 0) continue;
            if (value != 0 && here != value)
                detail::refuse(path, "it holds the values " + std::to_string(value) + " and " +
                                         std::to_string(here) + "; the file of one part holds one beside 0");
            value = here;
            ++voxels;
            if (to[i] != 0)
                ++taken;
            else
                to[i] = label;
        }
        // Borders that were smoothed each for itself overlap by less.
        if (20 * taken > voxels)
            detail::refuse(path, std::to_string(100 * taken / voxels) +
                                     " % of it lie in another part of the folder");
    }
    return labels;
}

} // namespace

template <volume::label_value T>
array3<T> read_labels(const std::filesystem::path& path, const volume::ct_volume& like,
                      std::type_identity_t<T> highest) {
    std::error_code none;
    if (!std::filesystem::exists(path, none)) detail::refuse(path, "there is no such file");
    return std::filesystem::is_directory(path, none) ? read_folder<T>(path, like)
                                                     : read_file<T>(path, like, highest);
}

template array3<std::uint8_t> read_labels<std::uint8_t>(const std::filesystem::path&,
                                                        const volume::ct_volume&, std::uint8_t);
template array3<std::uint16_t> read_labels<std::uint16_t>(const std::filesystem::path&,
                                                          const volume::ct_volume&, std::uint16_t);

void write_labels(const std::filesystem::path& path, const array3<std::uint8_t>& labels,
                  const volume::geometry& grid) {
    if (shape_of(labels) != grid.shape)
        throw std::invalid_argument("write_labels: the array's shape differs from the grid's shape");
    const auto name = path.filename().string();
    const bool nifti = name.ends_with(".nii") || name.ends_with(".nii.gz");
    if (!nifti && !name.ends_with(".nrrd") && !name.ends_with(".mha"))
        throw std::invalid_argument("write_labels: the ending must be .nii, .nii.gz, .nrrd or .mha, found " +
                                    name);
    std::error_code error;
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (!std::filesystem::is_directory(folder, error)) detail::refuse(path, "its folder does not exist");
    // The ending stays at the end: it says whether the file is compressed.
    const auto temporary = path.parent_path() / (".writing-" + name);
    try {
        nifti ? detail::write_nifti(temporary, labels, grid) : detail::write_itk(temporary, labels, grid);
        std::filesystem::rename(temporary, path, error);
    } catch (const std::filesystem::filesystem_error&) {
        error = std::make_error_code(std::errc::io_error);
    }
    if (error) {
        std::error_code ignored;
        std::filesystem::remove(temporary, ignored);
        detail::refuse(path, "it can't be written (" + error.message() + ")");
    }
}

} // namespace groundglass::io
