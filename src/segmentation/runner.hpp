#pragma once

#include <groundglass/segmentation/preprocess.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
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

    /// The text of `groundglass.json` in the file, empty when there is none.
    [[nodiscard]] virtual std::string contract() const = 0;

    /// `image`: `channels` planes; `result`: `classes` planes of the same size. Called by many threads at a
    /// time. Throws `model_error`.
    virtual void run(std::span<const float> image, std::size_t channels, image_size size,
                     std::span<float> result, std::size_t classes) const = 0;
};

/// Opens a model file with the engine for its format. Throws `model_error`.
[[nodiscard]] std::unique_ptr<const runner> open_runner(const std::filesystem::path& model, bool bfloat16);

/// True where the CPU computes in bfloat16.
[[nodiscard]] bool has_bfloat16();

/// Limits the engine's operators to the calling thread, for as long as this thread lives. Other threads and
/// the process-wide setting stay as they are.
void use_calling_thread_only();

} // namespace groundglass::segmentation::detail
