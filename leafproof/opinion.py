"""A verifier's opinion on a declared footprint: signed with the verifier's own key, in the log that holds it.

It says what ISO 14064-3:2019 asks of an opinion: what was verified, by which criteria, at which level of
assurance, in which scope and materiality, and the conclusion; and who gives it, accredited by whom (ISO 14065,
ISO/IEC 17029). It repeats the number that it is about, so that it cannot be read as one on another.

What must hold:

1. `declared` is a declared footprint's statement id, and `gtin`, `facility`, `method` and `per_tonne` are what
   that statement says; [`start`, `end`) covers its reference period.
2. The verifier is not the operator who declared.
3. A verifier has one opinion on a declared footprint at a time: a newer one supersedes his own, and `withdrawn`
   takes it back.
"""

from __future__ import annotations

from typing import Literal, Self

import msgspec

from leafproof import body, clock, units, values
from leafproof.declared import DeclaredFootprint
from leafproof.errors import InvalidInput
from leafproof.structs import convert
from leafproof.texts import check_printable

MEDIA_TYPE = body.OPINION
MAX_TEXT = 2000  # characters of scope and reason
MAX_FILE = 1 << 16  # bytes of `[envelope, body]`

Assurance = Literal["limited", "reasonable"]
# The types of opinion of ISO 14064-3:2019, and that one no longer stands.
Conclusion = Literal["unmodified", "modified", "adverse", "disclaimed", "withdrawn"]
SUPPORTING: tuple[Conclusion, ...] = ("unmodified", "modified")


class Accreditation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who accredited the verifier, and under which number."""

    body: str
    number: str


class Opinion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module. `materiality` in percent; `reason` says why, unless the conclusion is unmodified."""

    declared: str
    gtin: str
    facility: str
    method: str
    per_tonne: str
    verifier: str
    accreditation: Accreditation
    standard: str
    criteria: str
    assurance: Assurance
    scope: str
    start: str
    end: str
    materiality: str
    conclusion: Conclusion
    reason: str | None = None
    supersedes: str | None = None

    @property
    def urn(self) -> str:
        """What the statement is about."""
        return f"urn:leafproof:opinion:{self.declared}"

    @property
    def supports(self) -> bool:
        """Whether the verifier stands by the number."""
        return self.conclusion in SUPPORTING

    def encode_body(self) -> bytes:
        """The statement's body: `[salt, opinion]`; an opinion is public."""
        self.check()
        return body.encode({k: v for k, v in msgspec.to_builtins(self).items() if v is not None})

    @classmethod
    def decode_body(cls, data: bytes) -> Self:
        """Read and check one; raises `InvalidInput` naming the field."""
        (value,) = body.decode(data, 1)
        found = convert(value, cls, "opinion")
        found.check()
        return found

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        check_printable(self)
        values.digest(self.declared, "declared")
        if self.supersedes is not None:
            values.digest(self.supersedes, "supersedes")
        if clock.utc_seconds(self.end, "end") <= clock.utc_seconds(self.start, "start"):
            raise InvalidInput("end", "the period does not end after it starts")
        units.parse_decimal(self.per_tonne, "per_tonne")
        if not 0 <= units.parse_decimal(self.materiality, "materiality") <= 100:
            raise InvalidInput("materiality", "not a percentage from 0 to 100")
        named = {
            "verifier": self.verifier,
            "standard": self.standard,
            "criteria": self.criteria,
            "scope": self.scope,
        }
        named |= {"accreditation.body": self.accreditation.body, "accreditation.number": self.accreditation.number}
        if self.conclusion != "unmodified":
            named["reason"] = self.reason or ""
        for field, text in named.items():
            if not 0 < len(text.strip()) <= MAX_TEXT:
                raise InvalidInput(field, f"not 1 to {MAX_TEXT} characters")

    def differing(self, statement_id: str, stated: DeclaredFootprint) -> str | None:
        """The first member that is not what the declared footprint says; None where all are, and its period is
        covered."""
        if self.declared != statement_id:
            return "declared"
        for name in ("gtin", "facility", "method", "per_tonne"):
            if getattr(self, name) != getattr(stated, name):
                return name
        first, last = stated.window
        if clock.utc_seconds(self.start, "start") > first:
            return "start"
        return "end" if clock.utc_seconds(self.end, "end") < last else None
