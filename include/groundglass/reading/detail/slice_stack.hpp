#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/reading/detail/slice_places.hpp>
#include <groundglass/reading/slice_stack.hpp>
#include <groundglass/reading/wording.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

namespace groundglass::reading {

namespace detail {

/// Throws where slices are missing or unevenly spaced; `places` are sorted along the normal.
inline void refuse_gaps(const std::vector<volume::vector3>& places, const volume::vector3& normal,
                        double tolerance) {
    std::vector<double> steps(places.size() - 1);
    for (std::size_t i = 0; i < steps.size(); ++i)
        steps[i] = volume::dot(minus(places[i + 1], places[i]), normal);
    auto sorted = steps;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2),
                     sorted.end());
    const double median = sorted[sorted.size() / 2];

    std::size_t doubled = 0, missing = 0, gaps = 0;
    std::string first_doubled, where;
    for (std::size_t i = 0; i < steps.size(); ++i)
        if (steps[i] < same_place_mm && doubled++ == 0) first_doubled = place_text(places[i], normal);
    if (doubled > 0)
        throw format_error(
            counted(doubled, "position") + " (the first at " + first_doubled +
            (doubled == 1 ? ") holds" : ") hold") +
            " two different images, so several acquisitions are mixed; export them as separate series");
    bool whole = true;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const double multiple = steps[i] / median;
        if (multiple < 1.5) continue;
        const double rounded = std::min(std::round(multiple), 1e6); // positions are bounded, steps too
        // A step twice rounded, at either end of the gap.
        if (std::abs(multiple - rounded) > 2 * tolerance) whole = false;
        missing += static_cast<std::size_t>(rounded) - 1;
        if (++gaps <= 3)
            where += (gaps == 1 ? "" : ", ") + counted(static_cast<std::size_t>(rounded) - 1, "slice") +
                     " between " + place_text(places[i], normal) + " and " +
                     place_text(places[i + 1], normal);
    }
    if (gaps > 0 && whole)
        throw format_error(counted(missing, "slice") + (missing == 1 ? " is" : " are") +
                           " missing: " + where +
                           (gaps > 3 ? ", and at " + counted(gaps - 3, "more place") : "") + " (slices lie " +
                           decimal(median) + " mm apart); a gap is never bridged, get the complete series");

    const auto line = even_line(places);
    const double spacing = volume::dot(line.step, normal);
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const double off = std::abs(volume::dot(line.off(places[i], i), normal));
        if (off > worst) worst = off, at = i;
    }
    if (worst > std::max(tolerance * spacing, same_place_mm))
        throw format_error("slices are unevenly spaced: steps from " +
                           decimal(*std::min_element(steps.begin(), steps.end())) + " mm to " +
                           decimal(*std::max_element(steps.begin(), steps.end())) + " mm, the worst at " +
                           place_text(places[at], normal) +
                           "; use a reconstruction with one spacing, or resample it to one first");
}

/// How the patient lay, where all slices say the same and know their orientation: without it nothing tells
/// which way the rows run.
[[nodiscard]] inline volume::patient_position position_of(std::span<const slice_header> headers,
                                                          std::span<const std::size_t> members) {
    const auto position = volume::position_of_header(headers[members.front()].patient_position);
    for (const auto i : members)
        if (!headers[i].orientation || volume::position_of_header(headers[i].patient_position) != position)
            return volume::patient_position::unknown;
    return position;
}

} // namespace detail

GROUNDGLASS_INLINE slice_stack stack_slices(std::span<const slice_header> headers,
                                            std::vector<std::size_t> members, double tolerance) {
    using namespace detail;
    slice_stack result;
    if (members.empty()) throw format_error("a series without slices");
    const auto& first = headers[members.front()];
    const auto plane = plane_of(first);
    if (first.slice_thickness.value_or(0) > 0) result.made.slice_thickness_mm = first.slice_thickness;
    result.made.kernel = first.convolution_kernel;
    result.made.position = position_of(headers, members);

    if (!first.orientation)
        result.remarks.push_back(
            {note_level::warning, "orientation_assumed",
             "The slices do not say how they lie in the patient: a supine patient and axial "
             "slices are assumed, left and right can't be verified."});
    if (!first.pixel_spacing || !((*first.pixel_spacing)[0] > 0) || !((*first.pixel_spacing)[1] > 0))
        throw format_error("Pixel Spacing is absent or not positive, so volumes in ml can't be computed; the "
                           "series must be exported again with it");

    std::size_t unplaced = 0, located = 0;
    for (const auto i : members) {
        if (!place_of(headers[i], plane.normal)) ++unplaced;
        if (!headers[i].position) ++located;
    }
    if (unplaced > 0 && members.size() > 1)
        throw format_error(
            std::to_string(unplaced) + " of " + counted(members.size(), "slice") +
            " have neither Image Position (Patient) nor Slice Location; the order of slices is "
            "not guessed from their numbers, export the series again with positions");
    if (located > 0)
        result.remarks.push_back(
            {note_level::warning, "position_assumed",
             "Image Position (Patient) is absent: Slice Location gives the order, and the "
             "volume's place in the patient is unknown."});

    const auto place = [&](std::size_t i) {
        return place_of(headers[i], plane.normal).value_or(volume::vector3{});
    };
    std::sort(members.begin(), members.end(), [&](std::size_t a, std::size_t b) {
        const double pa = volume::dot(place(a), plane.normal), pb = volume::dot(place(b), plane.normal);
        if (pa != pb) return pa < pb;
        return headers[a].instance_number != headers[b].instance_number
                   ? headers[a].instance_number < headers[b].instance_number
                   : a < b;
    });
    std::vector<volume::vector3> places;
    for (const auto i : members) {
        places.push_back(place(i));
        for (const double x : places.back())
            if (!std::isfinite(x)) throw format_error("a slice's position is not a finite number");
    }

    auto& grid = result.grid;
    grid.shape = {members.size(), first.rows, first.columns};
    grid.origin_mm = places.front();
    grid.direction = {plane.normal, plane.row_step, plane.column_step};
    grid.spacing_mm = {0, (*first.pixel_spacing)[0], (*first.pixel_spacing)[1]};

    if (members.size() == 1) {
        const double thickness = first.slice_thickness.value_or(first.spacing_between_slices.value_or(0));
        if (!(thickness > 0))
            throw format_error("a single slice without Slice Thickness has no volume in ml");
        grid.spacing_mm[0] = thickness;
        result.remarks.push_back({note_level::warning, "single_slice",
                                  "A single slice: its volume follows from the slice thickness of " +
                                      decimal(thickness) + " mm and says nothing of the whole lungs."});
    } else {
        refuse_gaps(places, plane.normal, tolerance);
        const auto line = even_line(places);
        const auto& step = line.step;
        const double spacing = volume::dot(step, plane.normal);
        grid.origin_mm = line.origin;

        double sideways = 0, uneven = 0;
        for (std::size_t i = 0; i < places.size(); ++i) {
            const volume::vector3 off = line.off(places[i], i);
            const double forward = volume::dot(off, plane.normal);
            uneven = std::max(uneven, std::abs(forward));
            sideways = std::max(sideways, length(along(off, -forward, plane.normal)));
        }
        // In-plane positions are stored with as few as one decimal.
        if (sideways >
            std::max(tolerance * std::min(grid.spacing_mm[1], grid.spacing_mm[2]), 10 * same_place_mm))
            throw format_error(
                "slices are shifted sideways against each other by up to " + decimal(sideways) +
                " mm beyond an even tilt, so they are no single volume; use a reconstruction with "
                "one field of view");
        // 0.3 against 0.29999 is the header's rounding; a part in a hundred is worth a word.
        if (uneven > std::max(0.01 * spacing, same_place_mm))
            result.remarks.push_back({note_level::info, "uneven_positions",
                                      "Slice positions lie up to " + decimal(uneven) +
                                          " mm off an even spacing of " + decimal(spacing) +
                                          " mm; the even spacing was used."});

        const double tilt = std::acos(std::min(1.0, spacing / length(step))) * 180 / std::numbers::pi;
        // Rounded positions tilt a straight stack by hundredths of a degree.
        if (tilt > 0.1) {
            grid.direction[0] = scaled(step, 1 / length(step));
            grid.spacing_mm[0] = length(step);
            result.remarks.push_back({note_level::info, "gantry_tilt",
                                      "The gantry was tilted by " + decimal(tilt, 1) +
                                          "°: the grid is sheared accordingly and volumes are right."});
        } else {
            grid.spacing_mm[0] = spacing;
            if (std::abs(first.gantry_tilt_degrees.value_or(0)) > 0.5)
                result.remarks.push_back(
                    {note_level::warning, "tilt_not_in_positions",
                     "The header names a gantry tilt of " + decimal(*first.gantry_tilt_degrees, 1) +
                         "° that the slice positions do not show; the positions were used."});
        }
        if (const double thickness = first.slice_thickness.value_or(0); thickness > 0) {
            if (thickness > 1.05 * spacing)
                result.remarks.push_back({note_level::info, "slice_overlap",
                                          "Slices of " + decimal(thickness) + " mm overlap: they lie " +
                                              decimal(spacing) + " mm apart, which is what volumes use."});
            else if (thickness < 0.95 * spacing)
                result.remarks.push_back(
                    {thickness < 0.5 * spacing ? note_level::warning : note_level::info, "slice_gap",
                     "Slices of " + decimal(thickness) + " mm lie " + decimal(spacing) +
                         " mm apart: what lies between them was not imaged, volumes take the spacing."});
        }
    }

    std::size_t without = 0;
    bool varies = false;
    for (const auto i : members) {
        const auto& h = headers[i];
        if (!h.rescale_intercept) ++without;
        const double slope = h.rescale_slope.value_or(1);
        if (!std::isfinite(slope) || slope == 0 || !std::isfinite(h.rescale_intercept.value_or(0)))
            throw format_error("Rescale Slope or Intercept at " + place_text(place(i), plane.normal) +
                               " is zero or not a number, so there are no Hounsfield units");
        varies |= h.rescale_slope.value_or(1) != first.rescale_slope.value_or(1) ||
                  h.rescale_intercept != first.rescale_intercept;
    }
    if (without > 0 && without < members.size())
        throw format_error("Rescale Intercept is absent in " + std::to_string(without) + " of " +
                           counted(members.size(), "slice") +
                           ", so their Hounsfield units are unknown; export the series again");
    if (without > 0)
        result.remarks.push_back({note_level::warning, "rescale_missing",
                                  "The slices name no rescale: their stored values were taken as HU."});
    else if (varies)
        result.remarks.push_back(
            {note_level::info, "rescale_varies",
             "Slope or intercept differ between slices; each slice was rescaled by its own."});
    if (std::any_of(members.begin(), members.end(), [&](std::size_t i) { return headers[i].lossy; }))
        result.remarks.push_back({note_level::warning, "lossy_compression",
                                  "The images were compressed with loss: their HU are not the scanner's."});
    result.order = std::move(members);
    return result;
}

} // namespace groundglass::reading
