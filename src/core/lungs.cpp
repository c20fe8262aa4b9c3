// What the headers of lungs/ declare and their detail folder defines.
#include <groundglass/lungs/detail/airways.hpp>
#include <groundglass/lungs/detail/body_middle.hpp>
#include <groundglass/lungs/detail/chest_wall.hpp>
#include <groundglass/lungs/detail/given_lungs.hpp>
#include <groundglass/lungs/detail/given_parts.hpp>
#include <groundglass/lungs/detail/label_places.hpp>
#include <groundglass/lungs/detail/lobes.hpp>
#include <groundglass/lungs/detail/lung_comparison.hpp>
#include <groundglass/lungs/detail/lung_mask.hpp>
#include <groundglass/lungs/detail/lung_plausibility.hpp>
#include <groundglass/lungs/detail/lung_separation.hpp>
#include <groundglass/lungs/detail/lung_sides.hpp>
#include <groundglass/lungs/detail/part_names.hpp>
#include <groundglass/lungs/detail/picture_lungs.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace groundglass::lungs {

template std::vector<label_place> label_places(const array3<std::uint8_t>&);
template std::vector<label_place> label_places(const array3<std::uint16_t>&);

template volume::lung_ct with_lungs(const volume::ct_volume&, const array3<std::uint8_t>&);
template volume::lung_ct with_lungs(const volume::ct_volume&, const array3<std::uint16_t>&);

template volume::lung_ct with_lobes(const volume::lung_ct&, const array3<std::uint8_t>&);
template volume::lung_ct with_lobes(const volume::lung_ct&, const array3<std::uint16_t>&);

template double otsu_threshold(std::span<const std::uint8_t>);
template double otsu_threshold(std::span<const std::uint16_t>);
template double otsu_threshold(std::span<const std::int16_t>);
template double otsu_threshold(std::span<const float>);
template double otsu_threshold(std::span<const double>);

template volume::bit_mask air_beside_patient(std::span<const std::uint8_t>, std::size_t, std::size_t);
template volume::bit_mask air_beside_patient(std::span<const std::uint16_t>, std::size_t, std::size_t);
template volume::bit_mask air_beside_patient(std::span<const std::int16_t>, std::size_t, std::size_t);
template volume::bit_mask air_beside_patient(std::span<const float>, std::size_t, std::size_t);
template volume::bit_mask air_beside_patient(std::span<const double>, std::size_t, std::size_t);

} // namespace groundglass::lungs
