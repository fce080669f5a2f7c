# Two commands matter: `make demo` and `make test`. Each sets up what it needs, once, and resumes an interrupted set-up.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help setup demo test lint lock clean

BIN := .venv/bin
PYTHON_READY := .venv/.ready
NODE_READY := node_modules/.ready

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(PYTHON_READY) $(NODE_READY) ## everything that the other targets need, in .venv and node_modules
	@:

demo: setup ## the whole system on embedded parts; ARGS="..." goes to `leafproof demo`
	@$(BIN)/leafproof demo $(ARGS)

# In the order of the folders: e2e's files have few tests and long ones, which alone would be waited for at the end.
test: setup ## all tests, three at a time, for most of them wait; ARGS="..." goes to pytest
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup ## style, types, and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# Of the image: what runs there, at the same versions, and what builds it.
LOCK = $(BIN)/python -m uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11
lock: setup ## recompile requirements/*.txt from pyproject.toml
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv
	@$(LOCK) --all-extras pyproject.toml -o requirements/locked.txt
	@$(LOCK) --extra backend --extra gateway -c requirements/locked.txt pyproject.toml -o requirements/runtime.txt
	@$(LOCK) -c requirements/locked.txt requirements/build.in -o requirements/build.txt

clean: ## remove what the set-up and the tools made (not var/, which holds data)
	@rm -rf .venv .venv-brownie .solcx node_modules build reports htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

# Each script writes its mark last, so that whatever was interrupted is done again.
$(PYTHON_READY): requirements/locked.txt pyproject.toml mk/setup-python.sh
	@mk/setup-python.sh

$(NODE_READY): package-lock.json mk/setup-node.sh | $(PYTHON_READY)
	@mk/setup-node.sh

include $(wildcard mk/*.mk)
