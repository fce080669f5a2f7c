# Contracts: their compiler, their tests, their committed artifacts.
# Needs Python 3.11 and make; brownie, node, the compiler and the development chain come from the locks
# (node_modules/.ready is made by the Makefile, with node from PATH or from .venv).

BROWNIE_VENV := .venv-brownie
# The scripts of brownie's environment first, then anvil, then what is here, then the node that .venv brings.
CONTRACTS_PATH := $(CURDIR)/$(BROWNIE_VENV)/bin:$(CURDIR)/node_modules/.bin:$(PATH):$(CURDIR)/.venv/bin
SOLC_VERSION := $(shell sed -n 's/^ *"solc": "\(.*\)".*/\1/p' package.json)
SOLC := .solcx/solc-v$(SOLC_VERSION)
BROWNIE_HOME := $(CURDIR)/build/brownie-home
BROWNIE = $(BROWNIE_VENV)/bin/python scripts/brownie_home.py $(BROWNIE_HOME) && \
	HOME=$(BROWNIE_HOME) PATH="$(CONTRACTS_PATH)" SOLCX_BINARY_PATH=$(CURDIR)/.solcx brownie

.PHONY: contracts contracts-env artifacts gas brownie-lock deploy

contracts: contracts-env ## compile the contracts, test them on a development chain; ARGS="..." goes to pytest
	@$(BROWNIE) test $(ARGS) --durations 5

contracts-env: $(BROWNIE_VENV)/.ready node_modules/.ready $(SOLC)

artifacts: node_modules/.ready ## rewrite the committed ABI and bytecode from the sources
	@PATH="$(CONTRACTS_PATH)" .venv/bin/python scripts/artifacts.py

gas: contracts-env ## measure docs/gas.md anew
	@$(BROWNIE) run gas --network development

deploy: contracts-env ## deploy to the chain at LEAFPROOF_RPC (see scripts/deploy.py); without one, try it out
	@$(BROWNIE) run deploy --network $(if $(LEAFPROOF_RPC),target,development)

$(BROWNIE_VENV)/.ready: requirements/brownie.txt
	python3 -m venv $(BROWNIE_VENV)
	$(BROWNIE_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	touch $@

$(SOLC): scripts/solc.mjs package.json
	mkdir -p $(@D)
	ln -sf ../scripts/solc.mjs $@

brownie-lock: ## resolve requirements/brownie.in anew (needs uv)
	@PATH=$$PATH:.venv/bin uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		requirements/brownie.in -o requirements/brownie.txt
