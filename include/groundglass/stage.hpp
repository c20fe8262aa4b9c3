#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace groundglass {

/// Opts a type into `|`. A stage is a small regular value with a `const operator()`: it creates no threads of
/// its own accord, holds no global state and prints nothing.
struct pipeable {};

template <class S>
concept stage = std::derived_from<std::remove_cvref_t<S>, pipeable>;

// clang-format 14 takes the reference in the concept for an operator.
// clang-format off
template <class S, class In>
concept stage_for = stage<S> && std::regular_invocable<const std::remove_cvref_t<S>&, In>;
// clang-format on

/// Two stages as one: `second(first(value))`.
template <stage First, stage Second>
class pipeline : public pipeable {
public:
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
[[nodiscard]] constexpr auto operator|(First&& first, Second&& second) {
    return pipeline<std::remove_cvref_t<First>, std::remove_cvref_t<Second>>(std::forward<First>(first),
                                                                             std::forward<Second>(second));
}

/// `value | a`: applies the stage. A value the stage does not take is an error when compiling.
template <class In, stage S>
requires(!stage<In> && stage_for<S, In>) [[nodiscard]] constexpr auto operator|(In&& value, const S& stage) {
    return stage(std::forward<In>(value));
}

} // namespace groundglass
