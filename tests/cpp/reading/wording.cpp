#include <groundglass/reading/wording.hpp>

#include <doctest/doctest.h>

using namespace groundglass::reading;

TEST_CASE("nothing but digits, dots and capitals of a header reaches a message") {
    CHECK(uid_text("1.2.DOE^JOHN.3") == "1.2..3");
    CHECK(uid_text("DOE") == "(without UID)");
    CHECK(uid_text(std::string(100, '1')).size() == 64);
    CHECK(code_text("DOE^john\n") == "DOE");
    CHECK(code_text("john") == "(unreadable)");
}

TEST_CASE("decimals are short") {
    CHECK(decimal(2.0) == "2");
    CHECK(decimal(-120.10) == "-120.1");
    CHECK(decimal(0.29999, 4) == "0.3");
    CHECK(decimal(-0.0) == "0");
    CHECK(decimal(100) == "100");
}

TEST_CASE("things are counted in words") {
    CHECK(counted(1, "slice") == "1 slice");
    CHECK(counted(0, "slice") == "0 slices");
    CHECK(counted(3, "file") == "3 files");
}
