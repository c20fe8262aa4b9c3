#!/usr/bin/env bash
# Brings every file into the project's format.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(git ls-files --cached --others --exclude-standard '*.hpp' '*.cpp')
clang-format -i "${sources[@]}"
.venv/bin/ruff check --fix --quiet . || true
.venv/bin/ruff format --quiet .
page=python/frontend
if [ -d $page/node_modules ]; then npm --prefix $page run --silent format; fi
