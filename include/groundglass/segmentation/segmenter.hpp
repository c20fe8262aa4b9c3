#pragma once

#include <groundglass/error.hpp>
#include <groundglass/segmentation/model_contract.hpp>

#include <filesystem>
#include <memory>
#include <span>

namespace groundglass::segmentation {

struct segmenter_options {
    /// A TorchScript file (`.pt`) with its contract inside.
    std::filesystem::path model;
    /// Computes in bfloat16 where the CPU has AVX-512 BF16 or AMX. Without AMX this is slower than float32,
    /// and probabilities move a little.
    bool bfloat16 = false;

    friend bool operator==(const segmenter_options&, const segmenter_options&) = default;
};

/// One loaded network: an image in, probabilities out. Copies share the network, and any number of threads
/// may call one at the same time.
///
/// A model file is a program: load only files you trust.
class segmenter {
public:
    /// Loads the model, brings its weights to float32 (or bfloat16), freezes it and tries it on a tiny image.
    /// Takes some tenths of a second. Throws `model_error` when the file is missing, damaged, not
    /// TorchScript, without a contract or of an unknown version, or when what it gives is not what its
    /// contract says; `std::invalid_argument` when `bfloat16` is asked of a CPU without it.
    explicit segmenter(const segmenter_options& options);

    [[nodiscard]] const model_contract& contract() const;
    [[nodiscard]] const segmenter_options& options() const;

    /// Runs one image of any size. `image` has `contract().channels` planes of `size.area()` values in
    /// `contract().range`, or normalised as `contract().normalisation` says; `probabilities` takes
    /// `contract().classes.size()` planes of the same size, each 0..1: the sigmoid or softmax of a network
    /// that gives logits is taken here. Padding to `contract().multiple_of` is done here. Throws
    /// `std::invalid_argument` when a span's length is another, `model_error` when the network fails. Runs on
    /// the calling thread and as many more as LibTorch is set to.
    void operator()(std::span<const float> image, image_size size, std::span<float> probabilities) const;

    /// Two are equal when their options are.
    friend bool operator==(const segmenter& a, const segmenter& b) { return a.options() == b.options(); }

private:
    struct impl;
    std::shared_ptr<const impl> impl_;
};

} // namespace groundglass::segmentation
