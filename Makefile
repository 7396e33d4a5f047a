# Each target first gets ready what it needs (scripts/setup.sh); `make` alone lists them.
PYTHON = .venv/bin/python
.PHONY: help run test test-all check bench fidelity format lock

help:  ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

run:  ## the whole site at http://localhost:8000 (PORT, HOST, DATA_DIR, EXCHANGE: docs/settings.md)
	@scripts/setup.sh run && exec $(PYTHON) manage.py up

test:  ## the whole suite on SQLite, the portable part on the MongoDB wire with Redis, the browser
	@scripts/setup.sh dev && scripts/test.sh

test-all:  ## the same with slow tests, and everything that touches a database or the bus on both
	@scripts/setup.sh dev && scripts/test.sh all

check:  ## format, lint, types, import contracts, migrations, house rules
	@scripts/setup.sh dev && scripts/check.sh

bench:  ## the benchmark table; JSON=1 prints a line of JSON for each figure
	@scripts/setup.sh dev && $(PYTHON) -m tests.bench $(if $(JSON),--json) $(NAME)

fidelity:  ## paper orders against real ones on a simulated exchange, in minutes; JSON=1 likewise, SHORT=1, SEED=2
	@scripts/setup.sh dev && $(PYTHON) -m tests.fidelity $(if $(JSON),--json) $(if $(SHORT),--short) $(if $(SEED),--seed $(SEED))

format:  ## put every file into the house's format
	@scripts/setup.sh dev && .venv/bin/ruff check --fix . ; .venv/bin/ruff format .

lock:  ## resolve requirements*.in for Python 3.11 to 3.13
	@scripts/setup.sh dev
	@for name in requirements requirements-dev; do .venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links $$name.in -o $$name.txt; done
