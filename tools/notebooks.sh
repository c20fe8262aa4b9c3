#!/usr/bin/env bash
# Runs the notebooks of examples/notebooks; the docs show the executed copies.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python tools/notebooks.py "$@"
