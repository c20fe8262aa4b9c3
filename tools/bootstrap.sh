#!/usr/bin/env bash
# Installs the Debian packages that the build needs, where root or sudo allows; else names the command.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .stamps

packages=(g++ cmake make libxtensor-dev libboost-math-dev nlohmann-json3-dev doctest-dev libinsighttoolkit5-dev
          python3-dev doxygen clang-format dicom3tools)
python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "groundglass: not a Debian system; install what these packages hold: ${missing[*]}" >&2
    exit 1
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        root=(sudo)
    else
        echo "groundglass: system packages are missing. Run this once, then make again:" >&2
        echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
fi
echo "groundglass: installing ${missing[*]}"
"${root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
