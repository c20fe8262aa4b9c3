#include <groundglass/segmentation/device.hpp>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace groundglass::segmentation {

namespace {
constexpr std::array<std::string_view, 3> names{"auto", "cpu", "cuda"};
}

std::string_view name_of(device value) {
    const auto place = static_cast<std::size_t>(value);
    if (place >= names.size()) throw std::invalid_argument("name_of: there is no such device");
    return names[place];
}

device device_named(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == name) return static_cast<device>(i);
    throw std::invalid_argument("device must be 'auto', 'cpu' or 'cuda', found '" + std::string(name) + "'");
}

} // namespace groundglass::segmentation
