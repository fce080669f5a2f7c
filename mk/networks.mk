# Real EVM clients for the tests: go-ethereum, built from its sources at pinned versions.
# Needs Go; without it the tests say so and are skipped.
.PHONY: networks test-networks

GETH_VERSION := v1.16.9
# The last line with Clique, the proof of authority of EIP-225.
GETH_CLIQUE_VERSION := v1.13.15
NETWORKS := build/networks
# Each version in a folder of its own: a new version is a new file, and all are called geth.
GETH := $(NETWORKS)/$(GETH_VERSION)/geth
GETH_CLIQUE := $(NETWORKS)/$(GETH_CLIQUE_VERSION)/geth
GETH_MODULE := github.com/ethereum/go-ethereum/cmd/geth

# Three processes: most of the time they wait for blocks.
test-networks: setup $(if $(shell command -v go),networks) ## the chain's tests on geth, and on a network of three validators
	@LEAFPROOF_GETH=$(CURDIR)/$(GETH) LEAFPROOF_GETH_CLIQUE=$(CURDIR)/$(GETH_CLIQUE) \
		$(BIN)/python -m pytest tests/networks --numprocesses 3 --dist loadfile $(ARGS)

networks: $(GETH) $(GETH_CLIQUE)

$(GETH):
	GOBIN=$(CURDIR)/$(@D) go install $(GETH_MODULE)@$(GETH_VERSION)

# Its dependencies reach into the runtime by names that Go closed in 1.23.
$(GETH_CLIQUE):
	GOBIN=$(CURDIR)/$(@D) go install -ldflags=-checklinkname=0 $(GETH_MODULE)@$(GETH_CLIQUE_VERSION)
