// What the headers of severity/ declare and their detail folder defines.
#include <groundglass/severity/detail/ct_grade.hpp>
#include <groundglass/severity/detail/extent_score.hpp>
#include <groundglass/severity/detail/grade_probability.hpp>
#include <groundglass/severity/detail/lobar_extent.hpp>
#include <groundglass/severity/detail/scores.hpp>
#include <groundglass/severity/detail/thresholds.hpp>
