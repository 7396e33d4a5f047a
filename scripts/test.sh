#!/bin/sh
# The whole suite, in stages; `scripts/test.sh` or `scripts/test.sh all`. Says at the end what was skipped.
set -u
cd "$(dirname "$0")/.."
pytest=".venv/bin/python -m pytest -q -p no:cacheprovider --dist worksteal"
# Hundreds of processes read the same modules: compiled once, they start in less than half the time.
unset PYTHONDONTWRITEBYTECODE
# A loaded machine may delay one of a thousand deadlines: CI asks a failing test once more and lists it as RERUN.
# What is listed is a bug to mend; at a desk nothing is asked twice.
[ "${CI:-}" = true ] && pytest="$pytest --reruns 1 -r aR"
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null) || cores=2
[ "$cores" -gt 4 ] && cores=4
[ "$cores" -lt 2 ] && cores=2
skipped="" failed=""

have() { for name in "$@"; do command -v "$name" >/dev/null 2>&1 && return 0; done; return 1; }
stage() { # stage NAME COMMAND…
    name="$1"; shift
    printf '\n== %s\n' "$name"
    "$@"
    code=$?
    [ $code -eq 5 ] && code=0 # no test carries that mark
    [ $code -eq 0 ] || failed="$failed$name; "
}

bus=memory
if have redis-server; then bus=redis; else skipped="${skipped}Redis (apt-get install redis-server); "; fi
wire="portable and not sqlite" slow="not slow and "
if [ "${1:-}" = all ]; then wire="(portable or database or redis) and not sqlite" slow=""; fi

# Two workers a core: half of these tests' time is waiting for clocks, sockets and other processes.
stage "everything, SQLite and memory" $pytest -n $((2 * cores)) -m "${slow}not browser" tests
stage "$wire, MongoDB wire and $bus" \
    env TEST_DATABASE=mongodb TEST_BUS="$bus" $pytest -n "$cores" -m "${slow}not browser and ($wire)" tests
if [ -n "${CHROMIUM:-}" ] || have chromium chromium-browser google-chrome; then
    stage "browser" $pytest -n 2 -m "${slow}browser" tests
else
    skipped="${skipped}the browser (apt-get install chromium, or set CHROMIUM); "
fi

[ -z "$skipped" ] || printf '\nSkipped here: %s\n' "$skipped"
[ -z "$failed" ] || { printf '\nFailed: %s\n' "$failed"; exit 1; }
