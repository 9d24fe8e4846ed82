# One command for each thing, the same at home and in .ci/run. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-annotate --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
RUNTIME := $(VENV)/.runtime.stamp
DEV := $(VENV)/.dev.stamp
# What checks the scripts of the pages (docs/adr/0025); node itself comes from PyPI.
STATIC := tests/static
CHECKERS := $(STATIC)/node_modules/.stamp
# What makes a client of /openapi.json for TypeScript, in its test.
TYPESCRIPT := tests/clients/typescript
GENERATOR := $(TYPESCRIPT)/node_modules/.stamp

# Set by many images; without it each of the thousand processes of the tests compiles every module.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run dev test lint check load screenshots chaos bench guard lock secrets clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUNTIME) ## Start the whole stack in the foreground; Ctrl-C stops it
	@exec $(BIN)/python app.py up

dev: $(RUNTIME) ## Like run, and reload when a source file or a task file changes
	@exec $(BIN)/python app.py up --reload

test: $(DEV) ## Run all tests (ARGS="tests/stack -k port" narrows them)
	@tests/ensure_chromium.sh $(BIN)/python
	@tests/ensure_promtool.sh $(abspath $(BIN))
	@$(BIN)/python -m pytest $(ARGS)

lint: $(DEV) $(CHECKERS) $(GENERATOR) ## Check format, style, types and imports, of Python and of the pages' scripts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright --warnings
	@$(BIN)/lint-imports
	@$(BIN)/node $(STATIC)/node_modules/typescript/bin/tsc -p $(STATIC)/tsconfig.json
	@$(BIN)/node $(STATIC)/node_modules/eslint/bin/eslint.js -c $(STATIC)/eslint.config.js static/js $(STATIC)
	@$(BIN)/python -m tests.clients.typescript.check

# .ci/run has just run `make test` and says so with TESTED=1, so that nothing runs twice.
check: lint $(if $(TESTED),,test) ## Everything that must pass: lint, types, tests

load: $(DEV) ## Put load on a running stack with Locust (SCENARIO=flood …; SCENARIO=help lists them)
	@SCENARIO=$(SCENARIO) exec $(BIN)/locust -f loadtests/locustfile.py --headless $(ARGS)

screenshots: $(DEV) ## Take the pictures in docs/screenshots again (three minutes)
	@tests/ensure_chromium.sh $(BIN)/python
	@exec $(BIN)/python -m tests.browser.screenshots

chaos: $(DEV) ## Run the fault storm and print its verdict
	@exec $(BIN)/python -m tests.chaos $(ARGS)

bench: $(DEV) ## Measure beside the peers (ARGS="drain --quick"; benchmarks/README.md)
	@exec $(BIN)/python -m benchmarks $(ARGS)

guard: $(DEV) ## Fail when we have become half as fast beside plain Huey as recorded (a minute)
	@exec $(BIN)/python -m benchmarks.guard $(ARGS)

lock: $(DEV) ## Write requirements*.txt, with hashes, from requirements*.in (UPGRADE=1: take newer)
	@$(LOCK) requirements.in --output-file requirements.txt
	@$(LOCK) requirements-dev.in --output-file requirements-dev.txt

secrets: ## Write the secrets of docker-compose.yml into deploy/secrets, once
	@deploy/make_secrets.sh

clean: ## Remove the virtual environment and caches; data stays
	rm -rf $(VENV) $(STATIC)/node_modules $(TYPESCRIPT)/node_modules .pytest_cache .ruff_cache .hypothesis

# The interpreter is tried, not only looked for: a moved folder leaves a .venv that cannot start.
$(RUNTIME): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Duckline needs Python 3.11 or newer as '$(PYTHON)'; name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
	  echo "Creating $(VENV) ..."; \
	  $(PYTHON) -m venv --clear $(VENV) || { \
	    echo "'$(PYTHON)' cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }; }
	@echo "Installing requirements.txt (once; well under a minute on a fast line) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo "Installing requirements-dev.txt ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

$(GENERATOR): $(TYPESCRIPT)/package.json $(TYPESCRIPT)/package-lock.json $(DEV)
	@echo "Installing the generator of TypeScript ($(TYPESCRIPT)/package.json) ..."
	@$(BIN)/npm ci --prefix $(TYPESCRIPT) --ignore-scripts --no-audit --no-fund --silent
	@touch $@

$(CHECKERS): $(STATIC)/package.json $(STATIC)/package-lock.json $(DEV)
	@echo "Installing the checkers of scripts ($(STATIC)/package.json) ..."
	@$(BIN)/npm ci --prefix $(STATIC) --ignore-scripts --no-audit --no-fund --silent
	@touch $@
