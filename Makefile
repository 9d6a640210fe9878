# `make run` and `make test` do all the set-up on a fresh machine; both create `.venv` first.
PYTHON ?= python3.11
BIN := .venv/bin
PIN := -q pyproject.toml --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-annotate --no-header -p 3.11

.DEFAULT_GOAL := help
.PHONY: help run fast test check format bench proof requirements

help: ## List the targets.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: .venv/local ## Bring up the local platform and converge hokusai.yaml on it, until Ctrl-C.
	@exec $(BIN)/python -m controller local

fast: .venv/dev ## Run the tests of pure decisions, in about a second.
	@$(BIN)/python -m pytest tests/fast -q

test: .venv/dev .venv-oldest/ready ## Run every test, on real processes too, with the fault search in the background.
	$(BIN)/python -m pytest tests -p tests.faults.background -m "not load" -n 2 \
		--dist worksteal --cov --cov-report=term:skip-covered

check: .venv/dev ## Check format, lint, types, import contracts, dead code and the fast suite.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	@$(BIN)/python -m tests.figures
	@$(BIN)/python -m tests.fast

format: .venv/dev ## Format the code and apply the fixes of lint.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev .venv-peers/ready ## Measure speed and memory, as ratios against a peer or a limit.
	$(BIN)/python -m pytest tests/load -m load -s -q

proof: .venv/dev ## Inject a fault at every call, and print the number of plans tried.
	$(BIN)/python -m tests.faults proof

requirements: .venv/bootstrap ## Update the pinned dependencies, with hashes and without URLs.
	$(BIN)/uv pip compile $(PIN) --upgrade --extra dev -o requirements/dev.txt
	$(BIN)/uv pip compile $(PIN) -c requirements/dev.txt -o requirements/base.txt
	$(BIN)/uv pip compile $(PIN) -c requirements/dev.txt --extra serving --extra mlflow \
		-o requirements/serving.txt
	$(BIN)/uv pip compile $(PIN) -c requirements/dev.txt --extra redis -o requirements/redis.txt
	$(BIN)/uv pip compile $(PIN) -c requirements/dev.txt --extra local -o requirements/local.txt
	printf 'awscli\necs-deploy\n' | $(BIN)/uv pip compile -q - --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header -p 3.11 \
		--upgrade -o requirements/peers.txt
	printf 'mlflow==3.3.0\nsqlalchemy<2.1\nuvicorn\n' | $(BIN)/uv pip compile -q - --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header -p 3.11 \
		--upgrade -o requirements/oldest-mlflow.txt

.venv/bootstrap: requirements/bootstrap.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv-peers/ready: requirements/peers.txt .venv/bootstrap
	$(PYTHON) -m venv .venv-peers
	VIRTUAL_ENV=.venv-peers $(BIN)/uv pip install --quiet --require-hashes -r $<
	@touch $@

# The oldest MLflow that is supported; SQLAlchemy 2.1 came later.
.venv-oldest/ready: requirements/oldest-mlflow.txt .venv/bootstrap
	$(PYTHON) -m venv .venv-oldest
	VIRTUAL_ENV=.venv-oldest $(BIN)/uv pip install --quiet --require-hashes -r $<
	@touch $@

.venv/local .venv/dev: .venv/%: requirements/%.txt .venv/bootstrap pyproject.toml
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r $<
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
