#!/usr/bin/env bash
# Doxygen reads the headers, Sphinx builds the site; a warning of either is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p docs/_build
doxygen docs/Doxyfile
.venv/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
echo "docs: docs/_build/html/index.html"
