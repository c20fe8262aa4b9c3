#include "image_tensor.hpp"
#include "program.hpp"
#include "runner.hpp"
#include "torch_error.hpp"

#include <torch/csrc/jit/api/module.h>

#include <string>
#include <utility>

namespace groundglass::segmentation::detail {
namespace {

class torchscript_runner final : public runner {
public:
    torchscript_runner(const model_archive& archive, bool bfloat16, std::string reason)
        : where_(archive.path().string()), reason_(std::move(reason)), type_(tensor_type(bfloat16)),
          module_(load_program(where_, at::kCPU, type_)) {}

    [[nodiscard]] std::string fallback() const override { return reason_; }

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
        auto input = image_tensor(image, channels, size);
        if (channels == 1) {
            const auto [one, depth, rows, columns] = planes_shape(channels, size);
            input = input.as_strided({one, depth, rows, columns}, {rows * columns, 1, columns, 1});
        } else {
            input = input.contiguous(at::MemoryFormat::ChannelsLast);
        }
        take_planes(answer_of(module_, input.to(type_), where_), where_, channels, size, result, classes);
    }

    std::string where_;
    std::string reason_;
    at::ScalarType type_;
    torch::jit::Module module_;
};

} // namespace

std::unique_ptr<const runner> load_torchscript(const model_archive& archive, bool bfloat16,
                                               std::string reason) {
    return std::make_unique<const torchscript_runner>(archive, bfloat16, std::move(reason));
}

} // namespace groundglass::segmentation::detail
