#include "model_archive.hpp"

#include "torch_error.hpp"
#include <groundglass/error.hpp>

#include <caffe2/serialize/inline_container.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <system_error>

namespace groundglass::segmentation::detail {
namespace {

constexpr const char* contract_entry = "extra/groundglass.json";
/// No contract is near this size, nor are the other texts that are read.
constexpr std::size_t longest_text = std::size_t{1} << 20U;

void check_file(const std::filesystem::path& path) {
    const auto where = path.string();
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        throw model_error(
            where + ": no such model file; `groundglass models` lists those that ship with groundglass");
    if (std::filesystem::is_directory(path, ignored))
        throw model_error(where + ": a folder where a model file (.pt, .pt2) belongs");
    std::array<char, 4> head{};
    std::ifstream file(path, std::ios::binary);
    if (!file) throw model_error(where + ": the model file cannot be opened; check its permissions");
    file.read(head.data(), head.size());
    if (file.gcount() == 0) throw model_error(where + ": the model file is empty; fetch or export it again");
    if (std::string_view(head.data(), 2) != "PK")
        throw model_error(where +
                          ": not a TorchScript file and not an AOTInductor package (it does not begin like "
                          "a zip archive); a checkpoint is turned into a model file by `groundglass models "
                          "import`");
}

} // namespace

struct model_archive::impl {
    std::filesystem::path path;
    std::unique_ptr<caffe2::serialize::PyTorchStreamReader> reader;
    std::vector<std::string> entries;
    program_format format = program_format::torchscript;
};

model_archive::model_archive(const std::filesystem::path& path) : impl_(std::make_unique<impl>()) {
    check_file(path);
    const auto where = path.string();
    impl_->path = path;
    translated(where + ": the model file is damaged or was cut off", "fetch or export it again", [&] {
        impl_->reader = std::make_unique<caffe2::serialize::PyTorchStreamReader>(where);
        impl_->entries = impl_->reader->getAllRecords();
    });
    const auto& names = impl_->entries;
    if (std::find(names.begin(), names.end(), "constants.pkl") != names.end()) return;
    if (std::none_of(names.begin(), names.end(),
                     [](const std::string& name) { return name.starts_with("data/aotinductor/"); }))
        throw model_error(where +
                          ": a zip archive without a TorchScript program or an AOTInductor package inside, "
                          "as torch.save() writes it; `groundglass models import` turns a checkpoint into a "
                          "model file");
    impl_->format = program_format::aoti_package;
}

model_archive::~model_archive() = default;

const std::filesystem::path& model_archive::path() const { return impl_->path; }

program_format model_archive::format() const { return impl_->format; }

const std::vector<std::string>& model_archive::entries() const { return impl_->entries; }

std::string model_archive::text(const std::string& entry) const {
    const auto where = impl_->path.string();
    return translated(where + ": the entry " + entry + " cannot be read", "fetch or export it again", [&] {
        const auto size = impl_->reader->getRecordSize(entry);
        if (size > longest_text)
            throw model_error(where + ": the entry " + entry + " claims " + std::to_string(size) +
                              " bytes, more than " + std::to_string(longest_text) + "; do not use this file");
        const auto [data, length] = impl_->reader->getRecord(entry);
        return std::string(static_cast<const char*>(data.get()), length);
    });
}

void model_archive::unpack(const std::string& entry, const std::filesystem::path& file) const {
    const auto where = impl_->path.string();
    const auto [data, length] =
        translated(where + ": the entry " + entry + " cannot be read", "fetch or export it again",
                   [&] { return impl_->reader->getRecord(entry); });
    std::ofstream out(file, std::ios::binary);
    out.write(static_cast<const char*>(data.get()), static_cast<std::streamsize>(length));
    out.close();
    if (!out)
        throw model_error(where + ": cannot be unpacked to " + file.parent_path().string() +
                          "; make room there, or set TMPDIR");
}

std::string model_archive::contract() const {
    const auto& names = impl_->entries;
    if (std::find(names.begin(), names.end(), contract_entry) == names.end())
        throw model_error(impl_->path.string() +
                          ": a model file without groundglass.json inside, so nothing says which image it "
                          "takes; import it with `groundglass models import`, or take a model that ships "
                          "with groundglass");
    return text(contract_entry);
}

} // namespace groundglass::segmentation::detail
