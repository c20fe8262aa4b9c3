#include "batch_queue.hpp"
#include "image_tensor.hpp"
#include "program.hpp"
#include "runner.hpp"
#include "torch_error.hpp"
#include <groundglass/error.hpp>

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace groundglass::segmentation::detail {
namespace {

/// What the maps of a network take for each pixel of one image, in bytes: an upper bound. The largest maps
/// of a U-Net on EfficientNet-lite0 come to a few hundred.
constexpr std::size_t bytes_a_pixel = 4000;
/// The share of the free memory that a batch may take: other processes want some, and other models.
constexpr std::size_t share_of_free = 2;
constexpr std::size_t largest_batch = 32;

/// Keeps cuDNN and cuBLAS from rounding inputs to 10 bits (TF32) as long as one of them lives: probabilities
/// would move by up to a hundredth. LibTorch has one switch for the whole process; the last one gives it
/// back.
class full_float32 {
public:
    full_float32() {
        const std::lock_guard lock(mutex());
        if (count()++ > 0) return;
        before() = at::globalContext().allowTF32CuDNN();
        at::globalContext().setAllowTF32CuDNN(false);
    }
    full_float32(const full_float32&) = delete;
    full_float32& operator=(const full_float32&) = delete;
    ~full_float32() {
        const std::lock_guard lock(mutex());
        if (--count() == 0) at::globalContext().setAllowTF32CuDNN(before());
    }

private:
    static std::mutex& mutex() {
        static std::mutex held;
        return held;
    }
    static int& count() {
        static int running = 0;
        return running;
    }
    static bool& before() {
        static bool allowed = true;
        return allowed;
    }
};

struct image_job {
    std::span<const float> image;
    std::size_t channels;
    image_size size;
    std::span<float> result;
    std::size_t classes;

    [[nodiscard]] bool alike(const image_job& other) const {
        return channels == other.channels && size == other.size && classes == other.classes;
    }
};

/// A program on a CUDA device, which takes the images of several threads as batches. Where the device fails,
/// the CPU does this image and all that come.
class cuda_runner final : public runner {
public:
    cuda_runner(const model_archive& archive, bool bfloat16)
        : path_(archive.path()), where_(path_.string()), bfloat16_(bfloat16),
          module_(load_program(where_, at::Device(at::kCUDA, 0), tensor_type(bfloat16))),
          queue_([this](std::span<image_job* const> jobs) { run_batch(jobs); },
                 [](const image_job& job) { return most(job.size); }) {}

    [[nodiscard]] segmentation::device device() const override {
        return failed_ ? segmentation::device::cpu : segmentation::device::cuda;
    }
    [[nodiscard]] std::string fallback() const override {
        const std::lock_guard lock(fallback_mutex_);
        return reason_;
    }

    void run(std::span<const float> image, std::size_t channels, image_size size, std::span<float> result,
             std::size_t classes) const override {
        if (!failed_) {
            try {
                queue_({image, channels, size, result, classes});
                return;
            } catch (const std::exception& error) {
                give_up(error.what());
            }
        }
        on_cpu().run(image, channels, size, result, classes);
    }

private:
    [[nodiscard]] static std::size_t most(image_size size) noexcept {
        try {
            const auto free = at::accelerator::getMemoryInfo(0).first;
            const auto image = bytes_a_pixel * std::max<std::size_t>(1, size.area());
            return std::clamp<std::size_t>(free / share_of_free / image, 1, largest_batch);
        } catch (const std::exception&) {
            return 1; // a device that does not tell
        }
    }

    /// Where the device runs out of memory all the same, halves do, down to single images.
    void run_batch(std::span<image_job* const> jobs) const {
        try {
            translated(where_ + ": the model failed on the CUDA device", "", [&] { forward(jobs); });
        } catch (const std::exception&) {
            if (jobs.size() == 1) throw;
            run_batch(jobs.first(jobs.size() / 2));
            run_batch(jobs.subspan(jobs.size() / 2));
        }
    }

    void forward(std::span<image_job* const> jobs) const {
        const c10::InferenceMode inference;
        const full_float32 exact;
        const auto& first = *jobs.front();
        std::vector<at::Tensor> images;
        for (const auto* job : jobs) images.push_back(image_tensor(job->image, job->channels, job->size));
        const auto input = at::cat(images)
                               .to(at::Device(at::kCUDA, 0), tensor_type(bfloat16_))
                               .contiguous(first.channels == 1 ? at::MemoryFormat::Contiguous
                                                               : at::MemoryFormat::ChannelsLast);
        const auto found = answer_of(module_, input, where_).to(at::kCPU, at::kFloat).contiguous();
        for (std::size_t i = 0; i < jobs.size(); ++i)
            take_planes(found.narrow(0, static_cast<std::int64_t>(i), 1), where_, first.channels, first.size,
                        jobs[i]->result, first.classes);
    }

    void give_up(const std::string& reason) const {
        const std::lock_guard lock(fallback_mutex_);
        if (reason_.empty()) reason_ = reason;
        failed_ = true;
    }

    [[nodiscard]] const runner& on_cpu() const {
        const std::lock_guard lock(fallback_mutex_);
        if (!cpu_) cpu_ = load_torchscript(model_archive(path_), bfloat16_ && has_bfloat16());
        return *cpu_;
    }

    std::filesystem::path path_;
    std::string where_;
    bool bfloat16_;
    torch::jit::Module module_;
    mutable batch_queue<image_job> queue_;
    mutable std::mutex fallback_mutex_;
    mutable std::string reason_;
    mutable std::atomic<bool> failed_ = false;
    mutable std::unique_ptr<const runner> cpu_;
};

} // namespace

bool has_cuda() { return at::hasCUDA() && at::accelerator::deviceCount() > 0; }

std::unique_ptr<const runner> load_cuda(const model_archive& archive, bool bfloat16) {
    return std::make_unique<const cuda_runner>(archive, bfloat16);
}

} // namespace groundglass::segmentation::detail
