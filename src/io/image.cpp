#include "files.hpp"

#include <itkMetaDataObject.h>
#include <itkMetaImageIO.h>
#include <itkNiftiImageIO.h>
#include <itkNrrdImageIO.h>
#include <zlib.h>

#include <cstring>
#include <fstream>
#include <map>

namespace groundglass::io {

namespace {

constexpr double most_deflate = 1032; // what deflate can shrink by at the most

bool ends(const std::filesystem::path& path, std::initializer_list<std::string_view> endings) {
    std::string name = path.filename().string();
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view end) {
        return name.size() >= end.size() && std::string_view(name).substr(name.size() - end.size()) == end;
    });
}

itk::ImageIOBase::Pointer maker(const std::filesystem::path& path, file_kind kind) {
    switch (kind) {
    case file_kind::nifti:
        if (!ends(path, {".nii", ".nii.gz"}))
            refuse(path, "a NIfTI file must have the ending .nii or .nii.gz");
        return itk::NiftiImageIO::New().GetPointer();
    case file_kind::nrrd:
        if (!ends(path, {".nrrd", ".nhdr"})) refuse(path, "an NRRD file must have the ending .nrrd or .nhdr");
        return itk::NrrdImageIO::New().GetPointer();
    default:
        if (!ends(path, {".mha", ".mhd"})) refuse(path, "a MetaImage file must have the ending .mha or .mhd");
        return itk::MetaImageIO::New().GetPointer();
    }
}

/// Where the voxels of a MetaImage lie, by its own text.
struct meta_layout {
    std::filesystem::path file;
    std::uint64_t offset = 0;
    bool compressed = false;
    double compressed_size = 0;
};

/// MetaIO writes past its memory for some damaged names of data files, and prints to the standard error where
/// a file is cut off; so the text is looked at before it sees the file.
meta_layout layout_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::map<std::string, std::string> fields;
    meta_layout layout;
    const auto trimmed = [](const std::string& text) {
        const auto first = text.find_first_not_of(" \t\r"), last = text.find_last_not_of(" \t\r");
        return first == std::string::npos ? std::string() : text.substr(first, last - first + 1);
    };
    std::string line;
    for (std::uint64_t read = 0;
         read < (1 << 16) && !fields.count("ElementDataFile") && std::getline(file, line);) {
        read += line.size() + 1;
        layout.offset = read;
        const auto equals = line.find('=');
        if (equals != std::string::npos)
            fields[trimmed(line.substr(0, equals))] = trimmed(line.substr(equals + 1));
    }
    for (const auto* key : {"NDims", "DimSize", "ElementType", "ElementDataFile"})
        if (fields[key].empty()) refuse(path, "the MetaImage header is damaged or cut off");
    const auto yes = [&](const char* key) {
        return !fields[key].empty() && std::strchr("Tt1", fields[key][0]);
    };
    layout.compressed = yes("CompressedData");
    layout.compressed_size = std::strtod(fields["CompressedDataSize"].c_str(), nullptr);
    const auto& name = fields["ElementDataFile"];
    layout.file = path;
    if (name == "LOCAL" || name == "Local" || name == "local") return layout;
    layout.file = path.parent_path() / name;
    layout.offset = 0;
    if (name.find_first_of("/%* ") != std::string::npos || name.rfind("LIST", 0) == 0 ||
        !std::filesystem::is_regular_file(layout.file))
        refuse(path, "the header names voxels in another file, which is not one file beside it");
    return layout;
}

void check_length(const std::filesystem::path& path, const meta_layout& layout, double claimed) {
    const double held =
        static_cast<double>(std::filesystem::file_size(layout.file)) - static_cast<double>(layout.offset);
    if (held < (layout.compressed ? layout.compressed_size : claimed) || held * most_deflate < claimed)
        refuse(path, "the file is cut off or damaged, it holds " + detail::decimal(std::max(held, 0.0), 0) +
                         " bytes of voxels where its header claims " +
                         detail::decimal(layout.compressed ? layout.compressed_size : claimed, 0) +
                         "; copy it again");
}

/// Whether a zlib or gzip stream is whole and holds at least `claimed` bytes. MetaIO goes on where it is not.
bool inflates(const meta_layout& layout, double claimed) {
    std::ifstream file(layout.file, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(layout.offset));
    std::vector<unsigned char> in(std::size_t{1} << 16), out(std::size_t{1} << 18);
    z_stream stream{};
    if (inflateInit2(&stream, 47) != Z_OK) return false; // 47: either header, as zlib numbers it
    double held = 0;
    int state = Z_OK;
    while (state == Z_OK) {
        if (stream.avail_in == 0) {
            file.read(reinterpret_cast<char*>(in.data()), static_cast<std::streamsize>(in.size()));
            stream.next_in = in.data();
            stream.avail_in = static_cast<unsigned>(file.gcount());
            if (stream.avail_in == 0) break;
        }
        stream.next_out = out.data();
        stream.avail_out = static_cast<unsigned>(out.size());
        state = inflate(&stream, Z_NO_FLUSH);
        held += static_cast<double>(out.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    return state == Z_STREAM_END && held >= claimed;
}

template <class T>
stored_values as(const std::vector<char>& bytes) {
    return std::span<const T>(reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T));
}

stored_values typed(const std::filesystem::path& path, itk::ImageIOBase::IOComponentType type,
                    const std::vector<char>& bytes) {
    switch (type) {
    case itk::IOComponentEnum::CHAR:
        return as<std::int8_t>(bytes);
    case itk::IOComponentEnum::UCHAR:
        return as<std::uint8_t>(bytes);
    case itk::IOComponentEnum::SHORT:
        return as<std::int16_t>(bytes);
    case itk::IOComponentEnum::USHORT:
        return as<std::uint16_t>(bytes);
    case itk::IOComponentEnum::INT:
        return as<std::int32_t>(bytes);
    case itk::IOComponentEnum::UINT:
        return as<std::uint32_t>(bytes);
    case itk::IOComponentEnum::LONG:
    case itk::IOComponentEnum::LONGLONG:
        return bytes.empty() || sizeof(long) == 8 ? as<std::int64_t>(bytes) : as<std::int32_t>(bytes);
    case itk::IOComponentEnum::ULONG:
    case itk::IOComponentEnum::ULONGLONG:
        return bytes.empty() || sizeof(long) == 8 ? as<std::uint64_t>(bytes) : as<std::uint32_t>(bytes);
    case itk::IOComponentEnum::FLOAT:
        return as<float>(bytes);
    case itk::IOComponentEnum::DOUBLE:
        return as<double>(bytes);
    default:
        refuse(path, "an image of no plain number type; a CT has one number a voxel");
    }
}

} // namespace

image_file open_image(const std::filesystem::path& path, file_kind kind) {
    const auto io = maker(path, kind);
    meta_layout layout;
    if (kind == file_kind::metaimage) layout = layout_of(path);
    io->SetFileName(path.string());
    try {
        io->ReadImageInformation();
    } catch (const itk::ExceptionObject& error) {
        if (std::string_view(error.GetDescription()).find("orthonormal") != std::string_view::npos)
            refuse(path, "the image's axes are sheared against each other; resample it first");
        refuse(path, "the header is damaged or cut off");
    }
    const auto dimensions = io->GetNumberOfDimensions();
    bool flat_rest = true;
    for (unsigned axis = 3; axis < dimensions; ++axis) flat_rest = flat_rest && io->GetDimensions(axis) == 1;
    if (io->GetNumberOfComponents() != 1) refuse(path, "several values a voxel; a CT has one");
    if (dimensions < 3 || !flat_rest) refuse(path, "not one volume of slices, rows and columns");

    image_file image;
    for (unsigned axis = 0; axis < 3; ++axis) {
        const unsigned source = 2 - axis;
        image.grid.shape[axis] = io->GetDimensions(source);
        image.grid.spacing_mm[axis] = io->GetSpacing(source);
        image.grid.origin_mm[axis] = io->GetOrigin(axis);
        const auto cosines = io->GetDirection(source);
        for (std::size_t i = 0; i < 3; ++i) image.grid.direction[axis][i] = cosines[i];
    }
    double claimed = io->GetComponentSize();
    for (const auto n : image.grid.shape) claimed *= static_cast<double>(n);
    const double held = static_cast<double>(std::filesystem::file_size(path));
    if (!ends(path, {".nhdr", ".mhd"}) && claimed > held * most_deflate)
        refuse(path, "the header claims " + detail::decimal(claimed / 1e6, 1) +
                         " MB of voxels, which the file of " + detail::decimal(held / 1e6, 1) +
                         " MB can't hold: it is cut off or damaged, copy it again");
    if (kind == file_kind::nifti) {
        stream_nifti(path, image);
        return image;
    }
    if (kind == file_kind::metaimage) check_length(path, layout, claimed);
    if (kind == file_kind::nrrd) image.oriented = io->GetMetaDataDictionary().HasKey("NRRD_space");

    image.read = [path, io, claimed, layout](const slice_sink& sink, std::span<std::int16_t> room) {
        const std::string cut = "the voxels can't be read: the file is cut off or damaged, copy it again";
        if (layout.compressed && !inflates(layout, claimed)) refuse(path, cut);
        itk::ImageIORegion region(io->GetNumberOfDimensions());
        for (unsigned axis = 0; axis < io->GetNumberOfDimensions(); ++axis)
            region.SetSize(axis, io->GetDimensions(axis));
        io->SetIORegion(region);
        const auto type = io->GetComponentType();
        const bool direct = type == itk::IOComponentEnum::SHORT && !room.empty();
        std::vector<char> bytes(direct ? 0 : static_cast<std::size_t>(claimed));
        const auto values = typed(path, type, bytes);
        try {
            io->Read(direct ? static_cast<void*>(room.data()) : bytes.data());
        } catch (const itk::ExceptionObject&) {
            refuse(path, cut);
        }
        sink(0, direct ? stored_values(std::span<const std::int16_t>(room)) : values);
    };
    return image;
}

} // namespace groundglass::io
