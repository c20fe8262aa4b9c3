#pragma once

#include "model_archive.hpp"
#include <groundglass/segmentation/device.hpp>
#include <groundglass/segmentation/model_contract.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace groundglass::segmentation::detail {

/// The engine behind a model file. Nothing outside this folder knows which one runs.
class runner {
public:
    runner() = default;
    runner(const runner&) = delete;
    runner& operator=(const runner&) = delete;
    virtual ~runner() = default;

    /// The one size of image that the engine takes, where it takes no other.
    [[nodiscard]] virtual std::optional<image_size> fixed_size() const { return std::nullopt; }

    /// Where it runs now, and why it is the CPU where CUDA was asked for or found.
    [[nodiscard]] virtual segmentation::device device() const { return segmentation::device::cpu; }
    [[nodiscard]] virtual std::string fallback() const { return {}; }

    /// `image`: `channels` planes; `result`: `classes` planes of the same size. Called by many threads at a
    /// time. Throws `model_error`.
    virtual void run(std::span<const float> image, std::size_t channels, image_size size,
                     std::span<float> result, std::size_t classes) const = 0;
};

/// Loads the program in a model file with the engine for its format, after all that the file says of itself
/// has been compared with `contract` and with this machine. Throws `model_error`, and
/// `std::invalid_argument` where the engine cannot compute in bfloat16.
[[nodiscard]] std::unique_ptr<const runner> load_runner(const model_archive& archive,
                                                        const model_contract& contract, bool bfloat16,
                                                        segmentation::device device);

/// The engines. `reason` is what `fallback` says.
[[nodiscard]] std::unique_ptr<const runner> load_torchscript(const model_archive& archive, bool bfloat16,
                                                             std::string reason = {});
/// The same on a CUDA device. Throws `model_error` where it can't be brought there.
[[nodiscard]] std::unique_ptr<const runner> load_cuda(const model_archive& archive, bool bfloat16);
[[nodiscard]] bool has_cuda();
[[nodiscard]] std::unique_ptr<const runner> load_aoti_package(const model_archive& archive,
                                                              const model_contract& contract);

/// True where the CPU computes in bfloat16.
[[nodiscard]] bool has_bfloat16();

/// How many threads of this process can run at a time.
[[nodiscard]] std::size_t usable_cores();

/// Limits the engine's operators to the calling thread, for as long as this thread lives. Other threads and
/// the process-wide setting stay as they are.
void use_calling_thread_only();

} // namespace groundglass::segmentation::detail
