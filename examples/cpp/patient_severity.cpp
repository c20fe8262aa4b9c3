// patient_severity STUDY MODEL.pt [LUNGS.pt]: how much of the lungs is ground glass or consolidation, and how
// severe that is. The lungs are found by the network LUNGS.pt, or by the classical mask.
#include <groundglass/groundglass.hpp>
#include <groundglass/io/read_ct.hpp>
#include <groundglass/segmentation/ensemble.hpp>
#include <groundglass/segmentation/lungs.hpp>

#include <cstdio>
#include <exception>

int main(int count, char** arguments) try {
    if (count < 3 || count > 4) {
        std::fprintf(stderr, "use: patient_severity STUDY MODEL.pt [LUNGS.pt]\n");
        return 2;
    }
    using namespace groundglass;
    using namespace groundglass::volume;
    using namespace groundglass::quantification;
    const auto measure = segmentation::ensemble({.models = {arguments[2]}}) | involvement{};

    const ct_volume ct = io::read_ct(arguments[1]);
    for (const note& remark : ct.notes()) std::printf("note: %s\n", remark.text.c_str());

    const lung_ct both =
        count == 4 ? ct | segmentation::lungs({.model = arguments[3]}) : ct | lungs::lung_mask{};
    for (const note& remark : both.notes()) std::printf("note: %s\n", remark.text.c_str());

    const involvement_table table = both | measure;
    std::printf("%-20s %9s %9s %9s %7s %7s\n", "region", "lung ml", "GG ml", "cons. ml", "PO %", "PHO %");
    for (const auto& row : table.rows)
        std::printf("%-20s %9.1f %9.2f %9.2f %7.2f %7.2f\n", name_of(row.region).data(), row.lung_ml,
                    row.ground_glass_ml, row.consolidation_ml, row.opacity_percent, row.high_opacity_percent);

    const auto grade = table | severity::scores{};
    std::printf("extent: %s, class: %s\n", name_of(grade.ct_grade_extent).data(),
                severity::thresholds::published()(grade.opacity_fraction).c_str());
} catch (const std::exception& error) {
    std::fprintf(stderr, "patient_severity: %s\n", error.what());
    return 2;
}
