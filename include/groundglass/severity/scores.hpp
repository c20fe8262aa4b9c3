#pragma once

#include <groundglass/quantification/involvement_table.hpp>
#include <groundglass/severity/ct_grade.hpp>
#include <groundglass/severity/extent_score.hpp>
#include <groundglass/severity/lobar_extent.hpp>
#include <groundglass/stage.hpp>

#include <optional>

namespace groundglass::severity {

struct scores_options {
    /// Fractions below this count as no disease, of both lungs as of a region. A measured fraction is hardly
    /// ever exactly 0: 98 of 100 healthy subjects read below 1 % in Chaganti et al. (2020), and half a
    /// percent is what a reader rounds to none.
    double absent_below = 0.005;
    friend bool operator==(const scores_options&, const scores_options&) = default;
};

/// The named severity scores of one study. A score of regions is empty where one of them has no lung.
struct score_table {
    double opacity_fraction = 0; ///< of both lungs, 0..1
    ct_grade ct_grade_extent = ct_grade::ct_0;
    /// By pattern, `ct_grade_by_pattern`; empty where the table has no volumes.
    std::optional<ct_grade> ct_grade_rule;
    int ct_ss = 1;                           ///< 1..5, of both lungs
    lobe_source lobes = lobe_source::thirds; ///< what the lobar scores take for lobes
    std::optional<int> ctss_pan2020;         ///< 0..25
    std::optional<int> ctss_francone;        ///< 0..25
    std::optional<int> lss;                  ///< 0..20
    std::optional<int> lhos;                 ///< 0..20
    std::optional<int> tss;                  ///< 0..20
    /// 0..24 each: of opacity, ground glass, consolidation. The zones are thirds of the lungs' height, in
    /// place of carina and inferior pulmonary veins.
    std::optional<int> tfs, tfs_ground_glass, tfs_consolidation;
    std::optional<int> ct_ss_segments; ///< 0..40, where the study came with a map of segments
};

/// `involvement_table` → named scores.
class scores : public pipeable {
public:
    /// Throws `std::invalid_argument` unless `absent_below` lies in 0..0.25.
    explicit scores(scores_options options = {});

    /// Throws `std::invalid_argument` for a table without lung: no lung has no severity.
    [[nodiscard]] score_table operator()(const quantification::involvement_table& table) const;
    [[nodiscard]] const scores_options& options() const { return options_; }

    friend bool operator==(const scores& a, const scores& b) { return a.options_ == b.options_; }

private:
    scores_options options_;
};

} // namespace groundglass::severity

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/severity/detail/scores.hpp>
#endif
