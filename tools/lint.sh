#!/usr/bin/env bash
# Format, lint and types; changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
mapfile -t sources < <(git ls-files '*.hpp' '*.cpp')
clang-format --dry-run --Werror "${sources[@]}"
$bin/ruff check .
$bin/ruff format --check .
$bin/mypy
echo "lint: clean"
