#pragma once

#include <groundglass/shape.hpp>

// The one header that includes xtensor, whose folders moved in 0.26.
#if __has_include(<xtensor/containers/xtensor.hpp>)
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xtensor.hpp>
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace groundglass {

/// A contiguous array in C order. Volumes are `(slice, row, column)`, slices `(row, column)`.
template <class T>
using array3 = xt::xtensor<T, 3>;
template <class T>
using array2 = xt::xtensor<T, 2>;

/// A volume that several results share and none may change.
template <class T>
using shared_array3 = std::shared_ptr<const array3<T>>;

template <class T>
[[nodiscard]] array3<T> make_array(const shape3& shape, T value = T{}) {
    array3<T> result(typename array3<T>::shape_type{shape[0], shape[1], shape[2]});
    std::fill(result.storage().begin(), result.storage().end(), value);
    return result;
}

template <class T>
[[nodiscard]] shared_array3<T> shared(array3<T> array) {
    return std::make_shared<const array3<T>>(std::move(array));
}

template <class T>
[[nodiscard]] shape3 shape_of(const array3<T>& array) {
    return {array.shape()[0], array.shape()[1], array.shape()[2]};
}

/// All elements in storage order.
template <class T, std::size_t N>
[[nodiscard]] std::span<const T> flat(const xt::xtensor<T, N>& array) {
    return {array.storage().data(), array.storage().size()};
}
template <class T, std::size_t N>
[[nodiscard]] std::span<T> flat(xt::xtensor<T, N>& array) {
    return {array.storage().data(), array.storage().size()};
}

/// The `index`-th slice of a volume, rows after rows.
template <class T>
[[nodiscard]] std::span<const T> slice_of(const array3<T>& array, std::size_t index) {
    const auto size = array.shape()[1] * array.shape()[2];
    return flat(array).subspan(index * size, size);
}
template <class T>
[[nodiscard]] std::span<T> slice_of(array3<T>& array, std::size_t index) {
    const auto size = array.shape()[1] * array.shape()[2];
    return flat(array).subspan(index * size, size);
}

} // namespace groundglass

#ifndef GROUNDGLASS_NO_OLD_NAMES
namespace groundglass {
template <class T>
[[deprecated("groundglass::shared")]] shared_array3<T> share(array3<T> array) {
    return shared(std::move(array));
}
template <class T>
[[deprecated("groundglass::slice_of")]] std::span<const T> slice(const array3<T>& array, std::size_t index) {
    return slice_of(array, index);
}
template <class T>
[[deprecated("groundglass::slice_of")]] std::span<T> slice(array3<T>& array, std::size_t index) {
    return slice_of(array, index);
}
} // namespace groundglass
#endif
