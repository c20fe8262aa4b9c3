#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

/// A new empty folder that goes with the value.
struct temporary_folder {
    std::filesystem::path path;
    temporary_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "groundglass-XXXXXX").string();
        path = mkdtemp(name.data());
    }
    ~temporary_folder() { std::filesystem::remove_all(path); }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
};
