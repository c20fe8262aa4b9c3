#include "runner.hpp"

#include <groundglass/error.hpp>

#include <ATen/Parallel.h>

#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

// Both live in libraries that LibTorch itself is linked to, whatever their file names are.
extern "C" {
__attribute__((weak)) void omp_set_num_threads(int);
__attribute__((weak)) int MKL_Set_Num_Threads_Local(int);
}

namespace groundglass::segmentation::detail {

std::unique_ptr<const runner> load_runner(const model_archive& archive, const model_contract& contract,
                                          bool bfloat16, segmentation::device device) {
    if (archive.format() == program_format::torchscript) {
        std::string reason;
        if (device != device::cpu && has_cuda()) {
            try {
                return load_cuda(archive, bfloat16);
            } catch (const model_error& error) {
                reason = error.what();
            }
        } else if (device == device::cuda) {
            reason = "LibTorch has no CUDA device here";
        }
        if (bfloat16 && !has_bfloat16())
            throw std::invalid_argument(
                "bfloat16 = true: this CPU has neither AVX-512 BF16 nor AMX; use false");
        return load_torchscript(archive, bfloat16, std::move(reason));
    }
    if (bfloat16)
        throw std::invalid_argument("bfloat16 must be false for " + archive.path().string() +
                                    ", found true: a compiled package keeps the type it was compiled for");
    return load_aoti_package(archive, contract);
}

bool has_bfloat16() {
#if defined(__x86_64__)
    // Every CPU with AMX has this as well.
    return __builtin_cpu_supports("avx512bf16") != 0;
#else
    return false;
#endif
}

std::size_t usable_cores() {
#if defined(__linux__)
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0) return static_cast<std::size_t>(CPU_COUNT(&cores));
#endif
    return std::max(1U, std::thread::hardware_concurrency());
}

void use_calling_thread_only() {
    // The first call in a thread copies the process-wide setting, so it has to come before.
    if (at::get_num_threads() == 1 && MKL_Set_Num_Threads_Local == nullptr) return;
    if (MKL_Set_Num_Threads_Local != nullptr) MKL_Set_Num_Threads_Local(1);
    if (omp_set_num_threads != nullptr) omp_set_num_threads(1);
    // at::set_num_threads(1) would do the same here, and make 1 the start value of every thread to come.
}

} // namespace groundglass::segmentation::detail
