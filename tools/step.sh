#!/usr/bin/env bash
# tools/step.sh "what" command...: names the step, runs the command, says how long it took. What the command prints
# is shown after that, so quiet commands make one line a step.
set -uo pipefail
what=$1
shift
mkdir -p .stamps
output=.stamps/step-$$.txt
trap 'rm -f "$output"' EXIT
trap 'echo; exit 130' INT TERM
printf '%-62s' "$what ..."
SECONDS=0
"$@" >"$output" 2>&1
status=$?
if [ $status -eq 0 ]; then printf '%4d s\n' $SECONDS; else printf 'failed after %d s\n' $SECONDS; fi
cat "$output"
exit $status
