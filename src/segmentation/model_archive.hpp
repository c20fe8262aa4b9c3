#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace groundglass::segmentation::detail {

/// What a model file's program is made for.
enum class program_format : std::uint8_t { torchscript, aoti_package };

/// A model file as the zip archive that it is. Reading it runs nothing of it.
class model_archive {
public:
    /// Tells the common wrong files apart by their first bytes and entries, before LibTorch does so less
    /// clearly. Throws `model_error`.
    explicit model_archive(const std::filesystem::path& path);
    ~model_archive();
    model_archive(const model_archive&) = delete;
    model_archive& operator=(const model_archive&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const;
    [[nodiscard]] program_format format() const;
    /// Names of the entries, without the archive's inner folder.
    [[nodiscard]] const std::vector<std::string>& entries() const;
    /// The text of an entry; throws `model_error` where it is missing or damaged.
    [[nodiscard]] std::string text(const std::string& entry) const;
    /// Writes an entry to a file in a folder that exists; throws `model_error` where it is damaged or there
    /// is no room.
    void unpack(const std::string& entry, const std::filesystem::path& file) const;
    /// The text of `groundglass.json`; throws `model_error` where there is none.
    [[nodiscard]] std::string contract() const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace groundglass::segmentation::detail
