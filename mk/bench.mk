# What it costs, and that it holds: both from a fresh clone.
.PHONY: bench

bench: setup ## measure everything beside its floor; ARGS="--only NAME --runs N --short --write"
	@$(BIN)/python -m benchmarks $(ARGS)
