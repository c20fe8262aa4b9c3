#!/usr/bin/env bash
# tools/build.sh demo   the Python package and no more
# tools/build.sh all    the C++ libraries with their tests and examples, the page and the Python package
#
# Both configure and build the same folder, build/, and install the package into .venv in editable mode.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-all}" in
    demo) parts=OFF io=OFF ;;
    all) parts=ON io=ON ;;
    *) echo "tools/build.sh: demo or all" >&2; exit 2 ;;
esac
build=build

# A folder keeps the generator that it was made with.
generator=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' $build/CMakeCache.txt 2>/dev/null || true)
[ -n "$generator" ] || generator=$(command -v ninja >/dev/null && echo Ninja || echo "Unix Makefiles")
if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER="${CMAKE_C_COMPILER_LAUNCHER-ccache}"
    export CMAKE_CXX_COMPILER_LAUNCHER="${CMAKE_CXX_COMPILER_LAUNCHER-ccache}"
    # Without these it compiles every file that takes a precompiled header.
    export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS-pch_defines,time_macros,include_file_mtime,include_file_ctime}"
fi
export CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL-$(nproc)}"
export GROUNDGLASS_TESTS=$parts GROUNDGLASS_EXAMPLES=$parts GROUNDGLASS_IO=$io GROUNDGLASS_PAGE=$parts
exec .venv/bin/python -m pip install --quiet --no-build-isolation --no-deps --config-settings=build-dir=$build \
    --config-settings=cmake.args="-G$generator" --editable .
