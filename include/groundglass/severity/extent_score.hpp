#pragma once

#include <groundglass/severity/ct_grade.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

namespace groundglass::severity {

/// A border between two scores of a region. Print leaves open where a fraction equal to it belongs.
struct extent_border {
    double fraction = 0;
    bool to_lower = false; ///< a fraction equal to the border has the lower score
};

/// Scores of the extent of disease by region, each as it is in print, added up.
enum class extent_convention : std::uint8_t {
    ctss_pan2020,
    ctss_francone,
    lss,
    lhos,
    tss,
    tfs,
    ct_ss,
    ct_ss_segments
};

/// What a convention scores and how. A region without disease has 0 points, else `first` and one more for
/// each border passed.
struct extent_definition {
    std::string_view name;    ///< of the key in a result
    std::string_view regions; ///< what is scored
    std::size_t region_count = 0;
    std::span<const extent_border> borders;
    int first = 1;
    int lowest = 0; ///< of a region; 1 where "none" is not told apart
    std::string_view source;

    [[nodiscard]] constexpr int highest() const {
        return static_cast<int>(region_count) * (first + static_cast<int>(borders.size()));
    }
};

namespace detail {

// (0, 5) [5, 25) [25, 50) [50, 75) [75, 100]
inline constexpr std::array<extent_border, 4> half_open_fifths{{{0.05}, {0.25}, {0.50}, {0.75}}};
// < 5, 5-25, 26-49, 50-75, > 75
inline constexpr std::array<extent_border, 4> francone_bands{{{0.05}, {0.25, true}, {0.50}, {0.75, true}}};
// 1-25, 26-50, 51-75, 76-100
inline constexpr std::array<extent_border, 3> closed_quarters{{{0.25, true}, {0.50, true}, {0.75, true}}};
// < 25, >= 25 to < 50, >= 50 to < 75, >= 75
inline constexpr std::array<extent_border, 3> half_open_quarters{{{0.25}, {0.50}, {0.75}}};
inline constexpr std::array<extent_border, 1> halves{{{0.50}}};

} // namespace detail

/// The definition of a convention, with its source.
[[nodiscard]] constexpr extent_definition definition_of(extent_convention convention) {
    switch (convention) {
    case extent_convention::ctss_pan2020:
        return {"ctss_pan2020",
                "opacity of the five lobes",
                5,
                detail::half_open_fifths,
                1,
                0,
                "Pan et al. 2020, doi:10.1148/radiol.2020200370; borders half-open"};
    case extent_convention::ctss_francone:
        return {"ctss_francone",
                "opacity of the five lobes",
                5,
                detail::francone_bands,
                1,
                0,
                "Francone et al. 2020, doi:10.1007/s00330-020-07033-y"};
    case extent_convention::lss:
        return {"lss",
                "opacity of the five lobes",
                5,
                detail::closed_quarters,
                1,
                0,
                "lung severity score: Chaganti et al. 2020, doi:10.1148/ryai.2020200048"};
    case extent_convention::lhos:
        return {"lhos",
                "high opacity of the five lobes",
                5,
                detail::closed_quarters,
                1,
                0,
                "lung high opacity score: Chaganti et al. 2020, doi:10.1148/ryai.2020200048"};
    case extent_convention::tss:
        return {"tss",
                "opacity of the five lobes",
                5,
                detail::closed_quarters,
                1,
                0,
                "total severity score: Chung et al. 2020, doi:10.1148/radiol.2020200230"};
    case extent_convention::tfs:
        return {"tfs",
                "upper, middle and lower zone of each lung",
                6,
                detail::half_open_quarters,
                1,
                0,
                "zonal total feature score: bio-protocol.org/bio101/r8704683 and r8701399"};
    case extent_convention::ct_ss:
        return {"ct_ss",
                "opacity of both lungs",
                1,
                detail::half_open_fifths,
                1,
                1,
                "CT severity score by extent, LungQuant: doi:10.1140/epjp/s13360-023-03896-4"};
    case extent_convention::ct_ss_segments:
        return {"ct_ss_segments",
                "opacity of twenty segments",
                20,
                detail::halves,
                1,
                0,
                "chest CT severity score: Yang et al. 2020, doi:10.1148/ryct.2020200047"};
    }
    throw std::invalid_argument("definition_of: unknown convention");
}

/// The points of one region. Fractions below `absent_below` count as no disease. Throws
/// `std::invalid_argument` for NaN or a fraction outside 0..1.
[[nodiscard]] int extent_points(extent_convention convention, double fraction, double absent_below = 0.0);

/// The sum of the points of all regions. Throws `std::invalid_argument` for another number of fractions than
/// the convention has regions, and as `extent_points` does.
[[nodiscard]] int extent_score(extent_convention convention, std::span<const double> fractions,
                               double absent_below = 0.0);

} // namespace groundglass::severity

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/severity/detail/extent_score.hpp>
#endif
