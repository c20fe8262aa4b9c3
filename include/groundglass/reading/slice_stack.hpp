#pragma once

#include <groundglass/error.hpp>
#include <groundglass/note.hpp>
#include <groundglass/reading/slice_header.hpp>

#include <numeric>
#include <span>

namespace groundglass::reading {

/// Slices in the order of space, and where their voxels lie.
struct slice_stack {
    /// Indices into the headers, along the slice axis; towards the head for axial slices.
    std::vector<std::size_t> order;
    /// As acquired: `to_axial` turns sagittal, coronal and flipped volumes.
    volume::geometry grid;
    notes remarks;
};

namespace detail {

inline double length(const volume::vector3& v) { return std::sqrt(volume::dot(v, v)); }
inline volume::vector3 scaled(const volume::vector3& v, double factor) {
    return {v[0] * factor, v[1] * factor, v[2] * factor};
}
inline volume::vector3 minus(const volume::vector3& a, const volume::vector3& b) {
    return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
inline volume::vector3 along(const volume::vector3& a, double t, const volume::vector3& v) {
    return {a[0] + t * v[0], a[1] + t * v[1], a[2] + t * v[2]};
}

/// Positions closer than this are one position: far below any slice spacing, far above rounding in the
/// header.
inline constexpr double same_place_mm = 0.01;

struct slice_plane {
    volume::vector3 column_step, row_step;
    /// Signed so that its largest component is positive: axial slices are then ordered from feet to head.
    volume::vector3 normal;
};

inline slice_plane plane_of(const slice_header& header) {
    const auto o = header.orientation.value_or(std::array<double, 6>{1, 0, 0, 0, 1, 0});
    volume::vector3 x{o[0], o[1], o[2]}, y{o[3], o[4], o[5]};
    const double nx = length(x), ny = length(y);
    // Written with "not" so that NaN is refused as well. Cosines are stored with as few as three decimals.
    if (!(std::abs(nx - 1) < 0.01 && std::abs(ny - 1) < 0.01 && std::abs(volume::dot(x, y)) < 0.01))
        throw format_error(
            "Image Orientation (Patient) does not hold two perpendicular unit vectors; the series "
            "must be exported again from the scanner or archive");
    x = scaled(x, 1 / nx);
    y = along(y, -volume::dot(x, y), x);
    y = scaled(y, 1 / length(y));
    volume::vector3 normal = volume::cross(x, y);
    const auto largest = *std::max_element(normal.begin(), normal.end(),
                                           [](double a, double b) { return std::abs(a) < std::abs(b); });
    if (largest < 0) normal = scaled(normal, -1);
    return {x, y, normal};
}

/// Position of a slice; by its Slice Location where it has none.
inline std::optional<volume::vector3> place_of(const slice_header& header, const volume::vector3& normal) {
    if (header.position) return header.position;
    if (header.slice_location) return scaled(normal, *header.slice_location);
    return {};
}

/// `z = -120.1 mm`, or the distance along the normal where that is not the body's axis.
inline std::string place_text(const volume::vector3& position, const volume::vector3& normal) {
    if (normal[2] > 0.70710678118654752) return "z = " + decimal(position[2]) + " mm";
    return decimal(volume::dot(position, normal)) + " mm along the normal of the slices";
}

/// Evenly spaced places: `origin + i * step`.
struct even_places {
    volume::vector3 origin, step;

    [[nodiscard]] volume::vector3 off(const volume::vector3& place, std::size_t i) const {
        return minus(place, along(origin, static_cast<double>(i), step));
    }
};

/// The even places nearest to `places`: from the first to the last where that fits all of them, and otherwise
/// by least squares, because two rounded ends would tilt the whole.
inline even_places even_line(const std::vector<volume::vector3>& places) {
    const double n = static_cast<double>(places.size());
    even_places line{places.front(), scaled(minus(places.back(), places.front()), 1 / (n - 1))};
    bool fits = true;
    for (std::size_t i = 0; i < places.size(); ++i) fits &= length(line.off(places[i], i)) < same_place_mm;
    if (fits) return line;
    volume::vector3 mean{}, moment{};
    double square = 0;
    for (const auto& place : places) mean = along(mean, 1 / n, place);
    for (std::size_t i = 0; i < places.size(); ++i) {
        const double t = static_cast<double>(i) - (n - 1) / 2;
        moment = along(moment, t, minus(places[i], mean));
        square += t * t;
    }
    line.step = scaled(moment, 1 / square);
    line.origin = along(mean, -(n - 1) / 2, line.step);
    return line;
}

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

} // namespace detail

/// Orders slices that share plane, size and spacing by their position along the normal of the slices, never
/// by name or number, and computes their grid from the positions alone. `members` are indices into `headers`;
/// `tolerance` is how far, in parts of the spacing, a position may lie off the even grid (rounding in the
/// header).
///
/// Notes: `gantry_tilt`, `uneven_positions`, `slice_overlap`, `slice_gap`, `single_slice`,
/// `orientation_assumed`, `position_assumed`, `rescale_missing`, `rescale_varies`, `tilt_not_in_positions`,
/// `lossy_compression`. Throws `format_error` for missing, doubled, unevenly spaced or sideways shifted
/// slices, and where a position, the pixel spacing, a single slice's thickness or some slices' rescale is
/// absent. O(n log n).
[[nodiscard]] inline slice_stack stack_slices(std::span<const slice_header> headers,
                                              std::vector<std::size_t> members, double tolerance = 0.1) {
    using namespace detail;
    slice_stack result;
    if (members.empty()) throw format_error("a series without slices");
    const auto& first = headers[members.front()];
    const auto plane = plane_of(first);

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

        const double tilt = std::acos(std::min(1.0, spacing / length(step))) * 180 / 3.14159265358979323846;
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
                         " mm apart: what lies between them was not imaged, volumes take the "
                         "spacing."});
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
