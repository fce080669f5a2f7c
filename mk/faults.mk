# What holds through kills, cuts and full disks: from a fresh clone.
.PHONY: faults

faults: setup ## inject faults into real processes and check what must hold; ARGS="--seed S --runs N --only NAME --json"
	@$(BIN)/python -m tests.faults $(ARGS)
