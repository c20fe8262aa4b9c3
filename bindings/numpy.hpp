#pragma once

#include "pybind.hpp"
#include <groundglass/array.hpp>

#include <pybind11/numpy.h>

#include <algorithm>
#include <string>

namespace groundglass::bindings {

/// Copies a numpy array of exactly this type and rank. A silent conversion of a study would cost a second or
/// hide a mistake, so another type is a TypeError that names the cure. Any strides are taken.
template <class T, std::size_t N>
xt::xtensor<T, N> from_numpy(const py::array& array, const char* name) {
    if (static_cast<std::size_t>(array.ndim()) != N)
        throw py::value_error(std::string(name) + ": " + std::to_string(N) +
                              " dimensions are needed, found " + std::to_string(array.ndim()));
    if (!array.dtype().is(py::dtype::of<T>()) && !array.dtype().equal(py::dtype::of<T>()))
        throw py::type_error(std::string(name) + ": dtype " +
                             py::cast<std::string>(py::str(py::dtype::of<T>())) + " is needed, found " +
                             py::cast<std::string>(py::str(array.dtype())) + "; convert with .astype()");
    const auto contiguous = py::array_t<T, py::array::c_style | py::array::forcecast>::ensure(array);
    if (!contiguous) throw py::error_already_set();
    typename xt::xtensor<T, N>::shape_type shape;
    for (std::size_t axis = 0; axis < N; ++axis)
        shape[axis] = static_cast<std::size_t>(array.shape(static_cast<py::ssize_t>(axis)));
    xt::xtensor<T, N> result(shape);
    std::copy_n(contiguous.data(), contiguous.size(), result.storage().data());
    return result;
}

/// Calls `f` with a label map of 8 or, where the array has them, 16 bits.
template <class F>
auto with_labels(const py::array& array, const char* name, F f) {
    if (array.dtype().equal(py::dtype::of<std::uint16_t>()))
        return f(from_numpy<std::uint16_t, 3>(array, name));
    return f(from_numpy<std::uint8_t, 3>(array, name));
}

/// A read-only numpy view that keeps the shared array alive; None for a null pointer.
template <class T, std::size_t N>
py::object view_of(const std::shared_ptr<const xt::xtensor<T, N>>& array) {
    if (!array) return py::none();
    using pointer = std::shared_ptr<const xt::xtensor<T, N>>;
    const py::capsule owner(new pointer(array), [](void* p) { delete static_cast<pointer*>(p); });
    py::array_t<T> view(std::vector<py::ssize_t>(array->shape().begin(), array->shape().end()),
                        array->storage().data(), owner);
    view.attr("flags").attr("writeable") = false;
    return view;
}

/// Moves an array out to numpy without a copy; writable.
template <class T, std::size_t N>
py::array_t<T> to_numpy(xt::xtensor<T, N>&& array) {
    auto* owned = new xt::xtensor<T, N>(std::move(array));
    const py::capsule owner(owned, [](void* p) { delete static_cast<xt::xtensor<T, N>*>(p); });
    return py::array_t<T>(std::vector<py::ssize_t>(owned->shape().begin(), owned->shape().end()),
                          owned->storage().data(), owner);
}

} // namespace groundglass::bindings
