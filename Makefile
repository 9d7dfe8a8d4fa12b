# `make` alone does what CI does. Everything runs from .venv, which the first target makes.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(VENV)/.packages
INSTALLED := $(VENV)/.installed
BENCH := .venv-bench
MUTATION := .venv-mutation
ARGS ?=

.PHONY: .venv demo test lint test-dynamodb-local api-fuzz local deploy bench-engine bench-what-if bench-settle simulate simulate-mutants mutation lock clean

.venv: $(INSTALLED)

# A terminal sees the packages go by; a log gets one line.
$(PACKAGES): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Grapevine needs Python 3.11 or newer: make PYTHON=python3.x")'
	@echo "Installing $$(grep -c '==' $<) packages into $(VENV) (the first time: about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@[ -t 1 ] && show=1 || show=0; \
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes --progress-bar off -r $< \
	  | awk -v show=$$show 'show && /^(Collecting|Installing)/ {printf "\r  %-70.70s", $$0; fflush()} END {if (show) print ""}'
	@touch $@

$(INSTALLED): $(PACKAGES) pyproject.toml
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# A day of a shop on the local stack: `make demo ARGS=--exit` stops after the table.
demo: .venv
	@$(BIN)/python -m grapevine_sim.demo $(ARGS)

# By as many processes as there are cores, at most four: each has servers of its own.
test: lint
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadgroup $(ARGS)

lint: .venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Amazon's own DynamoDB Local; needs java and mvn.
test-dynamodb-local: .venv
	$(BIN)/pytest -m dynamodb_local --engine dynamodb-local $(ARGS)

# schemathesis against the API's description, for longer than CI does.
api-fuzz: .venv
	FUZZ_EXAMPLES=50 $(BIN)/pytest tests/api $(ARGS)

# The whole system on this machine until Ctrl-C, without the demo.
local: .venv
	@$(BIN)/python -m infra local $(ARGS)

deploy: .venv
	@test -n "$(STAGE)" || { echo "which stage? make deploy STAGE=prod" >&2; exit 2; }
	@$(BIN)/python -m infra deploy --stage $(STAGE) $(ARGS)

$(BENCH)/.packages: requirements/bench.txt
	@echo "Installing $$(grep -c '==' $<) packages into $(BENCH)"
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes -r $<
	@touch $@

# The engine against an ORM on PostgreSQL (Debian: postgresql) and against beancount; docs/performance.md.
bench-engine: $(BENCH)/.packages
	@PYTHONPATH=layers/common/python $(BENCH)/bin/python -m benchmarks.engine $(ARGS)

# A month of orders posted again under drafts; docs/performance.md.
bench-what-if: .venv
	@$(BIN)/python -m benchmarks.what_if $(ARGS)

# A settlement of many against an ORM's on PostgreSQL, and a small one on MiniStack; docs/performance.md.
bench-settle: $(BENCH)/.packages .venv
	@PYTHONPATH=layers/common/python $(BENCH)/bin/python -m benchmarks.settle $(ARGS)
	@$(BIN)/python -m benchmarks.settle.ministack

# Small worlds under every disturbance, 100 000 of them: `make simulate ARGS="--worlds 1000"`, `ARGS="--seed 7"`.
simulate: .venv
	@$(BIN)/python -m tests.simulation $(ARGS)

# Grapevine with one protection removed, thirty times: each must be found.
simulate-mutants: .venv
	@$(BIN)/python -m tests.simulation.hunt $(ARGS)

$(MUTATION)/.packages: requirements/mutation.txt
	@echo "Installing $$(grep -c '==' $<) packages into $(MUTATION)"
	@$(PYTHON) -m venv $(MUTATION)
	@$(MUTATION)/bin/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes -r $<
	@touch $@

# The domain with one thing changed, thousands of times: `make mutation ARGS="grapevine.domain.money*"`; docs/proofs.md.
mutation: $(MUTATION)/.packages
	@MUTMUT=$(abspath $(MUTATION))/bin/mutmut tests/mutation.sh $(ARGS)

# Pins requirements/*.in again; `make lock ARGS=--upgrade` moves to the newest versions.
lock: .venv
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes -r requirements/lock.txt
	UV=$(abspath $(BIN))/uv requirements/lock.sh $(ARGS)

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
