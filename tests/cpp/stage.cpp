#include <groundglass/stage.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {

struct twice : groundglass::pipeable {
    int operator()(int value) const { return 2 * value; }
    friend bool operator==(const twice&, const twice&) { return true; }
};

struct digits : groundglass::pipeable {
    std::size_t length = 0;
    std::string operator()(int value) const { return std::string(length, '0') + std::to_string(value); }
    friend bool operator==(const digits& a, const digits& b) { return a.length == b.length; }
};

template <class A, class B>
concept can_pipe = requires(const A& a, const B& b) {
    a | b;
};

} // namespace

TEST_CASE("a value piped into a stage is the stage's result") {
    CHECK((21 | twice{}) == 42);
    CHECK((21 | twice{} | digits{}) == "42");
}

TEST_CASE("two stages are a stage, and composition associates") {
    const digits padded = [] {
        digits d;
        d.length = 2;
        return d;
    }();
    const auto left = (twice{} | twice{}) | padded;
    const auto right = twice{} | (twice{} | padded);
    CHECK(left(5) == "0020");
    CHECK(right(5) == "0020");
    CHECK((5 | left) == "0020");
}

TEST_CASE("pipelines of equal stages are equal") {
    digits one;
    one.length = 1;
    CHECK((twice{} | digits{}) == (twice{} | digits{}));
    CHECK_FALSE((twice{} | digits{}) == (twice{} | one));
}

TEST_CASE("a wrong order does not compile") {
    static_assert(can_pipe<int, twice>);
    static_assert(!can_pipe<std::string, twice>);
    static_assert(groundglass::stage_for<groundglass::pipeline<twice, digits>, int>);
    static_assert(!groundglass::stage_for<groundglass::pipeline<digits, twice>, int>);
    CHECK(can_pipe<int, digits>);
}
