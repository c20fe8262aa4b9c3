#!/usr/bin/env bash
# Installs the Debian packages that the build needs, where root or sudo allows; else names the command. Those
# that only some tests need are tried: without them these tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .stamps

packages=(g++ cmake make libxtensor-dev libboost-math-dev nlohmann-json3-dev doctest-dev libinsighttoolkit5-dev
          python3-dev doxygen clang-format)
for_tests=(dicom3tools dcmtk chromium)
python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)

without() {
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || echo "$package"
    done
}
mapfile -t missing < <(without "${packages[@]}")
mapfile -t wanted < <(without "${for_tests[@]}")
[ ${#missing[@]} -eq 0 ] && [ ${#wanted[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    [ ${#missing[@]} -eq 0 ] && exit 0
    echo "groundglass: not a Debian system; install what these packages hold: ${missing[*]}" >&2
    exit 1
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        root=(sudo)
    else
        echo "groundglass: system packages are missing. Run this once, then make again:" >&2
        echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]} ${wanted[*]}" >&2
        [ ${#missing[@]} -eq 0 ] && exit 0
        exit 1
    fi
fi
install() {
    echo "groundglass: installing $*"
    DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
"${root[@]}" apt-get update -qq || [ ${#missing[@]} -eq 0 ]
[ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
[ ${#wanted[@]} -eq 0 ] || install "${wanted[@]}" || echo "groundglass: going on without ${wanted[*]}" >&2
