#include <groundglass/segmentation/device.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace groundglass::segmentation;

TEST_CASE("names go there and back") {
    for (const auto value : {device::automatic, device::cpu, device::cuda})
        CHECK(device_named(name_of(value)) == value);
    CHECK(name_of(device::automatic) == "auto");
    CHECK_THROWS_AS(static_cast<void>(device_named("gpu")), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(name_of(static_cast<device>(7))), std::invalid_argument);
}
