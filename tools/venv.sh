#!/usr/bin/env bash
# tools/venv.sh EXTRAS: what the build and the extras named need, into .venv, which is made where it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
[ -x $python ] || python3 -m venv .venv
mkdir -p .stamps
$python tools/requirements.py build "$1" >.stamps/requirements.txt
# Bytecode is made of what is imported, when it is: for all of torch that would take longer than the copying.
$python -m pip install -qq --disable-pip-version-check --no-compile -r .stamps/requirements.txt
