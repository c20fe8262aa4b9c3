// fit_thresholds [TABLE]: cuts between ordered classes, how sure they are, and the grade of a next patient.
// TABLE has a line for each patient, "fraction,class", with classes 0 (least severe), 1, …; without it a
// cohort is made up.
#include <groundglass/error.hpp>
#include <groundglass/severity/thresholds.hpp>
#include <groundglass/statistics/threshold_bootstrap.hpp>

#include <cstdio>
#include <exception>
#include <fstream>

int main(int count, char** arguments) try {
    using namespace groundglass;
    using namespace groundglass::statistics;
    std::vector<double> fractions;
    std::vector<std::size_t> classes;
    if (count > 1) {
        std::ifstream file(arguments[1]);
        if (!file) throw format_error(std::string(arguments[1]) + ": can't be opened");
        double fraction = 0;
        std::size_t grade = 0;
        for (char comma = 0; file >> fraction >> comma >> grade;) {
            fractions.push_back(fraction);
            classes.push_back(grade);
        }
    } else {
        random_stream random(1);
        for (std::size_t patient = 0; patient < 450; ++patient) {
            classes.push_back(patient % 3);
            const double x = random.uniform();
            fractions.push_back(x * x * (0.03 + 0.12 * static_cast<double>(classes.back())));
        }
    }

    const auto result = bootstrap_thresholds(fractions, classes, {}, {.resamples = 2000, .seed = 1});
    for (const note& remark : result.fit.remarks) std::printf("note: %s\n", remark.text.c_str());
    for (std::size_t cut = 0; cut < result.cuts.size(); ++cut)
        std::printf("cut %zu: %.4f (95 %% interval %.4f to %.4f)\n", cut + 1, result.fit.cuts[cut],
                    result.cuts[cut].lower, result.cuts[cut].upper);
    std::printf("mean recall: %.3f as fitted, %.3f corrected for optimism, %.3f on patients left out\n",
                result.apparent, result.corrected, result.out_of_bag);

    const severity::thresholds grade(result.fit); // the last stage of the next patient's flow
    std::printf("a patient with 4 %% of the lungs affected: class %s\n", (0.04 | grade).c_str());
} catch (const std::exception& error) {
    std::fprintf(stderr, "fit_thresholds: %s\n", error.what());
    return 2;
}
