#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace groundglass {

/// Opts a type into `|`. A stage is a small regular value with a `const operator()`: it creates no threads of
/// its own accord, holds no global state and prints nothing. It states what it takes and what it gives as the
/// member types `takes` and `gives`, so that `|` can refuse a wrong order where it is written. One whose
/// `operator()` is neither overloaded nor a template need not: they are read from it. Of any other without
/// them `|` learns only when it is applied.
struct pipeable {};

template <class S>
concept stage = std::derived_from<std::remove_cvref_t<S>, pipeable>;

// clang-format 14 takes the reference in the concept for an operator.
// clang-format off
template <class S, class In>
concept stage_for = stage<S> && std::regular_invocable<const std::remove_cvref_t<S>&, In>;
// clang-format on

namespace detail {

/// What is not known of a stage.
struct unstated {};

template <class Call>
struct signature_of {
    using takes = unstated;
    using gives = unstated;
};
template <class S, class Out, class In>
struct signature_of<Out (S::*)(In) const> {
    using takes = std::remove_cvref_t<In>;
    using gives = std::remove_cvref_t<Out>;
};
template <class S, class Out, class In>
struct signature_of<Out (S::*)(In) const noexcept> : signature_of<Out (S::*)(In) const> {};

template <class S>
concept states_its_ends = requires {
    typename S::takes;
    typename S::gives;
};

template <class S>
struct ends_of : signature_of<void> {};
template <class S>
requires(!states_its_ends<S> && requires { &S::operator(); }) struct ends_of<S>
    : signature_of<decltype(&S::operator())> {
};
template <states_its_ends S>
struct ends_of<S> {
    using takes = typename S::takes;
    using gives = typename S::gives;
};

} // namespace detail

/// What a stage takes and gives, without references.
template <stage S>
using taken_by = typename detail::ends_of<std::remove_cvref_t<S>>::takes;
template <stage S>
using given_by = typename detail::ends_of<std::remove_cvref_t<S>>::gives;

/// The stage `Second` may follow `First`, as far as the two say.
template <class Second, class First>
concept takes_what_is_given_by = stage<First> && stage<Second> &&
    (std::same_as<given_by<First>, detail::unstated> || std::same_as<taken_by<Second>, detail::unstated> ||
     std::convertible_to<given_by<First>, taken_by<Second>> || stage_for<Second, given_by<First>>);

/// Two stages as one: `second(first(value))`.
template <stage First, stage Second>
class pipeline : public pipeable {
public:
    using takes = taken_by<First>;
    using gives = given_by<Second>;

    constexpr pipeline(First first, Second second) : first_(std::move(first)), second_(std::move(second)) {}

    template <class In>
    requires stage_for<First, In> && stage_for<Second, std::invoke_result_t<const First&, In>>
    constexpr auto operator()(In&& value) const { return second_(first_(std::forward<In>(value))); }

    friend constexpr bool operator==(const pipeline& a, const pipeline& b) requires
        std::equality_comparable<First> && std::equality_comparable<Second> {
        return a.first_ == b.first_ && a.second_ == b.second_;
    }

private:
    First first_;
    Second second_;
};

/// `a | b`: a workflow, again a stage.
template <stage First, stage Second>
requires takes_what_is_given_by<Second, First>
[[nodiscard]] constexpr auto operator|(First&& first, Second&& second) {
    return pipeline<std::remove_cvref_t<First>, std::remove_cvref_t<Second>>(std::forward<First>(first),
                                                                             std::forward<Second>(second));
}

/// `value | a`: applies the stage.
template <class In, stage S>
requires(!stage<In> && stage_for<S, In>) [[nodiscard]] constexpr auto operator|(In&& value, const S& stage) {
    return stage(std::forward<In>(value));
}

/// A wrong order. Chosen and refused where it is written, so that the compiler's first line names both stages
/// and what the first gives and the second takes.
template <stage First, stage Second, class Gives = given_by<First>, class Takes = taken_by<Second>>
requires(!takes_what_is_given_by<Second, First>) constexpr void operator|(First&&, Second&&) = delete;

/// A value that the stage does not take, refused in the same way.
template <class Value, stage Stage, class Takes = taken_by<Stage>>
requires(!stage<Value> && !stage_for<Stage, Value>) constexpr void operator|(Value&&, const Stage&) = delete;

} // namespace groundglass
