"""The fault suite: real processes, one fault at a time at a random moment, and then what must hold is checked.

`make faults` runs it; docs/reliability.md says what is promised and holds the last table. The modules:

* `stage`: a plant of real processes that stays up for many runs;
* `catalogue`: the faults, one module a family;
* `invariants`: what must hold after each fault, whatever it was;
* `driver`: injects and measures; `report`: the table.
"""
