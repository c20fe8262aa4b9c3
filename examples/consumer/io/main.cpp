#include <groundglass/error.hpp>
#include <groundglass/io/labels.hpp>
#include <groundglass/io/read_ct.hpp>

#include <filesystem>
#include <iostream>

// A mask is written and read back, and a study that is none is refused by a type that crosses the library's
// border.
int main() {
    using namespace groundglass;
    const shape3 shape{3, 4, 5};
    const volume::ct_volume ct(make_array<std::int16_t>(shape, -850), {.shape = shape});
    const auto mask = make_array<std::uint8_t>(shape, 1);
    const auto path = std::filesystem::temp_directory_path() / "groundglass-consumer.nii.gz";
    io::write_labels(path, mask, ct.grid());
    const bool same = io::read_labels(path, ct, 1) == mask;
    std::filesystem::remove(path);
    try {
        static_cast<void>(io::read_ct(path));
    } catch (const format_error& error) {
        std::cout << "refused as it should be: " << error.what() << '\n';
        return same ? 0 : 1;
    }
    return 1;
}
