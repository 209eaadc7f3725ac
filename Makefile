# Commands to remember: make demo | test | test-fast | docs-check | lint | bench | faults | fuzz | install.
# Each sets up what it needs.

PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
# Where this is set, as in many containers, each of a hundred processes would compile all files anew.
export PYTHONDONTWRITEBYTECODE =
# Several processes of pytest, for the time that databases, browsers and workers keep one of them
# waiting.
TESTS ?= -n 3 --dist loadgroup

.PHONY: install demo test test-fast docs-check lint bench bench-engine bench-sampler bench-pruning bench-main \
	bench-memory bench-formulas bench-outcomes bench-search-cv bench-tables bench-imports bench-examples \
	bench-service bench-scale bench-soak soak faults fuzz examples clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Caviar needs Python 3.11 or newer"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,lint]'
	@# Some pip does not compile what it installs: then every start would take seconds more.
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib src/caviar src/caviar/*/ benchmarks || true
	@touch $@

.venv/bench: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $@

.venv/fuzz: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	@touch $@

demo: install
	$(BIN)/caviar run examples/digits.json

test: install
	$(BIN)/python -m pytest $(TESTS) --durations=20

# No processes, no PostgreSQL, no browser: for a look between two edits.
FAST := not processes and not postgres and not browser and not slow and not faults and not formulas

test-fast: install
	$(BIN)/python -m pytest -n 2 --dist worksteal -m '$(FAST)'

# What README, docs and the notebook show, in a fresh environment with the wheel.
docs-check: install
	$(BIN)/python -m tests.documented

# The long versions: an hour rather than minutes. FAULTS is how often each fault happens on each
# database, so that 25 are some 200 kills on each; at the end stands how often each was done.
FAULTS ?= 25

faults: install
	CAVIAR_FAULTS=$(FAULTS) $(BIN)/python -m pytest $(TESTS) -m '' tests/faults

# Requests at random over the API's description, by callers with keys of each scope and without:
# about so many in all, of which a run takes ten minutes.
CASES ?= 20000

fuzz: .venv/fuzz
	CASES=$(CASES) $(BIN)/python -m tests.fuzz

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Worked examples of functions of one's own, as a user runs them.
examples: install
	$(BIN)/caviar run examples/scikit_learn.json --objective examples/scikit_learn.py:train --port 0
	@if $(BIN)/python -c "import torch" 2>/dev/null; \
	then $(BIN)/caviar run examples/pytorch.json --objective examples/pytorch.py:train --port 0; \
	else echo "PyTorch is not installed: examples/pytorch.py is left out (pip install torch)"; fi

bench: bench-formulas bench-engine bench-sampler bench-pruning bench-main bench-memory bench-imports bench-examples bench-soak

bench-engine: .venv/bench
	$(BIN)/python -m benchmarks.engine

# Twenty problems, in about an hour; PROBLEMS=all takes hours.
PROBLEMS ?= some
bench-sampler: .venv/bench
	$(BIN)/python -m benchmarks.sampler --problems $(PROBLEMS)
	$(BIN)/python -m benchmarks.proposals

bench-pruning: install
	$(BIN)/python -m benchmarks.pruning

bench-main: install
	$(BIN)/python -m benchmarks.main_job

bench-memory: install
	$(BIN)/python -m benchmarks.memory

# The tests of every formula that the samplers are measured on; `make test` runs some of them.
bench-formulas: install
	$(BIN)/python -m pytest -m formulas tests/benchmarks

# Published outcomes of training and sampling, beside ours: some minutes.
bench-outcomes: install
	$(BIN)/python -m benchmarks.known_outcomes

# CaviarSearchCV beside scikit-learn's searches: half an hour.
bench-search-cv: install
	$(BIN)/python -m benchmarks.search_cv

# Real tables beside scikit-learn's network and gradient boosting: an hour.
bench-tables: .venv/bench
	$(BIN)/python -m benchmarks.tables

# Ask and tell over HTTP beside a bare FastAPI route and Optuna's storages, with none and with a
# million trials before.
bench-service: .venv/bench
	$(BIN)/python -m benchmarks.service
	$(BIN)/python -m benchmarks.service --trials 1000000
	$(BIN)/python -m benchmarks.service --database postgres

# CPU of `import caviar` and `caviar --help`, beside Optuna's import.
bench-imports: .venv/bench
	$(BIN)/python -m benchmarks.imports

# Here PyTorch is installed, so both examples run.
bench-examples: .venv/bench examples

# From one to a thousand simulated workers against real servers: ten minutes each.
bench-scale: install
	$(BIN)/python -m benchmarks.scale --database postgres
	$(BIN)/python -m benchmarks.scale --database sqlite --workers 1 10 100 300

# A server under mixed load for an hour; SOAK=60 for a look.
SOAK ?= 3600

soak: install
	$(BIN)/python -m benchmarks.soak --seconds $(SOAK)

bench-soak: SOAK = 60
bench-soak: soak

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache caviar-data
