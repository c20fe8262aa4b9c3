#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

/// A file made by make_models.py; empty, with a message, where that could not run (it needs Python with
/// torch).
inline std::filesystem::path test_model(const std::string& name) {
#ifdef GROUNDGLASS_TEST_MODELS
    const auto path = std::filesystem::path(GROUNDGLASS_TEST_MODELS) / name;
    if (std::filesystem::exists(path)) return path;
#endif
    MESSAGE("skipped: " << name << " was not made; it takes a Python with torch when configuring");
    return {};
}
