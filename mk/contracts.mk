# Contracts: their compiler, their tests, their committed artifacts.
# Needs Python 3.11 and make; brownie, node, the compiler and the development chain come from the locks
# (node_modules/.ready is made by the Makefile, with node from PATH or from .venv).

BROWNIE_VENV := .venv-brownie
# The scripts of brownie's environment first, then anvil, then what is here, then the node that .venv brings.
CONTRACTS_PATH := $(CURDIR)/$(BROWNIE_VENV)/bin:$(CURDIR)/node_modules/.bin:$(PATH):$(CURDIR)/.venv/bin
SOLC_VERSION := $(shell sed -n 's/^ *"solc": "\(.*\)".*/\1/p' package.json)
SOLC := .solcx/solc-v$(SOLC_VERSION)
# A home of its own: packages in ~/.brownie would become remappings, and so part of the bytecode.
BROWNIE_HOME := build/home
# A free port for each run: brownie attaches to whatever node already listens.
BROWNIE = HOME=$(CURDIR)/$(BROWNIE_HOME) PATH=$(CONTRACTS_PATH) SOLCX_BINARY_PATH=$(CURDIR)/.solcx \
	ANVIL_PORT=$${ANVIL_PORT:-$$($(BROWNIE_VENV)/bin/python scripts/free_port.py)} brownie

.PHONY: contracts contracts-env artifacts gas brownie-lock deploy-development

contracts: contracts-env ## compile the contracts and run their tests on a development chain
	$(BROWNIE) test --durations 5

contracts-env: $(BROWNIE_VENV)/.ready node_modules/.ready $(SOLC) | $(BROWNIE_HOME)

artifacts: node_modules/.ready ## rewrite the committed ABI and bytecode from the sources
	PATH=$(CONTRACTS_PATH) $(BROWNIE_VENV)/bin/python scripts/artifacts.py

gas: contracts-env ## measure docs/gas.md anew
	$(BROWNIE) run gas --network development

deploy-development: contracts-env ## deploy to a chain that lives for the run; LEAFPROOF_DEPLOYMENT names the file
	$(BROWNIE) run deploy --network development

$(BROWNIE_VENV)/.ready: requirements/brownie.txt
	python3 -m venv $(BROWNIE_VENV)
	$(BROWNIE_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

$(SOLC): scripts/solc.mjs package.json
	mkdir -p $(@D)
	ln -sf ../scripts/solc.mjs $@

$(BROWNIE_HOME):
	mkdir -p $@

brownie-lock: ## resolve requirements/brownie.in anew (needs uv)
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		requirements/brownie.in -o requirements/brownie.txt
