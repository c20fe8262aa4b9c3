#include "numpy.hpp"
#include "pybind.hpp"
#include <groundglass/volume/lesion_ct.hpp>

namespace groundglass::bindings {

using namespace py::literals;

namespace {

const char* level_name(note_level level) { return level == note_level::info ? "info" : "warning"; }

note make_note(const std::string& level, std::string code, std::string text) {
    if (level != "info" && level != "warning")
        throw std::invalid_argument("Note: level must be 'info' or 'warning', found '" + level + "'");
    return {level == "info" ? note_level::info : note_level::warning, std::move(code), std::move(text)};
}

ct_volume make_ct(const py::array& hounsfield, const vector3& spacing_mm, const vector3& origin_mm,
                  const std::array<vector3, 3>& direction, notes remarks,
                  std::optional<double> slice_thickness_mm, std::string kernel, const std::string& position) {
    auto array = from_numpy<std::int16_t, 3>(hounsfield, "hounsfield");
    const geometry grid{
        .shape = shape_of(array), .spacing_mm = spacing_mm, .origin_mm = origin_mm, .direction = direction};
    return {std::move(array),
            grid,
            std::move(remarks),
            {slice_thickness_mm, std::move(kernel), position_named(position)}};
}

shared_array3<std::uint8_t> optional_map(const std::optional<py::array>& array, const char* name) {
    return array ? shared(from_numpy<std::uint8_t, 3>(*array, name)) : nullptr;
}

py::tuple shape_tuple(const ct_volume& ct) {
    const auto& shape = ct.grid().shape;
    return py::make_tuple(shape[0], shape[1], shape[2]);
}

py::dict fissure_dicts(const volume::lobe_estimate& how) {
    py::dict result;
    for (std::size_t k = 0; k < volume::fissure_count; ++k) {
        constexpr std::array names{"left oblique", "right oblique", "right horizontal"};
        result[names[k]] = py::dict("seen"_a = how.fissures[k].seen,
                                    "expected_error_mm"_a = how.fissures[k].expected_error_mm);
    }
    return result;
}

py::object fissure_state(const std::optional<volume::lobe_estimate>& how) {
    if (!how) return py::none();
    py::list result;
    for (const auto& each : how->fissures) result.append(py::make_tuple(each.seen, each.expected_error_mm));
    return py::tuple(result);
}

volume::lobe_estimate fissures_from(const py::tuple& state) {
    volume::lobe_estimate result;
    for (std::size_t k = 0; k < volume::fissure_count; ++k) {
        const auto each = state[k].cast<py::tuple>();
        result.fissures[k] = {each[0].cast<double>(), each[1].cast<double>()};
    }
    return result;
}

} // namespace

void bind_volume(py::module_& module) {
    py::class_<note>(module, "Note", "What a stage found or mended: level ('info' or 'warning'), code, text.")
        .def(py::init(&make_note), "level"_a, "code"_a, "text"_a)
        .def_property_readonly("level", [](const note& self) { return level_name(self.level); })
        .def_readonly("code", &note::code)
        .def_readonly("text", &note::text)
        .def("__eq__",
             [](const note& self, const py::object& other) {
                 return py::isinstance<note>(other) && self == other.cast<const note&>();
             })
        .def("__hash__", [](const note& self) { return py::hash(py::make_tuple(self.code, self.text)); })
        .def("__repr__",
             [](const note& self) {
                 return "Note(" +
                        py::cast<std::string>(py::str(", ").attr("join")(
                            py::make_tuple(py::repr(py::str(level_name(self.level))),
                                           py::repr(py::str(self.code)), py::repr(py::str(self.text))))) +
                        ")";
             })
        .def(py::pickle(
            [](const note& self) { return py::make_tuple(level_name(self.level), self.code, self.text); },
            [](const py::tuple& state) {
                return make_note(state[0].cast<std::string>(), state[1].cast<std::string>(),
                                 state[2].cast<std::string>());
            }));

    const geometry standard;
    py::class_<ct_volume>(module, "CtVolume", R"(A chest CT in Hounsfield units.

hounsfield: int16 array (slice, row, column); slices from feet to head, rows to the back, columns to the left.
spacing_mm: distance of slices, rows and columns. origin_mm: LPS position of voxel (0, 0, 0).
direction: for each array axis the LPS unit vector of one step along it; a gantry tilt may shear the first.
slice_thickness_mm, kernel: how the scanner made the slices, None and '' where that is not known.
position: how the patient lay, 'supine', 'prone', 'left_side' (on it), 'right_side' or 'unknown'.
The array is copied once. Raises ValueError for another shape, spacing or orientation, TypeError for another dtype.)")
        .def(py::init(&make_ct), "hounsfield"_a, py::kw_only(), "spacing_mm"_a,
             "origin_mm"_a = standard.origin_mm, "direction"_a = standard.direction, "notes"_a = notes{},
             "slice_thickness_mm"_a = py::none(), "kernel"_a = "", "position"_a = "unknown")
        .def_property_readonly("hounsfield",
                               [](const ct_volume& self) { return view_of(self.shared_hounsfield()); })
        .def_property_readonly(
            "spacing_mm", [](const ct_volume& self) { return py::tuple(py::cast(self.grid().spacing_mm)); })
        .def_property_readonly(
            "origin_mm", [](const ct_volume& self) { return py::tuple(py::cast(self.grid().origin_mm)); })
        .def_property_readonly("direction",
                               [](const ct_volume& self) {
                                   const auto& d = self.grid().direction;
                                   return py::make_tuple(py::tuple(py::cast(d[0])), py::tuple(py::cast(d[1])),
                                                         py::tuple(py::cast(d[2])));
                               })
        .def_property_readonly("shape", &shape_tuple)
        .def_property_readonly("voxel_ml", [](const ct_volume& self) { return self.grid().voxel_ml(); })
        .def_property_readonly("notes", &ct_volume::remarks)
        .def_property_readonly("slice_thickness_mm",
                               [](const ct_volume& self) { return self.reconstruction().slice_thickness_mm; })
        .def_property_readonly("kernel", [](const ct_volume& self) { return self.reconstruction().kernel; })
        .def_property_readonly("position",
                               [](const ct_volume& self) { return name_of(self.reconstruction().position); })
        .def("__repr__",
             [](const ct_volume& self) {
                 return py::str("CtVolume(shape={}, spacing_mm={}, notes={})")
                     .format(shape_tuple(self), py::tuple(py::cast(self.grid().spacing_mm)),
                             self.notes().size());
             })
        .def(py::pickle(
            [](const ct_volume& self) {
                return py::make_tuple(view_of(self.shared_hounsfield()), self.grid().spacing_mm,
                                      self.grid().origin_mm, self.grid().direction, self.notes(),
                                      self.reconstruction().slice_thickness_mm, self.reconstruction().kernel,
                                      name_of(self.reconstruction().position));
            },
            [](const py::tuple& s) {
                return make_ct(s[0].cast<py::array>(), s[1].cast<vector3>(), s[2].cast<vector3>(),
                               s[3].cast<std::array<vector3, 3>>(), s[4].cast<notes>(),
                               s.size() > 5 ? s[5].cast<std::optional<double>>() : std::nullopt,
                               s.size() > 6 ? s[6].cast<std::string>() : "",
                               s.size() > 7 ? s[7].cast<std::string>() : "unknown");
            }));

    const auto make_lungs = [](const ct_volume& ct, const py::array& lungs, notes remarks) {
        return lung_ct(ct, from_numpy<std::uint8_t, 3>(lungs, "lungs"), std::move(remarks));
    };
    py::class_<lung_ct>(module, "LungCt",
                        R"(A CT with its lungs: uint8 array of 0 none, 1 left lung, 2 right lung.

lobes and segments are uint8 arrays where with_lobes (or Lobes) and with_segments gave them, else None.
lobe_estimate says how Lobes estimated them, a dict for each fissure ('left oblique', 'right oblique', 'right
horizontal'): 'seen', the share of its area where the CT shows it, and 'expected_error_mm', the mean error of the
border where it goes by shape. None for lobes that were given.

Raises ValueError for another shape than the CT's or another value.)")
        .def(py::init(make_lungs), "ct"_a, "lungs"_a, py::kw_only(), "notes"_a = notes{})
        .def_property_readonly("ct", &lung_ct::ct)
        .def_property_readonly("lungs", [](const lung_ct& self) { return view_of(self.shared_lungs()); })
        .def_property_readonly("lobes", [](const lung_ct& self) { return view_of(self.lobes()); })
        .def_property_readonly("segments", [](const lung_ct& self) { return view_of(self.segments()); })
        .def_property_readonly("lobe_estimate",
                               [](const lung_ct& self) -> py::object {
                                   if (!self.lobe_estimate()) return py::none();
                                   return fissure_dicts(*self.lobe_estimate());
                               })
        .def_property_readonly("notes", &lung_ct::remarks)
        .def("__repr__",
             [](const lung_ct& self) {
                 return py::str("LungCt(shape={}, notes={})")
                     .format(shape_tuple(self.ct()), self.notes().size());
             })
        .def(py::pickle(
            [](const lung_ct& self) {
                return py::make_tuple(self.ct(), view_of(self.shared_lungs()), self.notes(),
                                      view_of(self.lobes()), view_of(self.segments()),
                                      fissure_state(self.lobe_estimate()));
            },
            [make_lungs](const py::tuple& s) {
                const auto lungs =
                    make_lungs(s[0].cast<const ct_volume&>(), s[1].cast<py::array>(), s[2].cast<notes>());
                auto segments = optional_map(s[4].cast<std::optional<py::array>>(), "segments");
                if (s.size() > 5 && !s[5].is_none())
                    return lungs.divided(nullptr, std::move(segments))
                        .with_estimated_lobes(from_numpy<std::uint8_t, 3>(s[3].cast<py::array>(), "lobes"),
                                              fissures_from(s[5].cast<py::tuple>()));
                return lungs.divided(optional_map(s[3].cast<std::optional<py::array>>(), "lobes"),
                                     std::move(segments));
            }));

    const auto make_lesions = [](const lung_ct& lungs, const py::array& lesions, notes remarks,
                                 const std::optional<py::array>& ground_glass,
                                 const std::optional<py::array>& consolidation,
                                 const std::optional<lesion_uncertainty>& uncertainty) {
        return lesion_ct(lungs, from_numpy<std::uint8_t, 3>(lesions, "lesions"), std::move(remarks),
                         optional_map(ground_glass, "ground_glass_probability"),
                         optional_map(consolidation, "consolidation_probability"),
                         uncertainty ? std::make_shared<lesion_uncertainty>(*uncertainty) : nullptr);
    };
    const auto doubt_of = [](const lesion_ct& self) -> std::optional<lesion_uncertainty> {
        return self.uncertainty() ? std::optional(*self.uncertainty()) : std::nullopt;
    };
    py::class_<lesion_uncertainty>(
        module, "LesionUncertainty",
        R"(Nested lesions, one for each calibrated level, and what each member of an ensemble found by itself.

levels: ascending between 0 and 1. first_level: uint8, for each voxel the place in levels, from 1, at which it is lesion
first, plus 128 where it is consolidation; 0 where it is none; None without levels. member_voxels: lesion voxels inside
the lungs by each model in each view.)")
        .def(py::init([](std::vector<double> levels, const std::optional<py::array>& first_level,
                         std::vector<std::uint64_t> member_voxels) {
                 return lesion_uncertainty{std::move(levels), optional_map(first_level, "first_level"),
                                           std::move(member_voxels)};
             }),
             py::kw_only(), "levels"_a = std::vector<double>{}, "first_level"_a = py::none(),
             "member_voxels"_a = std::vector<std::uint64_t>{})
        .def_readonly("levels", &lesion_uncertainty::levels)
        .def_property_readonly("first_level",
                               [](const lesion_uncertainty& self) { return view_of(self.first_level); })
        .def_readonly("member_voxels", &lesion_uncertainty::member_voxels)
        .def(py::pickle(
            [](const lesion_uncertainty& self) {
                return py::make_tuple(self.levels, view_of(self.first_level), self.member_voxels);
            },
            [](const py::tuple& s) {
                return lesion_uncertainty{s[0].cast<std::vector<double>>(),
                                          optional_map(s[1].cast<std::optional<py::array>>(), "first_level"),
                                          s[2].cast<std::vector<std::uint64_t>>()};
            }));
    py::class_<lesion_ct>(
        module, "LesionCt",
        R"(A CT with lungs and lesions: uint8 array of 0 none, 1 ground glass, 2 consolidation.

Probabilities, where kept, are uint8 arrays in 255ths; uncertainty is what the models say of their doubt, or None. Raises
ValueError for another shape or value.)")
        .def(py::init(make_lesions), "lungs"_a, "lesions"_a, py::kw_only(), "notes"_a = notes{},
             "ground_glass_probability"_a = py::none(), "consolidation_probability"_a = py::none(),
             "uncertainty"_a = py::none())
        .def_property_readonly("ct", &lesion_ct::ct)
        .def_property_readonly("with_lungs", &lesion_ct::with_lungs)
        .def_property_readonly(
            "lungs", [](const lesion_ct& self) { return view_of(self.with_lungs().shared_lungs()); })
        .def_property_readonly("lesions",
                               [](const lesion_ct& self) { return view_of(self.shared_lesions()); })
        .def_property_readonly("ground_glass_probability",
                               [](const lesion_ct& self) { return view_of(self.ground_glass_probability()); })
        .def_property_readonly(
            "consolidation_probability",
            [](const lesion_ct& self) { return view_of(self.consolidation_probability()); })
        .def_property_readonly("uncertainty", doubt_of)
        .def_property_readonly("notes", &lesion_ct::remarks)
        .def("__repr__",
             [](const lesion_ct& self) {
                 return py::str("LesionCt(shape={}, notes={})")
                     .format(shape_tuple(self.ct()), self.notes().size());
             })
        .def(py::pickle(
            [doubt_of](const lesion_ct& self) {
                return py::make_tuple(self.with_lungs(), view_of(self.shared_lesions()), self.notes(),
                                      view_of(self.ground_glass_probability()),
                                      view_of(self.consolidation_probability()), doubt_of(self));
            },
            [make_lesions](const py::tuple& s) {
                return make_lesions(s[0].cast<const lung_ct&>(), s[1].cast<py::array>(), s[2].cast<notes>(),
                                    s[3].cast<std::optional<py::array>>(),
                                    s[4].cast<std::optional<py::array>>(),
                                    s[5].cast<std::optional<lesion_uncertainty>>());
            }));
}

} // namespace groundglass::bindings
