#include "runner.hpp"
#include "torch_error.hpp"
#include <groundglass/error.hpp>

#include <ATen/Parallel.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <array>
#include <fstream>
#include <system_error>

// Both live in libraries that LibTorch itself is linked to, whatever their file names are.
extern "C" {
__attribute__((weak)) void omp_set_num_threads(int);
__attribute__((weak)) int MKL_Set_Num_Threads_Local(int);
}

namespace groundglass::segmentation::detail {
namespace {

constexpr const char* contract_file = "groundglass.json";

/// Whatever LibTorch throws leaves as `model_error`.
template <class F>
auto translated(const std::string& what, const std::string& advice, F&& function) -> decltype(function()) {
    std::string reason;
    try {
        return function();
    } catch (const model_error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const c10::Error& error) {
        reason = meaningful_line(error.what_without_backtrace());
    } catch (const std::exception& error) {
        reason = meaningful_line(error.what());
    }
    throw model_error(what + " (" + reason + ")" + (advice.empty() ? "" : "; " + advice));
}

/// Tells the common wrong files apart by their first bytes and entries, before LibTorch does so less clearly.
void check_archive(const std::filesystem::path& path) {
    const auto where = path.string();
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        throw model_error(
            where + ": no such model file; `groundglass models` lists those that ship with groundglass");
    if (std::filesystem::is_directory(path, ignored))
        throw model_error(where + ": a folder where a model file (.pt) belongs");
    std::array<char, 4> head{};
    std::ifstream file(path, std::ios::binary);
    if (!file) throw model_error(where + ": the model file cannot be opened; check its permissions");
    file.read(head.data(), head.size());
    if (file.gcount() == 0) throw model_error(where + ": the model file is empty; fetch or export it again");
    if (std::string_view(head.data(), 2) != "PK")
        throw model_error(where +
                          ": not a TorchScript file (it does not begin like a zip archive); a checkpoint is "
                          "turned into one by `groundglass models import`");
    const bool program =
        translated(where + ": the model file is damaged or was cut off", "fetch or export it again", [&] {
            caffe2::serialize::PyTorchStreamReader archive(where);
            return archive.hasRecord("constants.pkl");
        });
    if (!program)
        throw model_error(where +
                          ": a zip archive without a TorchScript program inside, as torch.save() writes it; "
                          "`groundglass models import` turns a checkpoint into a model file");
}

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
    torchscript_runner(const std::filesystem::path& path, bool bfloat16)
        : where_(path.string()), type_(bfloat16 ? at::kBFloat16 : at::kFloat) {
        check_archive(path);
        torch::jit::ExtraFilesMap extra{{contract_file, ""}};
        module_ = translated(where_ + ": the TorchScript program cannot be loaded",
                             "export it again with the installed version of torch", [&] {
                                 auto module = torch::jit::load(where_, at::kCPU, extra);
                                 module.eval();
                                 convert(module, type_);
                                 return torch::jit::freeze(module);
                             });
        contract_ = extra[contract_file];
    }

    [[nodiscard]] std::string contract() const override { return contract_; }

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

        const auto depth = static_cast<std::int64_t>(channels);
        const auto rows = static_cast<std::int64_t>(size.rows);
        const auto columns = static_cast<std::int64_t>(size.columns);
        // from_blob takes no pointer to const; the copy below or the network only read it.
        auto input = at::from_blob(const_cast<float*>(image.data()), {1, depth, rows, columns}, at::kFloat);
        if (channels == 1)
            input = input.as_strided({1, 1, rows, columns}, {rows * columns, 1, columns, 1});
        else
            input = input.contiguous(at::MemoryFormat::ChannelsLast);
        torch::jit::Method method = module_.get_method("forward");
        const auto output = method({input.to(type_)});

        const std::array<std::int64_t, 4> wanted{1, static_cast<std::int64_t>(classes), rows, columns};
        if (!output.isTensor())
            throw model_error(
                where_ + ": the model gives a " + output.tagKind() +
                " where one tensor of probabilities belongs; wrap it so that it returns that alone");
        const auto& planes = output.toTensor();
        if (planes.sizes() != at::IntArrayRef(wanted))
            throw model_error(where_ + ": for an image of shape " + shown({1, depth, rows, columns}) +
                              " the model gives " + shown(planes.sizes()) +
                              ", and by its contract it should give " + shown(wanted) +
                              "; export it with the contract that belongs to it");
        at::from_blob(result.data(), wanted, at::kFloat).copy_(planes);
    }

    [[nodiscard]] static std::string shown(at::IntArrayRef shape) {
        std::string text;
        for (const auto edge : shape) text += (text.empty() ? "(" : ", ") + std::to_string(edge);
        return text.empty() ? "()" : text + ")";
    }

    std::string where_;
    at::ScalarType type_;
    std::string contract_;
    torch::jit::Module module_;
};

} // namespace

std::unique_ptr<const runner> open_runner(const std::filesystem::path& model, bool bfloat16) {
    if (model.extension() == ".pt2")
        throw model_error(model.string() +
                          ": AOTInductor packages (.pt2) are not read by this version; give the "
                          "TorchScript file (.pt)");
    return std::make_unique<const torchscript_runner>(model, bfloat16);
}

bool has_bfloat16() {
#if defined(__x86_64__)
    // Every CPU with AMX has this as well.
    return __builtin_cpu_supports("avx512bf16") != 0;
#else
    return false;
#endif
}

void use_calling_thread_only() {
    // The first call in a thread copies the process-wide setting, so it has to come before.
    if (at::get_num_threads() == 1 && MKL_Set_Num_Threads_Local == nullptr) return;
    if (MKL_Set_Num_Threads_Local != nullptr) MKL_Set_Num_Threads_Local(1);
    if (omp_set_num_threads != nullptr) omp_set_num_threads(1);
    // at::set_num_threads(1) would do the same here, and make 1 the start value of every thread to come.
}

} // namespace groundglass::segmentation::detail
