#pragma once

/// @file
/// All of groundglass that needs neither LibTorch nor an image library. The whole flow, with the two headers
/// that do (`groundglass/io/read_ct.hpp`, `groundglass/segmentation/ensemble.hpp`), is ten lines:
///
///     using namespace groundglass;
///     const auto measure = lungs::lung_mask{}
///                        | segmentation::ensemble({.models = {"ensemble-lite.pt"}})
///                        | quantification::involvement{};
///     const auto table = io::read_ct("study/") | measure;
///     const auto grade = table | severity::scores{};
///     std::cout << table.rows[0].opacity_percent << " % of the lungs, "
///               << name_of(grade.ct_grade_extent) << '\n';

#include <groundglass/error.hpp>
#include <groundglass/lungs/airways.hpp>
#include <groundglass/lungs/body_middle.hpp>
#include <groundglass/lungs/chest_wall.hpp>
#include <groundglass/lungs/given_lungs.hpp>
#include <groundglass/lungs/given_parts.hpp>
#include <groundglass/lungs/label_numbering.hpp>
#include <groundglass/lungs/label_places.hpp>
#include <groundglass/lungs/lobes.hpp>
#include <groundglass/lungs/lung_comparison.hpp>
#include <groundglass/lungs/lung_mask.hpp>
#include <groundglass/lungs/lung_plausibility.hpp>
#include <groundglass/lungs/lung_separation.hpp>
#include <groundglass/lungs/lung_sides.hpp>
#include <groundglass/lungs/part_names.hpp>
#include <groundglass/lungs/picture_lungs.hpp>
#include <groundglass/note.hpp>
#include <groundglass/quantification/aeration.hpp>
#include <groundglass/quantification/dependent_density.hpp>
#include <groundglass/quantification/involvement.hpp>
#include <groundglass/quantification/involvement_and_aeration.hpp>
#include <groundglass/quantification/involvement_change.hpp>
#include <groundglass/quantification/involvement_uncertainty.hpp>
#include <groundglass/quantification/slice_profile.hpp>
#include <groundglass/reading/hounsfield.hpp>
#include <groundglass/reading/jpeg_lossless.hpp>
#include <groundglass/reading/orientation.hpp>
#include <groundglass/reading/read_header.hpp>
#include <groundglass/reading/series.hpp>
#include <groundglass/severity/grade_probability.hpp>
#include <groundglass/severity/scores.hpp>
#include <groundglass/severity/thresholds.hpp>
#include <groundglass/stage.hpp>
#include <groundglass/statistics/auc.hpp>
#include <groundglass/statistics/bland_altman.hpp>
#include <groundglass/statistics/calibration.hpp>
#include <groundglass/statistics/interval_table.hpp>
#include <groundglass/statistics/intraclass_correlation.hpp>
#include <groundglass/statistics/kappa.hpp>
#include <groundglass/statistics/pair_counts.hpp>
#include <groundglass/statistics/precision_recall.hpp>
#include <groundglass/statistics/threshold_bootstrap.hpp>
#include <groundglass/statistics/threshold_surface.hpp>
#include <groundglass/version.hpp>
#include <groundglass/volume/bit_mask.hpp>
#include <groundglass/volume/components.hpp>
#include <groundglass/volume/ct_volume.hpp>
#include <groundglass/volume/distance_transform.hpp>
#include <groundglass/volume/geometry.hpp>
#include <groundglass/volume/label_map.hpp>
#include <groundglass/volume/lesion_ct.hpp>
#include <groundglass/volume/lesion_uncertainty.hpp>
#include <groundglass/volume/lobe_estimate.hpp>
#include <groundglass/volume/lung_ct.hpp>
#include <groundglass/volume/lung_regions.hpp>
#include <groundglass/volume/morphology.hpp>
#include <groundglass/volume/patient_position.hpp>
#include <groundglass/volume/reconstruction.hpp>
#include <groundglass/volume/resample.hpp>
#include <groundglass/wide.hpp>
