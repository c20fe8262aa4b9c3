#include "image_tensor.hpp"
#include "runner.hpp"
#include "torch_error.hpp"
#include <groundglass/error.hpp>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <string>

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

class torchscript_runner final : public runner {
public:
    torchscript_runner(const model_archive& archive, bool bfloat16)
        : where_(archive.path().string()), type_(bfloat16 ? at::kBFloat16 : at::kFloat) {
        module_ = translated(where_ + ": the TorchScript program cannot be loaded",
                             "export it again with the installed version of torch", [&] {
                                 auto module = torch::jit::load(where_, at::kCPU);
                                 module.eval();
                                 convert(module, type_);
                                 return torch::jit::freeze(module);
                             });
    }

    void run(std::span<const float> image, std::size_t channels, image_size size, std::span<float> result,
             std::size_t classes) const override {
        translated(where_ + ": the model failed on an image of " + std::to_string(channels) + " x " +
                       std::to_string(size.rows) + " x " + std::to_string(size.columns),
                   "", [&] { forward(image, channels, size, result, classes); });
    }

private:
    void forward(std::span<const float> image, std::size_t channels, image_size size, std::span<float> result,
                 std::size_t classes) const {
        const c10::InferenceMode inference;
        // Without the profiling executor: crops of many sizes would be profiled again and again, the first
        // runs are slow, and nothing is fused on a CPU anyway.
        const torch::jit::GraphOptimizerEnabledGuard no_profiling(false);

        auto input = image_tensor(image, channels, size);
        if (channels == 1) {
            const auto [one, depth, rows, columns] = planes_shape(channels, size);
            input = input.as_strided({one, depth, rows, columns}, {rows * columns, 1, columns, 1});
        } else {
            input = input.contiguous(at::MemoryFormat::ChannelsLast);
        }
        torch::jit::Method method = module_.get_method("forward");
        const auto output = method({input.to(type_)});
        if (!output.isTensor())
            throw model_error(
                where_ + ": the model gives a " + output.tagKind() +
                " where one tensor of probabilities belongs; wrap it so that it returns that alone");
        take_planes(output.toTensor(), where_, channels, size, result, classes);
    }

    std::string where_;
    at::ScalarType type_;
    torch::jit::Module module_;
};

} // namespace

std::unique_ptr<const runner> load_torchscript(const model_archive& archive, bool bfloat16) {
    return std::make_unique<const torchscript_runner>(archive, bfloat16);
}

} // namespace groundglass::segmentation::detail
