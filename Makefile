# Every target does its own set-up: a machine needs Python 3.11 or newer, git, make and a network.
PYTHON ?= python3
BIN := .venv/bin
SYNCED := .venv/.synced
WORKERS ?= 2

.PHONY: demo test test-unit check format generate bench clean

demo: $(SYNCED) ## Rehearse a delivery: feature, release, production, hotfix, on real parts.
	$(BIN)/bricklane tools install
	$(BIN)/bricklane rehearse

test: check ## Every test, on real parts.
	$(BIN)/bricklane tools install --development
	$(BIN)/python scripts/run_tests.py -n $(WORKERS) --dist loadfile --max-worker-restart 0

test-unit: $(SYNCED) ## The tests that need no external program: seconds.
	$(BIN)/pytest -n $(WORKERS) -m "not real" -q

check: $(SYNCED) ## Format, lint, types, import boundaries.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(SYNCED) ## Rewrite the sources in the one format.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: $(SYNCED) ## Rewrite what is generated: request types, docs, the example.
	$(BIN)/python scripts/generate_types.py
	$(BIN)/python scripts/generate_docs.py
	$(BIN)/python scripts/generate_terraform_docs.py
	$(BIN)/python scripts/generate_example.py

bench: $(SYNCED) ## Measure speed beside the peers; figures go to docs/benchmarks.md.
	$(BIN)/bricklane tools install
	$(BIN)/python -m benchmarks

clean: ## Remove what builds and tests left in this folder; installed tools and clouds stay.
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(SYNCED): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: $(PYTHON) is older than Python 3.11; name a newer one with: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet 'uv>=0.9.6'
	$(BIN)/uv sync --locked --quiet
	@touch $(SYNCED)
