#pragma once

#include <groundglass/quantification/detail/part_counts.hpp>
#include <groundglass/quantification/involvement_table.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

/// What tables with a row for each region have in common.
namespace groundglass::quantification::detail {

/// Fills rows, lobes and segments of `table`; `measured` makes the measures of a part from its counts.
template <class Table, class Counts, class Measured>
void fill_rows(Table& table, const part_counts<Counts>& found, Measured measured) {
    using row = typename decltype(table.rows)::value_type;
    const auto named = [&](const Counts& counts, std::size_t region) {
        return row{measured(counts), static_cast<lung_region>(region)};
    };
    for (std::size_t r = 0; r < lung_region_count; ++r) table.rows[r] = named(found.regions[r], r);
    for (const auto& lobe : found.lobes)
        table.lobes.push_back(named(lobe, lung_region_count + table.lobes.size()));
    for (const auto& segment : found.segments) table.segments.push_back(measured(segment));
}

/// The row of a region. Throws `std::invalid_argument`, which `name` begins, where there is none.
template <class Table>
[[nodiscard]] const auto& row_of(const Table& table, lung_region region, std::string_view name) {
    const auto place = static_cast<std::size_t>(region);
    if (place < table.rows.size()) return table.rows[place];
    if (place - table.rows.size() < table.lobes.size()) return table.lobes[place - table.rows.size()];
    throw std::invalid_argument(std::string(name) + ": there is no row of region " + std::to_string(place));
}

} // namespace groundglass::quantification::detail
