#!/bin/sh
# Format, lint, types, import contracts, migrations, the house tests, and Django's own checks.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin failed=""
DATA_DIR=$(mktemp -d)
export DATA_DIR EXCHANGE=simulator
trap 'rm -rf "$DATA_DIR"' EXIT

step() { # step NAME COMMAND…
    name="$1"; shift
    printf '== %s\n' "$name"
    "$@" || failed="$failed$name; "
}

step format $bin/ruff format --check .
step lint $bin/ruff check .
step types $bin/mypy
step imports $bin/lint-imports --cache-dir "$DATA_DIR/imports"
step migrations $bin/python manage.py makemigrations --check --dry-run
step django $bin/python manage.py check --fail-level WARNING
step openapi $bin/python manage.py spectacular --file "$DATA_DIR/openapi.yaml" --validate --fail-on-warn
step house $bin/python -m pytest -q -p no:cacheprovider tests/house

[ -z "$failed" ] || { printf '\nFailed: %s\n' "$failed"; exit 1; }
printf '\nAll checks pass.\n'
