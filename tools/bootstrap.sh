#!/usr/bin/env bash
# tools/bootstrap.sh demo   the Debian packages that the extension modules are compiled with
# tools/bootstrap.sh all    also what the C++ libraries and tests need
# tools/bootstrap.sh lint   what lint runs
# tools/bootstrap.sh docs   what the docs are made with
#
# Installs them where root or sudo allows; else names the command. Those that only make things quicker or that only some
# tests need are tried: without them the build takes longer, and these tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .stamps

packages=(g++ cmake make libxtensor-dev libboost-math-dev nlohmann-json3-dev python3-dev)
optional=(ninja-build)
case "${1:-all}" in
    demo) ;;
    all) packages+=(doctest-dev libinsighttoolkit5-dev) optional+=(ccache dicom3tools dcmtk chromium) ;;
    lint) packages=(clang-format clang-tidy) optional=() ;;
    docs) packages=(doxygen) optional=() ;;
    *) echo "tools/bootstrap.sh: demo, all, lint or docs" >&2; exit 2 ;;
esac
python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)

without() {
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || echo "$package"
    done
}
mapfile -t missing < <(without "${packages[@]}")
mapfile -t wanted < <(without "${optional[@]}")
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
    local said
    said=$("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" 2>&1) && return
    echo "$said" >&2
    return 1
}
"${root[@]}" apt-get update -qq || [ ${#missing[@]} -eq 0 ]
[ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
[ ${#wanted[@]} -eq 0 ] || install "${wanted[@]}" || echo "groundglass: going on without ${wanted[*]}" >&2
