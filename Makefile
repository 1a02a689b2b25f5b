# Everything a newcomer or CI runs. `make help` lists it.
# Needs python3 (3.11 or newer), git and make; the rest is installed into .venv from the lock files.

PYTHON ?= $(shell tools/find-python)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL := tools/install-locked $(BIN)/python
# One more than two processors, as some tests wait for processes of their own: a sixth less time.
JOBS ?= 3
PATHS := src tests benchmarks lab tools

# Images of containers often set it, and every process would compile all that it imports once more.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- setting up -------------------------------------------------------------------------------
# Lock files are whole, so nothing is resolved: older pips look for the newest release of what is asked
# for with extras, and refuse it for not being the locked one. requirements-uv.lock was made with
# echo uv | uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -

.PHONY: setup
setup: .stamps/dev .stamps/compiled ## make .venv with everything that development needs

.stamps/venv: tools/make-venv
	@mkdir -p .stamps
	@tools/make-venv "$(PYTHON)" $(VENV)
	@touch $@

.stamps/run: requirements.lock requirements-uv.lock tools/install-locked pyproject.toml .stamps/venv
	@echo "installing what sensorium needs to run (once; about half a minute)"
	@$(INSTALL) requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.stamps/compiled: .stamps/run
	@echo "compiling the decoders (once; later changes are compiled when they are used)"
	@$(BIN)/python -m sensorium.app.preparation
	@touch $@

.stamps/dev: requirements-dev.lock .stamps/torch
	@echo "installing what development needs (once)"
	@$(INSTALL) requirements-dev.lock
	@touch $@

.stamps/torch: requirements-torch.lock tools/install-torch .stamps/run
	@echo "installing torch (once)"
	@tools/install-torch $(BIN)/python
	@touch $@

.stamps/system: tools/system-packages.txt tools/install-system-packages \
		tools/packages-apart.txt tools/unpack-packages
	@mkdir -p .stamps
	@tools/install-system-packages tools/system-packages.txt
	@tools/unpack-packages tools/packages-apart.txt .stamps/apart
	@touch $@

# The same versions for every Python: what is checked with one is what all have.
ALIKE := --universal --python-version 3.11 --fork-strategy fewest
TORCH_NEEDS := torch mpmath networkx setuptools sympy
.PHONY: lock
lock: .stamps/venv ## resolve pyproject.toml into the lock files: make lock [UPGRADE=--upgrade]
	@$(PIP) install --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip compile --quiet $(ALIKE) --generate-hashes --no-header \
		--no-annotate $(UPGRADE) --group build pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet $(ALIKE) --generate-hashes --no-header \
		--no-annotate $(UPGRADE) -c requirements.lock --all-extras --group build --group dev \
		--override tools/torch-apart.txt $(TORCH_NEEDS:%=--no-emit-package %) \
		pyproject.toml -o requirements-dev.lock

# torch apart from the rest: its releases for Linux name gigabytes of CUDA, and its CPU build, which is
# what the tests use, has a hash of its own (the first one) that no index lists beside the others.
.PHONY: lock-torch
lock-torch: .stamps/venv ## resolve torch into its lock file: make lock-torch VERSION=2.13.0 CPU=hash
	@test -n "$(VERSION)" && test -n "$(CPU)" || { echo "say VERSION= and CPU=" >&2; exit 2; }
	@$(PIP) install --require-hashes -r requirements-uv.lock
	@echo torch==$(VERSION) | $(BIN)/uv pip compile --quiet $(ALIKE) \
		--generate-hashes --no-header --no-annotate --no-deps - \
		| sed '/^torch==/a\    --hash=sha256:$(CPU) \\' > requirements-torch.lock
	@printf '%s\n' networkx setuptools sympy | $(BIN)/uv pip compile --quiet $(ALIKE) \
		--generate-hashes --no-header --no-annotate - >> requirements-torch.lock

# --- using it ---------------------------------------------------------------------------------

.PHONY: demo
demo: .stamps/run ## replay a bundled recording and show the incidents found in it
	@$(BIN)/sensorium demo

.PHONY: evaluate
evaluate: .stamps/run ## score a recording against its truth: make evaluate RECORDING=folder
	@test -n "$(RECORDING)" || { echo "say which: make evaluate RECORDING=folder" >&2; exit 2; }
	@$(BIN)/sensorium evaluate "$(RECORDING)"

.PHONY: lab-record
lab-record: .stamps/run ## record the lab network (root, Debian): make lab-record SEED=7 OUT=folder
	@test -n "$(SEED)" && test -n "$(OUT)" \
		|| { echo "say which: make lab-record SEED=7 OUT=folder" >&2; exit 2; }
	@$(BIN)/python -m lab record --seed "$(SEED)" --out "$(OUT)"

# --- checking it ------------------------------------------------------------------------------

.PHONY: test
test: ## all that CI runs: format, lint, types, rules, tests
	@$(MAKE) --no-print-directory -j 3 .stamps/system .stamps/compiled .stamps/collected
	@$(MAKE) --no-print-directory lint & lint=$$!; \
		$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup; tests=$$?; \
		wait $$lint || { echo "lint found something: make lint" >&2; exit 1; }; exit $$tests

# What tests import is compiled here, once, and not by each process of theirs at the same time.
.stamps/collected: .stamps/dev
	@$(BIN)/python -m pytest --collect-only > /dev/null || true
	@touch $@

.PHONY: coverage
coverage: .stamps/system .stamps/dev ## the tests once more, and which lines no test reaches (a fifth slower)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --cov --cov-report=term:skip-covered

.PHONY: lint
lint: .stamps/dev ## format, lint, types and import rules, changing nothing
	@$(BIN)/ruff format --quiet --check $(PATHS) || { echo "run: make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet $(PATHS)
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo > .stamps/lint-imports || { cat .stamps/lint-imports; exit 1; }

.PHONY: format
format: .stamps/dev ## format the code and mend what the linter can
	@$(BIN)/ruff format $(PATHS)
	@$(BIN)/ruff check --fix $(PATHS)

.PHONY: fuzz
fuzz: .stamps/dev ## the property tests, with far more examples than `make test` gives them
	@$(BIN)/python -m pytest -o faulthandler_timeout=0 -n $(JOBS) -m hypothesis \
		--hypothesis-profile=fuzz

.stamps/fuzz: requirements-fuzz.lock tools/make-venv .stamps/dev
	@tools/make-venv "$(PYTHON)" .venv-fuzz
	@.venv-fuzz/bin/python -m pip --disable-pip-version-check --quiet install --no-deps \
		--require-hashes -r requirements-fuzz.lock
	@touch $@

# The rest of what it needs is that of .venv. The lock was made with
# echo atheris | uv pip compile --universal --python-version 3.11 --generate-hashes -
.PHONY: fuzz-coverage
fuzz-coverage: .stamps/fuzz ## guided fuzzing: make fuzz-coverage SECONDS=60 [TARGET=netflow]
	@PYTHONPATH=.:src:$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
		nice .venv-fuzz/bin/python -m tests.fuzz --seconds $(or $(SECONDS),60) $(TARGET)

.PHONY: test-replays
test-replays: .stamps/compiled .stamps/dev ## replay all recordings, twice; they must say the same, and the truth
	@SENSORIUM_ALL_REPLAYS=1 $(BIN)/python -m pytest tests/e2e/test_demo.py tests/e2e/test_truth.py

.PHONY: test-kills
test-kills: .stamps/dev ## kill the service a hundred times; nothing acknowledged may be lost
	@SENSORIUM_KILLS=100 $(BIN)/python -m pytest -o faulthandler_timeout=0 tests/e2e/test_kill.py -s

.PHONY: test-gateway-kills
test-gateway-kills: .stamps/dev ## kill the gateway's ledger a hundred times; no budget may be overshot
	@SENSORIUM_KILLS=100 $(BIN)/python -m pytest -o faulthandler_timeout=0 tests/gateway/ledger/test_kill.py

.PHONY: soak
soak: .stamps/dev ## ten minutes of mixed load: flat memory, nothing lost: make soak [MINUTES=10]
	@$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),10)

.PHONY: bench
bench: .stamps/dev ## run every benchmark and write benchmarks/results.md
	@$(BIN)/python -m benchmarks

.PHONY: generate
generate: .stamps/dev ## write anew the files that are made from code
	@$(BIN)/sensorium config example > sensorium.example.yaml
	@$(BIN)/sensorium gateway example > gateway.example.yaml
	@$(BIN)/python tools/metrics_page.py
	@$(BIN)/python tools/conformance_page.py

.PHONY: clean
clean: ## remove everything that the targets above made
	@rm -rf .venv .venv-fuzz .fuzz .stamps .demo var .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .coverage htmlcov dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
