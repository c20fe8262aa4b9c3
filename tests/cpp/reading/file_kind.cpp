#include <groundglass/reading/file_kind.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <string>

using namespace groundglass::reading;
using namespace std::string_literals;

TEST_CASE("what looks like another format is what DICM says") {
    std::string dicom(600, '\0');
    std::memcpy(dicom.data() + 128, "DICM", 4);
    for (const auto& sign : {"\x5c\x01\0\0"s, "NRRD0004\n"s, "PK\x03\x04"s, "\x1f\x8b\x08\0"s,
                             "7z\xbc\xaf\x27\x1c"s, "\x89PNG\r\n\x1a\n"s, "ObjectType = Image\n"s}) {
        auto start = dicom;
        start.replace(0, sign.size(), sign);
        CHECK(kind_of_start(start) == file_kind::dicom);
        start[128] = 'X';
        CHECK(kind_of_start(start) != file_kind::dicom);
    }
    std::string tar(512, '\0');
    tar.replace(257, 5, "ustar");
    CHECK(kind_of_start(tar) == file_kind::archive);
    CHECK(kind_of_start("") == file_kind::unknown);
    CHECK(kind_of_start("\n ObjectType = Image") == file_kind::metaimage);
}
