#include "pybind.hpp"
#include <groundglass/reading/read_header.hpp>

namespace groundglass::bindings {

using namespace py::literals;

namespace {

std::string_view name_of(file_kind kind) { return file_kind_names[static_cast<std::size_t>(kind)]; }

file_kind kind_named(const std::string& name) {
    for (std::size_t i = 0; i < std::size(file_kind_names); ++i)
        if (name == file_kind_names[i]) return static_cast<file_kind>(i);
    throw std::invalid_argument("kind: an unknown kind of file");
}

/// As numpy writes it.
std::string dtype_of(const volume_header& header) {
    constexpr const char* names[] = {"i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"};
    std::string result = header.big_endian ? ">" : "<";
    result += names[static_cast<std::size_t>(header.type)];
    return result;
}

std::string_view view_of_bytes(const py::bytes& bytes) { return std::string_view(bytes); }

} // namespace

void bind_reading(py::module_& module) {
    module.attr("longest_header") = longest_header;

    module.def(
        "kind_of_start", [](const py::bytes& start) { return name_of(kind_of_start(view_of_bytes(start))); },
        "start"_a,
        "What a file is by its first 512 bytes or more: 'dicom', 'nifti', 'nrrd', 'metaimage', 'gzip', "
        "'zip', 'archive', 'picture' or 'unknown'.");
    module.def(
        "may_be_dicom", [](const py::bytes& start) { return may_be_dicom(view_of_bytes(start)); }, "start"_a,
        "Whether these may be the first bytes of a DICOM file without preamble: an element of group 2 or 8.");

    py::class_<volume_header>(module, "VolumeHeader",
                              R"(What the header of a volume file says, checked.

Grid in LPS with the axes of the file from the slowest to the fastest. Values are slope * stored + intercept. The voxels
are in data_file beside the header, in the .img of a pair, or in the file itself, from byte offset on; a zlib or gzip
stream begins there where deflated is set, and skip of its bytes come before the voxels.)")
        .def_property_readonly("shape",
                               [](const volume_header& self) { return py::tuple(py::cast(self.grid.shape)); })
        .def_property_readonly(
            "spacing_mm", [](const volume_header& self) { return py::tuple(py::cast(self.grid.spacing_mm)); })
        .def_property_readonly(
            "origin_mm", [](const volume_header& self) { return py::tuple(py::cast(self.grid.origin_mm)); })
        .def_property_readonly("direction",
                               [](const volume_header& self) {
                                   const auto& d = self.grid.direction;
                                   return py::make_tuple(py::tuple(py::cast(d[0])), py::tuple(py::cast(d[1])),
                                                         py::tuple(py::cast(d[2])));
                               })
        .def_property_readonly("dtype", &dtype_of)
        .def_readonly("slope", &volume_header::slope)
        .def_readonly("intercept", &volume_header::intercept)
        .def_property_readonly(
            "data_file",
            [](const volume_header& self) {
                // The header's own bytes; PyUnicode_DecodeFSDefault keeps those that are no UTF-8.
                return py::reinterpret_steal<py::str>(PyUnicode_DecodeFSDefaultAndSize(
                    self.data_file.data(), static_cast<py::ssize_t>(self.data_file.size())));
            })
        .def_readonly("pair", &volume_header::pair)
        .def_readonly("offset", &volume_header::offset)
        .def_readonly("deflated", &volume_header::deflated)
        .def_readonly("skip", &volume_header::skip)
        .def_readonly("notes", &volume_header::remarks)
        .def("inflate_all", &volume_header::inflate_all,
             "Says that the whole data file is compressed, as a .nii.gz is.")
        .def(
            "fit_to_length", &fit_to_length, "length"_a,
            "Sets the offset of voxels at the end of a data file of `length` bytes. Raises FormatError where "
            "it can't hold them.");

    module.def(
        "read_header",
        [](const std::string& kind, const py::bytes& start) {
            return read_header(kind_named(kind), view_of_bytes(start));
        },
        "kind"_a, "start"_a,
        "The header of a 'nifti', 'nrrd' or 'metaimage' file from its first bytes, `longest_header` of them "
        "where it has so many; those of a NIfTI inflated. Raises FormatError for what is no volume of one "
        "number a voxel.");
}

} // namespace groundglass::bindings
