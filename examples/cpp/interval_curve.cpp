// interval_curve [TABLE]: probability of a severe course by interval of the affected fraction, with bounds.
// TABLE has a line for each patient, "fraction,severe" with severe 0 or 1; without it a cohort is made up.
#include <groundglass/error.hpp>
#include <groundglass/statistics/bootstrap.hpp>
#include <groundglass/statistics/interval_table.hpp>

#include <cstdio>
#include <exception>
#include <fstream>

int main(int count, char** arguments) try {
    using namespace groundglass;
    using namespace groundglass::statistics;
    std::vector<double> fractions;
    std::vector<std::uint8_t> severe;
    if (count > 1) {
        std::ifstream file(arguments[1]);
        if (!file) throw format_error(std::string(arguments[1]) + ": can't be opened");
        double fraction = 0;
        int label = 0;
        for (char comma = 0; file >> fraction >> comma >> label;) {
            fractions.push_back(fraction);
            severe.push_back(label == 0 ? 0 : label == 1 ? 1 : 2);
        }
    } else {
        random_stream random(1);
        for (int patient = 0; patient < 400; ++patient) {
            const double x = random.uniform();
            fractions.push_back(0.6 * x * x);
            severe.push_back(random.uniform() < 0.1 + 1.2 * fractions.back() ? 1 : 0);
        }
    }

    // Wide intervals tell more than the default of 1 % where patients are few; a risk should rise with the
    // extent.
    interval_table_options options;
    options.edges = {0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 1};
    options.isotonic = true;
    const interval_table table(fractions, severe, options);
    for (const note& remark : table.notes()) std::printf("note: %s\n", remark.text.c_str());
    std::printf("%12s %8s %8s %12s %s\n", "affected", "severe", "others", "probability", "95 % interval");
    for (const auto& row : table.rows())
        std::printf("%4.0f - %3.0f %% %8zu %8zu %12.3f %.3f to %.3f\n", 100 * row.start, 100 * row.stop,
                    row.positive, row.negative, row.probability, row.lower, row.upper);
    std::printf("a patient with 4 %%: %.2f\n", (0.04 | table).probability);
} catch (const std::exception& error) {
    std::fprintf(stderr, "interval_curve: %s\n", error.what());
    return 2;
}
