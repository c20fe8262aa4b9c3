#include "numpy.hpp"
#include "pybind.hpp"
#include <groundglass/reading/ct_assembly.hpp>
#include <groundglass/reading/frames.hpp>
#include <groundglass/reading/multi_frame.hpp>
#include <groundglass/reading/series.hpp>

#include <fstream>

namespace groundglass::bindings {

using namespace py::literals;

namespace {

py::tuple direction_tuple(const geometry& grid) {
    const auto& d = grid.direction;
    return py::make_tuple(py::tuple(py::cast(d[0])), py::tuple(py::cast(d[1])), py::tuple(py::cast(d[2])));
}

template <class T>
bool put_as(ct_assembly& self, std::size_t first, const py::array& stored, double slope, double intercept) {
    if (!stored.dtype().equal(py::dtype::of<T>())) return false;
    const auto values = py::array_t<T, py::array::c_style>::ensure(stored);
    if (!values) throw py::error_already_set();
    const std::span<const T> span(values.data(), static_cast<std::size_t>(values.size()));
    const py::gil_scoped_release release;
    self.put(first, span, slope, intercept);
    return true;
}

void put(ct_assembly& self, std::size_t first, const py::array& stored, double slope, double intercept) {
    const bool known = put_as<std::int16_t>(self, first, stored, slope, intercept) ||
                       put_as<std::uint16_t>(self, first, stored, slope, intercept) ||
                       put_as<std::int32_t>(self, first, stored, slope, intercept) ||
                       put_as<std::uint32_t>(self, first, stored, slope, intercept) ||
                       put_as<float>(self, first, stored, slope, intercept) ||
                       put_as<double>(self, first, stored, slope, intercept) ||
                       put_as<std::int8_t>(self, first, stored, slope, intercept) ||
                       put_as<std::uint8_t>(self, first, stored, slope, intercept) ||
                       put_as<std::int64_t>(self, first, stored, slope, intercept) ||
                       put_as<std::uint64_t>(self, first, stored, slope, intercept);
    if (!known)
        throw py::type_error("stored: an integer or real dtype is needed, found " +
                             py::cast<std::string>(py::str(stored.dtype())));
}

struct frame_file {
    std::string path;
    frame_source frames;
};

bool put_lossless(const frame_file& self, std::uint32_t frame, ct_assembly& assembly, std::size_t slice,
                  double slope, double intercept) {
    const py::gil_scoped_release release;
    std::ifstream file(self.path, std::ios::binary);
    const auto stored = self.frames.lossless(file, frame);
    if (!stored) return false;
    if (self.frames.bits().is_signed) {
        // Two's complement: values as they are stored, which C++20 converts to and back without a loss.
        const std::vector<std::int16_t> values(stored->begin(), stored->end());
        assembly.put(slice, std::span<const std::int16_t>(values), slope, intercept);
    } else {
        assembly.put(slice, std::span<const std::uint16_t>(*stored), slope, intercept);
    }
    return true;
}

} // namespace

void bind_series(py::module_& module) {
    py::class_<slice_header>(module, "SliceHeader",
                             R"(What a DICOM slice says of itself, as far as plan_series needs it.

Attributes have the names of the C++ struct; absent ones stay empty or None. Nothing here names a patient.)")
        .def(py::init<>())
        .def_property(
            "file",
            [](const slice_header& self) {
                // A name that is no UTF-8 keeps its bytes, as in os.fsdecode.
                return py::reinterpret_steal<py::str>(PyUnicode_DecodeFSDefaultAndSize(
                    self.file.data(), static_cast<py::ssize_t>(self.file.size())));
            },
            [](slice_header& self, const std::filesystem::path& file) { self.file = file.string(); })
        .def_readwrite("study_uid", &slice_header::study_uid)
        .def_readwrite("series_uid", &slice_header::series_uid)
        .def_readwrite("instance_uid", &slice_header::instance_uid)
        .def_readwrite("frame", &slice_header::frame)
        .def_readwrite("sop_class_uid", &slice_header::sop_class_uid)
        .def_readwrite("frame_of_reference_uid", &slice_header::frame_of_reference_uid)
        .def_readwrite("modality", &slice_header::modality)
        .def_readwrite("image_type", &slice_header::image_type)
        .def_readwrite("photometric", &slice_header::photometric)
        .def_readwrite("convolution_kernel", &slice_header::convolution_kernel)
        .def_readwrite("patient_position", &slice_header::patient_position)
        .def_readwrite("rescale_type", &slice_header::rescale_type)
        .def_readwrite("rows", &slice_header::rows)
        .def_readwrite("columns", &slice_header::columns)
        .def_readwrite("bits_allocated", &slice_header::bits_allocated)
        .def_readwrite("samples_per_pixel", &slice_header::samples_per_pixel)
        .def_readwrite("number_of_frames", &slice_header::number_of_frames)
        .def_readwrite("position", &slice_header::position)
        .def_readwrite("orientation", &slice_header::orientation)
        .def_readwrite("pixel_spacing", &slice_header::pixel_spacing)
        .def_readwrite("slice_location", &slice_header::slice_location)
        .def_readwrite("slice_thickness", &slice_header::slice_thickness)
        .def_readwrite("spacing_between_slices", &slice_header::spacing_between_slices)
        .def_readwrite("gantry_tilt_degrees", &slice_header::gantry_tilt_degrees)
        .def_readwrite("rescale_slope", &slice_header::rescale_slope)
        .def_readwrite("rescale_intercept", &slice_header::rescale_intercept)
        .def_readwrite("instance_number", &slice_header::instance_number)
        .def_readwrite("acquisition_number", &slice_header::acquisition_number)
        .def_readwrite("temporal_position", &slice_header::temporal_position)
        .def_readwrite("concatenation_uid", &slice_header::concatenation_uid)
        .def_readwrite("concatenation_part", &slice_header::concatenation_part)
        .def_readwrite("concatenation_parts", &slice_header::concatenation_parts)
        .def_readwrite("acquisition_time", &slice_header::acquisition_time)
        .def_readwrite("lossy", &slice_header::lossy)
        .def_readwrite("damage", &slice_header::damage);

    py::class_<series_plan>(module, "SeriesPlan",
                            R"(Which slices make the volume, in which order, and where it lies.

order: indices into the headers, towards the head for axial slices. others: what was found and not taken, as
(uid, slices, reason). Shape, spacing, origin and direction are those of the slices as acquired.)")
        .def_readonly("series_uid", &series_plan::series_uid)
        .def_readonly("order", &series_plan::order)
        .def_readonly("notes", &series_plan::remarks)
        .def_property_readonly("others",
                               [](const series_plan& self) {
                                   py::list result;
                                   for (const auto& other : self.others)
                                       result.append(py::make_tuple(other.uid, other.slices, other.reason));
                                   return result;
                               })
        .def_property_readonly("shape",
                               [](const series_plan& self) { return py::tuple(py::cast(self.grid.shape)); })
        .def_property_readonly(
            "spacing_mm", [](const series_plan& self) { return py::tuple(py::cast(self.grid.spacing_mm)); })
        .def_property_readonly(
            "origin_mm", [](const series_plan& self) { return py::tuple(py::cast(self.grid.origin_mm)); })
        .def_property_readonly("direction",
                               [](const series_plan& self) { return direction_tuple(self.grid); })
        .def_property_readonly("slice_thickness_mm",
                               [](const series_plan& self) { return self.made.slice_thickness_mm; })
        .def_property_readonly("kernel", [](const series_plan& self) { return self.made.kernel; })
        .def_property_readonly("position",
                               [](const series_plan& self) { return name_of(self.made.position); });

    module.def(
        "plan_series",
        [](const std::vector<slice_header>& headers, std::string series, double position_tolerance) {
            const series_options options{.series_uid = std::move(series),
                                         .position_tolerance = position_tolerance};
            const py::gil_scoped_release release;
            return plan_series(headers, options);
        },
        "headers"_a, py::kw_only(), "series"_a = "",
        "position_tolerance"_a = series_options{}.position_tolerance,
        R"(Decides from slice headers alone which slices make the CT volume and in which order.

headers: list of SliceHeader. series: UID to take, or empty for the rule (original before derived, axial before
other planes, most slices, thinner slices, smaller UID). Raises FormatError where slices are missing, doubled or
unevenly spaced, or where nothing is a CT.)");

    module.def(
        "pixel_data_damage",
        [](const slice_header& header, std::uint64_t offset, const std::string& transfer_syntax) {
            std::ifstream file(header.file, std::ios::binary);
            file.seekg(static_cast<std::streamoff>(offset));
            return pixel_data_damage(file, header, transfer_syntax);
        },
        "header"_a, "offset"_a, "transfer_syntax"_a,
        "What is wrong with the voxels of a DICOM file whose Pixel Data begins at byte `offset`, from "
        "lengths alone; empty when nothing is.");

    module.def("holds_frames", &holds_frames, "file"_a, "described"_a,
               "Whether a file is to be read frame by frame: a CT that describes its frames by functional "
               "groups, `described` of them. `file` is what it says of itself outside of them.");
    module.def("frame_count_damage", &frame_count_damage, "file"_a, "described"_a,
               "What is wrong with the frames that a file claims and describes; empty when nothing is.");
    module.def(
        "frame_place_damage",
        [](const std::vector<slice_header>& frames) { return frame_place_damage(frames); }, "frames"_a,
        "What is wrong where some frames of a file have a position and others none; empty when nothing is.");
    module.def(
        "frame_acquisitions",
        [](std::vector<std::optional<int>> acquisitions, const std::vector<std::string>& stack_ids) {
            return frame_acquisitions(std::move(acquisitions), stack_ids);
        },
        "acquisitions"_a, "stack_ids"_a,
        "The acquisition number of every frame of a file: as given, or by Stack ID where frames of one "
        "acquisition number form several stacks.");
    module.def(
        "concatenation_damage",
        [](const std::vector<slice_header>& headers) { return concatenation_damage(headers); }, "headers"_a,
        "One text for each header, empty but for the first of an object that was split over files of which "
        "some are not there.");
    module.def(
        "concatenation_notes",
        [](const std::vector<slice_header>& slices) { return concatenation_notes(slices); }, "slices"_a,
        "Notes on a series' slices: where it is split over files that do not say how many they are.");

    py::class_<frame_file>(module, "FrameSource",
                           R"(The frames of a multi-frame DICOM file, taken out one by one.

header: that of any of its frames. offset: byte at which Pixel Data begins. stored, high, is_signed: Bits Stored,
High Bit and Pixel Representation.)")
        .def(py::init([](const slice_header& header, std::uint64_t offset, const std::string& transfer_syntax,
                         std::uint32_t stored, std::uint32_t high, bool is_signed) {
                 std::ifstream file(header.file, std::ios::binary);
                 file.seekg(static_cast<std::streamoff>(offset));
                 return frame_file{header.file, {file, header, transfer_syntax, {stored, high, is_signed}}};
             }),
             "header"_a, "offset"_a, "transfer_syntax"_a, py::kw_only(), "stored"_a, "high"_a, "is_signed"_a)
        .def_property_readonly(
            "damage", [](const frame_file& self) { return self.frames.damage(); },
            "What is wrong with the voxels; empty when nothing is.")
        .def(
            "single",
            [](const frame_file& self, std::uint32_t frame) {
                std::ifstream file(self.path, std::ios::binary);
                return py::bytes(self.frames.single(file, frame));
            },
            "frame"_a,
            "The bytes of a DICOM file that holds this frame, from 1, alone: stored values, without rescale, "
            "place or name. Raises FormatError where the file is damaged or cut off.")
        .def("put_lossless", &put_lossless, "frame"_a, "assembly"_a, "slice"_a, "slope"_a, "intercept"_a,
             "Puts this frame into a slice of a CT where it is JPEG Lossless and nothing about it is "
             "unusual, and "
             "returns whether it did. Different frames may be put from different threads. Raises as single "
             "does.");

    const geometry standard;
    py::class_<ct_assembly>(module, "CtAssembly",
                            R"(Puts a CT together slice by slice in the buffer that becomes the volume.

shape, spacing_mm, origin_mm, direction: the grid as the slices come, in any orientation (LPS, axes slice, row,
column). slice_thickness_mm, kernel, position: what the headers say of the slices. Raises FormatError for a grid that
no chest CT has.)")
        .def(py::init([](const shape3& shape, const vector3& spacing_mm, const vector3& origin_mm,
                         const std::array<vector3, 3>& direction, notes remarks,
                         std::optional<double> slice_thickness_mm, std::string kernel,
                         const std::string& position) {
                 return ct_assembly(geometry{.shape = shape,
                                             .spacing_mm = spacing_mm,
                                             .origin_mm = origin_mm,
                                             .direction = direction},
                                    std::move(remarks),
                                    {slice_thickness_mm, std::move(kernel), position_named(position)});
             }),
             py::kw_only(), "shape"_a, "spacing_mm"_a, "origin_mm"_a = standard.origin_mm,
             "direction"_a = standard.direction, "notes"_a = notes{}, "slice_thickness_mm"_a = py::none(),
             "kernel"_a = "", "position"_a = "unknown")
        .def("put", &put, "first"_a, "stored"_a, py::kw_only(), "slope"_a = 1.0, "intercept"_a = 0.0,
             "Stores whole slices from slice `first` on as slope * stored + intercept. Different slices may "
             "be put "
             "from different threads. Raises ValueError where they are not whole slices, TypeError for a "
             "dtype that is no number.")
        .def("remark", &ct_assembly::remark, "note"_a,
             "Adds what the reader has to say after it has seen the voxels.")
        .def(
            "finish",
            [](ct_assembly& self) {
                const py::gil_scoped_release release;
                return std::move(self).finish();
            },
            "The CtVolume: values checked to be HU, axial. Raises FormatError where they can't be HU. Call "
            "it once.");

    module.def(
        "check_on_grid",
        [](const shape3& shape, const vector3& spacing_mm, const vector3& origin_mm,
           const std::array<vector3, 3>& direction, const ct_volume& like) {
            check_on_grid(
                geometry{
                    .shape = shape, .spacing_mm = spacing_mm, .origin_mm = origin_mm, .direction = direction},
                like.grid());
        },
        py::kw_only(), "shape"_a, "spacing_mm"_a, "origin_mm"_a, "direction"_a, "like"_a,
        "Raises FormatError, telling both, where a grid with its axes turned to axial is not that of "
        "`like`.");

    module.def(
        "labels_on_grid",
        [](const py::array& labels, const vector3& spacing_mm, const vector3& origin_mm,
           const std::array<vector3, 3>& direction, const ct_volume& like) {
            return with_labels(labels, "labels", [&](auto array) -> py::array {
                const geometry source{.shape = shape_of(array),
                                      .spacing_mm = spacing_mm,
                                      .origin_mm = origin_mm,
                                      .direction = direction};
                return to_numpy(on_grid(std::move(array), source, like.grid()));
            });
        },
        "labels"_a, py::kw_only(), "spacing_mm"_a, "origin_mm"_a, "direction"_a, "like"_a,
        "The uint8 or uint16 labels turned to the axial order of `like`. Raises FormatError where they lie "
        "in another grid.");
}

} // namespace groundglass::bindings
