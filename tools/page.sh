#!/usr/bin/env bash
# Builds the web page where its sources are newer than it. Without node and npm it is left out: all else works.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .stamps
sources=python/frontend
built=python/groundglass/web/static/index.html
stamp=.stamps/page

newer() { find $sources -name node_modules -prune -o -type f -newer $stamp -print -quit; }
[ -f $built ] && [ -f $stamp ] && [ -z "$(newer)" ] && exit 0
[ -f $built ] && [ ! -e .git ] && exit 0 # a source distribution brings it along

major=$(command -v npm >/dev/null && node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -lt 20 ]; then
    echo "groundglass: the web page was not built: it needs node 20 or newer with npm" >&2
    exit 0
fi
cd $sources
if [ ! node_modules/.package-lock.json -nt package-lock.json ] && ! npm ci --silent --no-audit --no-fund; then
    rm -rf node_modules
    echo "groundglass: the web page was not built: npm could not fetch its parts" >&2
    exit 0
fi
npm run --silent build -- --logLevel warn
touch "$OLDPWD/$stamp"
