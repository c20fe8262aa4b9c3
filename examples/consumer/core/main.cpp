#include <groundglass/groundglass.hpp>

#include <cmath>
#include <iostream>

// Ten slices of lung, a quarter of it ground glass: the table must say so.
int main() {
    using namespace groundglass;
    using namespace groundglass::volume;
    using namespace groundglass::quantification;
    const shape3 shape{10, 4, 4};
    const ct_volume ct(make_array<std::int16_t>(shape, -850), {.shape = shape, .spacing_mm = {5, 1, 1}});
    auto lesions = make_array<std::uint8_t>(shape);
    for (std::size_t s = 0; s < shape[0]; ++s)
        for (std::size_t row = 0; row < shape[1]; ++row) lesions(s, row, 0) = 1;
    const lesion_ct study(lung_ct(ct, make_array<std::uint8_t>(shape, 1)), lesions);
    const auto table = study | involvement{};
    const auto grade = table | severity::scores{};
    std::cout << table.rows[0].opacity_percent << " % of " << table.rows[0].lung_ml << " ml, "
              << name_of(grade.ct_grade_extent) << '\n';
    return std::abs(table.rows[0].opacity_percent - 25) < 1e-12 && name_of(grade.ct_grade_extent) == "CT-2"
               ? 0
               : 1;
}
