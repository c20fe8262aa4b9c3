#!/usr/bin/env bash
# Format, lint and types; changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
mapfile -t sources < <(git ls-files '*.hpp' '*.cpp')
clang-format --dry-run --Werror "${sources[@]}"
# Each public header compiles by itself.
cmake --build build --parallel "$(nproc)" --target all_verify_interface_header_sets >/dev/null
$bin/python tools/tidy.py build
$bin/ruff check .
$bin/ruff format --check .
$bin/mypy
page=python/frontend
if [ -d $page/node_modules ]; then
    npm --prefix $page run --silent lint
else
    echo "lint: the web page was left out, as it was not built"
fi
echo "lint: clean"
