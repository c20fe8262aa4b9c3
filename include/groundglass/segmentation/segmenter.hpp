#pragma once

#include <groundglass/config.hpp>
#include <groundglass/error.hpp>
#include <groundglass/segmentation/device.hpp>
#include <groundglass/segmentation/model_contract.hpp>

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace groundglass::segmentation {

struct segmenter_options {
    /// A TorchScript file (`.pt`) or an AOTInductor package (`.pt2`) with its contract inside; which of them
    /// it is shows in its entries, not in its name.
    std::filesystem::path model;
    /// Computes in bfloat16 where the CPU has AVX-512 BF16 or AMX. Without AMX this is slower than float32,
    /// and probabilities move a little. A package keeps the type it was compiled for.
    bool bfloat16 = false;
    /// Where the network runs. A TorchScript program runs on a CUDA device where LibTorch has one, a package
    /// on the CPU. Where CUDA is absent or fails, the CPU takes over, and `fallback` says why.
    segmentation::device device = segmentation::device::automatic;

    friend bool operator==(const segmenter_options&, const segmenter_options&) = default;
};

/// One loaded network: an image in, probabilities out. Copies share the network, and any number of threads
/// may call one at the same time. On a CUDA device the images of threads that call it at the same time run as
/// one batch, as many as a share of the device's free memory holds; convolutions are computed in full float32
/// there, so that probabilities are the CPU's but for rounding.
///
/// A model file is a program: load only files you trust.
class GROUNDGLASS_EXPORT segmenter {
public:
    /// Reads the contract, loads the model (TorchScript is brought to float32 or bfloat16 and frozen; a
    /// package is unpacked to a temporary folder as long as it lives) and tries it on a tiny image. Takes
    /// some tenths of a second. Throws `model_error` when the file is missing, damaged, neither of the two,
    /// without a contract or of an unknown version, when a package was compiled by another release of
    /// LibTorch or for another device, machine or image, all before any of it runs; and when what it gives is
    /// not what its contract says. `std::invalid_argument` when `bfloat16` is asked of a CPU without it or of
    /// a package.
    explicit segmenter(const segmenter_options& options);

    [[nodiscard]] const model_contract& contract() const;
    [[nodiscard]] const segmenter_options& options() const;

    /// Where it runs now: `cpu` or `cuda`.
    [[nodiscard]] segmentation::device device() const;

    /// Why it runs on the CPU although CUDA was asked for or found; empty where it does not.
    [[nodiscard]] std::string fallback() const;

    /// Runs one image of any size. `image` has `contract().channels` planes of `size.area()` values in
    /// `contract().range`, or normalised as `contract().normalisation` says; `probabilities` takes
    /// `contract().classes.size()` planes of the same size, each 0..1: the sigmoid or softmax of a network
    /// that gives logits is taken here. Padding to `contract().multiple_of` is done here. Throws
    /// `std::invalid_argument` when a span's length is another, `model_error` when the network fails. Runs on
    /// the calling thread and as many more as LibTorch is set to. A package that was compiled for one size
    /// takes no other.
    void operator()(std::span<const float> image, image_size size, std::span<float> probabilities) const;

    /// Two are equal when their options are.
    friend bool operator==(const segmenter& a, const segmenter& b) { return a.options() == b.options(); }

private:
    struct impl;
    std::shared_ptr<const impl> impl_;
};

} // namespace groundglass::segmentation
