"""A correction: why a statement was superseded, by whom, and which one takes its place.

Nothing is edited, so that a mistake is mended by a newer statement; without a reason, that is how a bad number
would be hidden. What must hold:

1. Each of `changes` names a statement (`old`) and the one that supersedes it (`new`), both of the lot and by the
   issuer of the correction: batch records where a `record` or late `frames` are corrected, footprints where a
   `factor` is, or another choice of the issuer.
2. Every batch record that supersedes another is named by a correction, and so is every footprint that supersedes
   another by other choices (`leafproof.footprint.chosen_anew`): a reason for the record is none for these.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from leafproof import values
from leafproof.errors import InvalidInput
from leafproof.structs import Stated

MAX_TEXT = 2000  # characters of a reason
MAX_CHANGES = 20  # one for each method profile

What = Literal["record", "frames", "factor"]


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Statement ids: what was superseded, and by what."""

    old: str
    new: str


class Correction(Stated, frozen=True, forbid_unknown_fields=True):
    """See the module. `by` is who decided it: a person's role, or the server that noticed it."""

    CALLED: ClassVar[str] = "correction"
    gtin: str
    lot: str
    what: What
    reason: str
    by: str
    changes: tuple[Change, ...]

    @property
    def of(self) -> values.Lot:
        """The lot."""
        return values.Lot.parse(self.gtin, self.lot)

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        super().check()
        _ = self.of
        for field, text in (("reason", self.reason), ("by", self.by)):
            if not 0 < len(text.strip()) <= MAX_TEXT:
                raise InvalidInput(field, f"not 1 to {MAX_TEXT} characters")
        if not 1 <= len(self.changes) <= MAX_CHANGES:
            raise InvalidInput("changes", f"1 to {MAX_CHANGES} are allowed")
        for one in self.changes:
            values.digest(one.old, "changes.old")
            values.digest(one.new, "changes.new")
