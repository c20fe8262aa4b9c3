#include "image_tensor.hpp"
#include "runner.hpp"
#include "torch_error.hpp"
#include <groundglass/error.hpp>

#include <ATen/cpu/Utils.h>
#include <c10/core/InferenceMode.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>
#include <torch/csrc/inductor/aoti_torch/c/shim.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/utsname.h>
#endif

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace groundglass::segmentation::detail {
namespace {

using nlohmann::json;

constexpr std::string_view program_folder = "data/aotinductor/model/";
constexpr const char* advice = "; compile the model again here, or take its TorchScript file (.pt)";

/// `2.13.0`, of the LibTorch that is loaded, which may be another release than the one compiled with.
std::string torch_release() {
    const auto version = aoti_torch_abi_version();
    const auto part = [&](unsigned shift) { return std::to_string((version >> shift) & 0xFFU); };
    return part(56) + "." + part(48) + "." + part(40);
}

/// As Python's `platform.machine()` names it.
std::string machine() {
#if defined(__unix__) || defined(__APPLE__)
    utsname name{};
    if (uname(&name) == 0) return name.machine;
#endif
    return "unknown";
}

/// As Python's `sys.platform` names it.
constexpr const char* platform =
#if defined(__linux__)
    "linux";
#elif defined(__APPLE__)
    "darwin";
#else
    "other";
#endif

/// True where the CPU has the vector instructions that Inductor names so: words with spaces between.
bool has_vectors(std::string_view names) {
    const auto capabilities = at::cpu::get_cpu_capabilities();
    const auto has = [&](const std::string& name) {
        const auto found = capabilities.find(name);
        return found != capabilities.end() && found->second.isBool() && found->second.toBool();
    };
    while (!names.empty()) {
        const auto end = names.find(' ');
        std::string name(names.substr(0, end));
        names = end == std::string_view::npos ? std::string_view{} : names.substr(end + 1);
        // NEON, which Inductor calls ASIMD, is part of every 64-bit ARM; the other name stands for none.
        if (name == "INVALID_VEC_ISA" || (name == "ASIMD" && machine() == "aarch64")) continue;
        if (name == "AVX512") {
            if (!has("avx512_f") || !has("avx512_dq") || !has("avx512_bw") || !has("avx512_vl")) return false;
            continue;
        }
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
        if (!has(name)) return false;
    }
    return true;
}

/// What the entries of a package say of it, held against the contract and this machine before any of it runs.
class package_check {
public:
    package_check(const model_archive& archive, const model_contract& contract)
        : where_(archive.path().string()) {
        check_program(archive);
        const auto compiled = parse(archive.contract(), "contract").value("compiled", json());
        if (!compiled.is_object())
            fail("the contract has no entry 'compiled', which says for which torch and sizes the package was "
                 "made",
                 "; write it with groundglass.models.package_file.save_aoti");
        check_origin(compiled);
        check_machine(parse(archive.text(metadata_), "metadata"));
        check_shape(compiled, contract);
    }

    [[nodiscard]] std::optional<image_size> fixed_size() const { return fixed_size_; }

private:
    [[noreturn]] void fail(const std::string& what, const std::string& cure = advice) const {
        throw model_error(where_ + ": " + what + cure);
    }

    [[nodiscard]] json parse(const std::string& content, const char* name) const {
        auto result = json::parse(content, nullptr, false);
        if (!result.is_object()) fail(std::string("the package's ") + name + " is not a JSON object");
        return result;
    }

    /// One compiled library, with what it was compiled for, and no entry that would be unpacked elsewhere.
    void check_program(const model_archive& archive) {
        std::size_t libraries = 0;
        for (const auto& entry : archive.entries()) {
            if (entry.starts_with('/') || entry.find("..") != std::string::npos)
                fail("the package has an entry '" + entry + "', which leads out of it", "; do not use it");
            if (!entry.starts_with(program_folder)) continue;
            libraries += entry.ends_with(".so") ? 1 : 0;
            if (entry.ends_with(".wrapper_metadata.json")) metadata_ = entry;
        }
        if (libraries != 1 || metadata_.empty())
            fail("the package holds " + std::to_string(libraries) + " compiled libraries in " +
                 std::string(program_folder) + (metadata_.empty() ? " and no metadata" : "") +
                 " where one of each belongs");
    }

    [[nodiscard]] std::string text(const json& object, const char* key) const {
        const auto found = object.find(key);
        if (found == object.end() || !found->is_string())
            fail(std::string("the package does not say its ") + key);
        return found->get<std::string>();
    }

    void check_origin(const json& compiled) const {
        if (const auto torch = text(compiled, "torch"); torch != torch_release())
            fail("the package was compiled with torch " + torch + ", and torch " + torch_release() +
                 " is loaded; only the release that made it runs it");
        if (const auto device = text(compiled, "device"); device != "cpu")
            fail("the package was compiled for the device '" + device + "', and groundglass runs on the CPU");
    }

    void check_machine(const json& metadata) const {
        if (const auto device = text(metadata, "AOTI_DEVICE_KEY"); device != "cpu")
            fail("the package was compiled for the device '" + device + "', and groundglass runs on the CPU");
        const auto system = text(metadata, "AOTI_PLATFORM") + " " + text(metadata, "AOTI_MACHINE");
        if (const auto here = std::string(platform) + " " + machine(); system != here)
            fail("the package was compiled for " + system + ", and this machine is " + here);
        if (const auto vectors = text(metadata, "AOTI_CPU_ISA"); !has_vectors(vectors))
            fail("the package was compiled for a CPU with " + vectors + ", which this one lacks");
    }

    void check_shape(const json& compiled, const model_contract& contract) {
        const auto found = compiled.find("shape");
        const bool listed = found != compiled.end() && found->is_array() && found->size() == 4;
        const auto is = [&](std::size_t axis, std::size_t wanted) {
            const auto& edge = (*found)[axis];
            return edge.is_number_unsigned() && edge.get<std::size_t>() == wanted;
        };
        const auto given = found == compiled.end() ? "none" : found->dump();
        const auto channels = contract.channels;
        if (!listed || !is(0, 1) || !is(1, channels))
            fail("the package was compiled for images of shape " + given + ", and its contract has 1 x " +
                 std::to_string(channels) + " planes");
        if ((*found)[2].is_null() && (*found)[3].is_null()) return;
        if (contract.normalisation == normalisation::window)
            fail("the package was compiled for images of shape " + given +
                     " alone, and by its contract their size follows the lungs",
                 "; compile it with height and width left open (null)");
        if (!is(2, contract.size.rows) || !is(3, contract.size.columns))
            fail("the package was compiled for images of shape " + given + ", and its contract has " +
                 std::to_string(contract.size.rows) + " x " + std::to_string(contract.size.columns));
        fixed_size_ = contract.size;
    }

    std::string where_;
    std::string metadata_;
    std::optional<image_size> fixed_size_;
};

/// The program of a package in a temporary folder, which goes away with it. LibTorch unpacks a package by
/// itself too, but leaves the folder behind where the library then cannot be loaded.
class unpacked_program {
public:
    explicit unpacked_program(const model_archive& archive) {
        auto pattern = (std::filesystem::temp_directory_path() / "groundglass-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr)
            throw model_error(archive.path().string() + ": no temporary folder can be made in " +
                              std::filesystem::temp_directory_path().string() +
                              "; make room there, or set TMPDIR");
        folder_ = pattern;
        try {
            for (const auto& entry : archive.entries()) {
                if (!entry.starts_with("data/")) continue;
                std::filesystem::create_directories((folder_ / entry).parent_path());
                archive.unpack(entry, folder_ / entry);
            }
        } catch (...) {
            remove();
            throw;
        }
    }
    unpacked_program(const unpacked_program&) = delete;
    unpacked_program& operator=(const unpacked_program&) = delete;
    ~unpacked_program() { remove(); }

    [[nodiscard]] std::string folder() const { return folder_.string(); }

private:
    void remove() const {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    std::filesystem::path folder_;
};

class aoti_runner final : public runner {
public:
    /// Weights are shared by the runners; where more threads come than there are runners, they wait for one.
    aoti_runner(const model_archive& archive, const model_contract& contract)
        : where_(archive.path().string()), fixed_size_(package_check(archive, contract).fixed_size()),
          program_(archive) {
        loader_ =
            translated(where_ + ": the compiled package cannot be loaded", "compile the model again", [&] {
                return std::make_unique<torch::inductor::AOTIModelPackageLoader>(program_.folder(), "model",
                                                                                 false, usable_cores());
            });
    }

    [[nodiscard]] std::optional<image_size> fixed_size() const override { return fixed_size_; }

    void run(std::span<const float> image, std::size_t channels, image_size size, std::span<float> result,
             std::size_t classes) const override {
        // The compiled program checks no shape of its own, and would read beyond the image.
        if (fixed_size_ && size != *fixed_size_)
            throw model_error(where_ + ": the package takes images of " + std::to_string(fixed_size_->rows) +
                              " x " + std::to_string(fixed_size_->columns) + ", and was given one of " +
                              std::to_string(size.rows) + " x " + std::to_string(size.columns));
        translated(where_ + ": the model failed on an image of " + std::to_string(channels) + " x " +
                       std::to_string(size.rows) + " x " + std::to_string(size.columns),
                   "", [&] {
                       const c10::InferenceMode inference;
                       const auto planes = loader_->run({image_tensor(image, channels, size)});
                       if (planes.size() != 1)
                           throw model_error(where_ + ": the model gives " + std::to_string(planes.size()) +
                                             " tensors where one of probabilities belongs; wrap it so that "
                                             "it returns that alone");
                       take_planes(planes[0], where_, channels, size, result, classes);
                   });
    }

private:
    std::string where_;
    std::optional<image_size> fixed_size_;
    unpacked_program program_;
    std::unique_ptr<torch::inductor::AOTIModelPackageLoader> loader_;
};

} // namespace

std::unique_ptr<const runner> load_aoti_package(const model_archive& archive,
                                                const model_contract& contract) {
    return std::make_unique<const aoti_runner>(archive, contract);
}

} // namespace groundglass::segmentation::detail
