#!/usr/bin/env bash
# Doxygen reads the headers, Sphinx builds the site; a warning of either is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p docs/_build
for notebook in examples/notebooks/*.ipynb; do
    if [ ! "docs/notebooks/$(basename "$notebook")" -nt "$notebook" ]; then
        tools/notebooks.sh
        break
    fi
done
doxygen docs/Doxyfile
.venv/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
# A page without a declaration would pass all the same. The umbrella header and the index have none.
for page in docs/_build/html/reference/cpp/*.html; do
    case "$(basename "$page")" in index.html | groundglass.html) continue ;; esac
    grep -q 'sig-object cpp' "$page" || { echo "docs: $page documents nothing" >&2; exit 1; }
done
for page in docs/_build/html/reference/python/*.html; do
    [ "$(basename "$page")" = index.html ] && continue
    grep -q 'sig-object py' "$page" || { echo "docs: $page documents nothing" >&2; exit 1; }
done
echo "docs: docs/_build/html/index.html"
