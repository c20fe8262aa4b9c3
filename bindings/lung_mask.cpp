#include "numpy.hpp"
#include "pybind.hpp"
#include <groundglass/lungs/given_lungs.hpp>
#include <groundglass/lungs/given_parts.hpp>
#include <groundglass/lungs/lobes.hpp>
#include <groundglass/lungs/lung_comparison.hpp>
#include <groundglass/lungs/lung_mask.hpp>
#include <groundglass/lungs/part_names.hpp>
#include <groundglass/volume/lung_regions.hpp>

namespace groundglass::bindings {

using namespace py::literals;

namespace {

py::dict keywords(const lung_mask& self) {
    const auto& o = self.options();
    return py::dict("air_below_hu"_a = o.air_below_hu, "gas_below_hu"_a = o.gas_below_hu,
                    "bone_above_hu"_a = o.bone_above_hu, "airway_wall_mm"_a = o.airway_wall_mm,
                    "closing_mm"_a = o.closing_mm, "bridge_mm"_a = o.bridge_mm,
                    "smallest_piece_percent"_a = o.smallest_piece_percent);
}

template <class Class, class Member>
void option(Class& cls, const char* name, Member member, const char* text) {
    cls.def_property_readonly(
        name, [member](const lung_mask& self) { return self.options().*member; }, text);
}

} // namespace

void bind_lung_mask(py::module_& module) {
    const lung_mask_options standard;
    py::class_<lung_mask> cls(module, "LungMask",
                              R"(Finds left and right lung in a chest CT, without a network.

`LungMask()(ct)` or `ct | LungMask()` takes a CtVolume and gives a LungCt. Limits are in HU, mm and percent.
Vessels and consolidation at the pleura belong to the lungs; trachea, main bronchi and bowel gas don't. Needs no
network and no threads. What puts the mask in doubt is in the result's notes: an empty mask is a warning, never
an error. Raises ValueError for an option out of range.)");
    cls.def(py::init([](double air_below_hu, double gas_below_hu, double bone_above_hu, double airway_wall_mm,
                        double closing_mm, double bridge_mm, double smallest_piece_percent) {
                return lung_mask({.air_below_hu = air_below_hu,
                                  .gas_below_hu = gas_below_hu,
                                  .bone_above_hu = bone_above_hu,
                                  .airway_wall_mm = airway_wall_mm,
                                  .closing_mm = closing_mm,
                                  .bridge_mm = bridge_mm,
                                  .smallest_piece_percent = smallest_piece_percent});
            }),
            py::kw_only(), "air_below_hu"_a = standard.air_below_hu, "gas_below_hu"_a = standard.gas_below_hu,
            "bone_above_hu"_a = standard.bone_above_hu, "airway_wall_mm"_a = standard.airway_wall_mm,
            "closing_mm"_a = standard.closing_mm, "bridge_mm"_a = standard.bridge_mm,
            "smallest_piece_percent"_a = standard.smallest_piece_percent);
    option(cls, "air_below_hu", &lung_mask_options::air_below_hu, "Below this is lung or other air.");
    option(cls, "gas_below_hu", &lung_mask_options::gas_below_hu, "Below this is gas without tissue.");
    option(cls, "bone_above_hu", &lung_mask_options::bone_above_hu,
           "Nothing brighter is added to the lungs.");
    option(cls, "airway_wall_mm", &lung_mask_options::airway_wall_mm,
           "Taken off around trachea and main bronchi.");
    option(cls, "closing_mm", &lung_mask_options::closing_mm,
           "Radius of the ball that closes gaps in a lung.");
    option(cls, "bridge_mm", &lung_mask_options::bridge_mm,
           "Widest consolidation at the chest wall that is bridged.");
    option(cls, "smallest_piece_percent", &lung_mask_options::smallest_piece_percent,
           "Separate pieces with a smaller share of the largest one are dropped.");
    cls.def("__call__", &lung_mask::operator(), "ct"_a, py::call_guard<py::gil_scoped_release>(),
            "The CT with its lungs.");
    by_keywords(cls, &keywords);
    as_stage(cls);

    const lungs::lobes_options lobes_standard;
    py::class_<lungs::lobes> parts(
        module, "Lobes",
        R"(Divides the lungs into five lobes by their shape and the fissures of the CT.

`Lobes()(lungs)` or `lungs | Lobes()` takes a LungCt and gives one with lobes: 1 left upper, 2 left lower, 3 right
upper, 4 right middle, 5 right lower. An estimate, whose borders are off by several mm; lobe_estimate of the result
says what was seen of each fissure. fissures: whether fissures are looked for, else the borders go by shape alone.
thickest_slice_mm: how far apart slices may be for that. Lobes that are there stay. Notes: lobes_estimated, or
lobes_not_estimated with the reason where less than a fissure's course is in the scan. The table of fissures is under
CC BY-NC-SA 4.0; lobes_are_built() tells whether it is there. Raises ValueError for an option out of range.)");
    parts
        .def(py::init([](bool fissures, double thickest_slice_mm) {
                 return lungs::lobes({.fissures = fissures, .thickest_slice_mm = thickest_slice_mm});
             }),
             py::kw_only(), "fissures"_a = lobes_standard.fissures,
             "thickest_slice_mm"_a = lobes_standard.thickest_slice_mm)
        .def_property_readonly("fissures", [](const lungs::lobes& self) { return self.options().fissures; })
        .def_property_readonly("thickest_slice_mm",
                               [](const lungs::lobes& self) { return self.options().thickest_slice_mm; })
        .def("__call__", &lungs::lobes::operator(), "lungs"_a, py::call_guard<py::gil_scoped_release>(),
             "The lungs with their lobes.");
    by_keywords(
        parts, +[](const lungs::lobes& self) {
            return py::dict("fissures"_a = self.options().fissures,
                            "thickest_slice_mm"_a = self.options().thickest_slice_mm);
        });
    as_stage(parts);
    module.def("lobes_are_built", &lungs::lobes_are_built,
               "Whether the table of fissures, without which Lobes estimates nothing, was built in.");

    module.def(
        "with_lungs",
        [](const ct_volume& ct, const py::array& lungs) {
            return with_labels(lungs, "lungs", [&](const auto& mask) {
                const py::gil_scoped_release release;
                return with_lungs(ct, mask);
            });
        },
        "ct"_a, "lungs"_a, R"(The CT with the user's own lung mask, in the place of LungMask.

lungs: uint8 or uint16 array of the CT's shape, 0 where no lung is. Left and right follow from where the values lie
in the patient, whatever their numbers: 1 left and 2 right, 1 right and 2 left (lungmask), any other two values on two
sides; one value stands for both lungs, which are told apart, or for one. Maps of lobes (as with_lobes takes them), the
regions of the Chest Imaging Platform and the lungs of LUNA16 are put together. The notes say what was done
(lungs_relabelled, lungs_separated, lungs_cut_at_middle, lung_side_uncertain) and what is implausible. Raises ValueError
for another shape and for values that do not lie on two sides or may stand for anything else, TypeError for another
dtype.)");
    module.def(
        "with_lobes",
        [](const lung_ct& lungs, const py::array& lobes) {
            return with_labels(lobes, "lobes", [&](const auto& map) {
                const py::gil_scoped_release release;
                return with_lobes(lungs, map);
            });
        },
        "lungs"_a, "lobes"_a, R"(The lungs with a map of their lobes, as another program finds them.

lobes: uint8 or uint16 array of the CT's shape: 0 none, 1 left upper, 2 left lower, 3 right upper, 4 right middle, 5
right lower (lungmask's LTRCLobes), the numbers of TotalSegmentator or of the Chest Imaging Platform and LUNA16, or any
other five, told by their places. Involvement has rows for them then, and the scores of lobes take them in the place of
thirds. Notes: lobes_relabelled, lobes_incomplete, lobes_on_other_side, lobe_missing. Raises ValueError for another
shape, a map that does not meet the lungs, and values that can't be told as lobes, TypeError for another dtype.)");
    module.def(
        "part_by_name",
        [](const std::string& name) -> py::object {
            const auto part = part_by_name(name);
            if (!part) return py::none();
            constexpr const char* kinds[] = {"lobe", "lung", "lungs"};
            return py::make_tuple(kinds[static_cast<std::size_t>(part->of)], part->label);
        },
        "name"_a,
        "The kind ('lobe', 'lung', 'lungs') and label of the part of the lungs that a file's name without "
        "its ending says, or None.");
    module.def(
        "with_segments",
        [](const lung_ct& lungs, const py::array& segments) {
            auto map = from_numpy<std::uint8_t, 3>(segments, "segments");
            const py::gil_scoped_release release;
            return with_segments(lungs, std::move(map));
        },
        "lungs"_a, "segments"_a,
        R"(The lungs with a map of twenty segments, for the CT severity score of 0 to 40.

segments: uint8 array of the CT's shape, 0 none, 1 to 20 in any order. Note: segments_incomplete. Raises as with_lobes
does.)");
    module.def(
        "assess_lungs",
        [](const ct_volume& ct, const py::array& lungs) {
            const auto mask = from_numpy<std::uint8_t, 3>(lungs, "lungs");
            const py::gil_scoped_release release;
            return assess_lungs(ct, mask);
        },
        "ct"_a, "lungs"_a, R"(What is implausible about a lung mask, as a list of Note; empty when nothing is.

lungs: uint8 array of the CT's shape: 0 none, 1 left, 2 right. Codes: no_lungs_found, few_slices,
one_lung_missing, lungs_asymmetric, lungs_touch_border, lungs_cut_at_base, lungs_cut_at_apex,
lung_volume_implausible, not_a_chest, lung_in_abdomen, airway_in_lungs, dense_outside_lungs; the text has slices, counted
from the feet from 1, and ml. Raises ValueError for another shape or value.)");
    py::class_<lungs::ml_by_place> by_place(
        module, "MlByPlace", "Millilitres in the middle, at the back, below and elsewhere in the chest.");
    by_place
        .def_readonly("middle", &lungs::ml_by_place::middle,
                      "Less than 40 mm from the body's middle, above the lowest third.")
        .def_readonly("back", &lungs::ml_by_place::back, "In the third at the back.")
        .def_readonly("below", &lungs::ml_by_place::below, "In the lowest third.")
        .def_readonly("elsewhere", &lungs::ml_by_place::elsewhere, "All else.")
        .def("sum", &lungs::ml_by_place::sum, "All places together.");
    py::class_<lungs::lung_differences>(module, "LungDifferences",
                                        "What two masks of the same lungs do not share; see compare_lungs.")
        .def_readonly("only_first", &lungs::lung_differences::only_first)
        .def_readonly("only_second", &lungs::lung_differences::only_second);
    module.def("compare_lungs", &lungs::compare_lungs, "first"_a, "second"_a,
               py::call_guard<py::gil_scoped_release>(),
               R"(Where the lungs of two LungCt of the same CT differ by more than a rim, in ml by place.

Sides do not count. What one alone holds counts where a ball of 3 mm fits into the difference. Each voxel counts for
the first of the places that it lies in: middle, back, below, elsewhere. Raises ValueError for CTs of different shapes.)");
    module.def(
        "held_against", &lungs::held_against, "network"_a, "classical"_a,
        py::call_guard<py::gil_scoped_release>(),
        R"(The lungs that a network found, with a note for each place where those of LungMask differ by more than the usual.

Codes: lung_masks_differ_middle, lung_masks_differ_back, lung_masks_differ_below, lung_masks_differ_elsewhere; warnings
with the ml either way. Where the network found no lungs and LungMask did, the lungs are those of LungMask, with the
warning lungs_not_by_network. Raises ValueError for CTs of different shapes.)");
    module.def(
        "zones_by_height",
        [](const py::array& lungs) {
            const auto zones = zones_by_height(from_numpy<std::uint8_t, 3>(lungs, "lungs"));
            py::list names;
            for (const auto zone : zones) {
                constexpr const char* name[] = {"none", "upper", "middle", "lower"};
                names.append(name[static_cast<std::size_t>(zone)]);
            }
            return names;
        },
        "lungs"_a,
        R"(The third of the lungs' height each slice lies in: 'upper', 'middle', 'lower', or 'none'.

lungs: uint8 array (slice, row, column), slices from feet to head. Thirds of equal height between the lowest and
the highest slice with lung; a slice belongs where its middle lies.)");
}

} // namespace groundglass::bindings
