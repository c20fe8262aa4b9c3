#include "program.hpp"

#include "torch_error.hpp"
#include <groundglass/error.hpp>

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

namespace groundglass::segmentation::detail {
namespace {

/// Brings weights to the type that is computed in, and laid out with the channels last. Whole numbers stay.
void convert(const torch::jit::Module& module, at::ScalarType type) {
    const at::NoGradGuard no_gradient;
    const auto converted = [type](const at::Tensor& tensor) {
        auto result = tensor.to(type);
        return result.dim() == 4 ? result.contiguous(at::MemoryFormat::ChannelsLast) : result.contiguous();
    };
    for (at::Tensor parameter : module.parameters())
        if (parameter.is_floating_point()) parameter.set_data(converted(parameter));
    for (at::Tensor buffer : module.buffers())
        if (buffer.is_floating_point()) buffer.set_data(converted(buffer));
}

} // namespace

torch::jit::Module load_program(const std::string& where, at::Device device, at::ScalarType type) {
    return translated(where + ": the TorchScript program cannot be loaded",
                      "export it again with the installed version of torch", [&] {
                          auto module = torch::jit::load(where, device);
                          module.eval();
                          convert(module, type);
                          return torch::jit::freeze(module);
                      });
}

at::Tensor answer_of(const torch::jit::Module& module, const at::Tensor& input, const std::string& where) {
    // Without the profiling executor: crops of many sizes would be profiled again and again, the first runs
    // are slow, and nothing is fused on a CPU anyway.
    const torch::jit::GraphOptimizerEnabledGuard no_profiling(false);
    torch::jit::Method method = module.get_method("forward");
    const auto output = method({input});
    if (!output.isTensor())
        throw model_error(
            where + ": the model gives a " + output.tagKind() +
            " where one tensor of probabilities belongs; wrap it so that it returns that alone");
    return output.toTensor();
}

} // namespace groundglass::segmentation::detail
