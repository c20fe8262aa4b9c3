#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/statistics/cohort.hpp>
#include <groundglass/statistics/interval_counts.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace groundglass::statistics {

GROUNDGLASS_INLINE std::vector<double> percent_edges(std::size_t last) {
    if (last < 1 || last > 1'000'000)
        throw std::invalid_argument("percent_edges: last must lie in 1..1000000, found " +
                                    std::to_string(last));
    std::vector<double> edges(last + 1);
    for (std::size_t i = 0; i < edges.size(); ++i) edges[i] = static_cast<double>(i) / 100;
    return edges;
}

GROUNDGLASS_INLINE void check_edges(std::span<const double> edges) {
    if (edges.size() < 2)
        throw std::invalid_argument("interval_table: at least two edges are needed, found " +
                                    std::to_string(edges.size()));
    for (std::size_t i = 0; i < edges.size(); ++i)
        if (!std::isfinite(edges[i]) || (i > 0 && !(edges[i] > edges[i - 1])))
            throw std::invalid_argument("interval_table: edges must ascend and be finite; edge " +
                                        std::to_string(i) + " is " + shown(edges[i]));
}

GROUNDGLASS_INLINE std::size_t interval_of(double value, std::span<const double> edges) {
    if (edges.size() < 2)
        throw std::invalid_argument("interval_of: at least two edges are needed, found " +
                                    std::to_string(edges.size()));
    if (!(value >= edges.front() && value <= edges.back())) return edges.size();
    const auto above = std::upper_bound(edges.begin(), edges.end(), value) - edges.begin();
    return std::min(static_cast<std::size_t>(above), edges.size() - 1) - 1;
}

namespace detail {

/// Finds intervals by where equally wide ones would lie, and looks for them where that is not so.
class interval_finder {
public:
    explicit interval_finder(std::span<const double> edges)
        : edges_(edges), last_(edges.size() - 2),
          scale_(static_cast<double>(edges.size() - 1) / (edges.back() - edges.front())) {}

    [[nodiscard]] std::size_t operator()(double value) const {
        if (!(value >= edges_.front() && value <= edges_.back())) return edges_.size();
        const double place = (value - edges_.front()) * scale_;
        auto i =
            std::min(last_, place < static_cast<double>(last_) ? static_cast<std::size_t>(place) : last_);
        if (value < edges_[i]) --i;
        if (value >= edges_[i + 1] && i < last_) ++i;
        const bool found = value >= edges_[i] && (value < edges_[i + 1] || i == last_);
        return found ? i : interval_of(value, edges_);
    }

private:
    std::span<const double> edges_;
    std::size_t last_;
    double scale_;
};

} // namespace detail

GROUNDGLASS_INLINE interval_counts count_intervals(std::span<const double> fractions,
                                                   std::span<const std::uint8_t> labels,
                                                   std::span<const double> edges) {
    (void)check_cohort("interval_table", fractions, labels.size());
    check_edges(edges);
    interval_counts counts{std::vector<std::size_t>(edges.size() - 1),
                           std::vector<std::size_t>(edges.size() - 1)};
    const detail::interval_finder find(edges);
    for (std::size_t i = 0; i < fractions.size(); ++i) {
        if (labels[i] > 1)
            throw std::invalid_argument("interval_table: labels are 1 (positive) or 0, found " +
                                        std::to_string(int{labels[i]}) + " at " + std::to_string(i));
        const std::size_t interval = find(fractions[i]);
        if (interval == edges.size())
            ++(labels[i] == 1 ? counts.positive_outside : counts.negative_outside);
        else
            ++(labels[i] == 1 ? counts.positive : counts.negative)[interval];
    }
    const auto positives =
        static_cast<std::size_t>(std::count(labels.begin(), labels.end(), std::uint8_t{1}));
    if (positives == 0 || positives == labels.size())
        throw std::invalid_argument(std::string("interval_table: no patient is ") +
                                    (positives == 0 ? "positive" : "negative") +
                                    "; both classes are needed for a probability");
    return counts;
}

} // namespace groundglass::statistics
