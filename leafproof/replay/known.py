"""What a replay has taken so far, whatever it is about."""

from __future__ import annotations

from dataclasses import dataclass, field

from leafproof.verification.statements import Statement


@dataclass(slots=True)
class Known:
    """What the logs replayed so far say, by statement id: logs of one server name each other's statements.

    `withheld` are statements whose bodies were not handed over.
    """

    statements: dict[str, Statement] = field(default_factory=dict)
    withheld: dict[str, Statement] = field(default_factory=dict)
