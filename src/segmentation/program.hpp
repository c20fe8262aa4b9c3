#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <string>

namespace groundglass::segmentation::detail {

/// The type that a program computes in.
[[nodiscard]] inline at::ScalarType tensor_type(bool bfloat16) {
    return bfloat16 ? at::kBFloat16 : at::kFloat;
}

/// The TorchScript program of a file on a device, with its weights of one type, frozen. Throws `model_error`.
[[nodiscard]] torch::jit::Module load_program(const std::string& where, at::Device device,
                                              at::ScalarType type);

/// What it gives for an input on its device. Throws `model_error` where that is no tensor, and what LibTorch
/// throws.
[[nodiscard]] at::Tensor answer_of(const torch::jit::Module& module, const at::Tensor& input,
                                   const std::string& where);

} // namespace groundglass::segmentation::detail
