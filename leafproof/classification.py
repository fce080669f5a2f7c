"""The living list: which goods count as green, by customs code, in versions that are proposed, discussed, adopted.

Goods are named by the Harmonized System: an edition and a code of two to six digits in pairs. An entry may be an
*ex-out*: a part of what the code covers, which a lot only is with the evidence that the entry asks for. Editions
are joined by correlations (the World Customs Organization publishes them): where a code became several, the list
does not guess which one a lot is; each is a candidate.

* `LivingList`: by whoever proposes it; the content of a version. Classification (the contract) says which versions
  were adopted, and from when each is in force.
* `Remark`: a comment or an objection to a proposal, by anybody who may sign; or its refusal, by the authority in
  an operator's name, whose id the contract names.
* `Classified`: by a lot's maker: its code, the evidence for ex-outs, the version in force then, and the categories
  that follow. Another version changes nothing of it: a lot is classified anew by a newer statement, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from itertools import zip_longest
from typing import ClassVar, Literal, TypeAlias

import msgspec

from leafproof import body, values
from leafproof.chain.view import ADOPTION_GRACE, ListVersion
from leafproof.errors import InvalidInput, Malformed
from leafproof.structs import Stated, convert

MAX_ENTRIES = 2000
MAX_TEXT = 2000
MAX_SHOWN = 32  # pieces of evidence for one lot: an ex-out asks for one, and few ex-outs share a code
EDITIONS = ("HS 2007", "HS 2012", "HS 2017", "HS 2022")
Edition = Literal["HS 2007", "HS 2012", "HS 2017", "HS 2022"]
_CODE = re.compile(r"(?:[0-9]{2}){1,3}")


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Goods of a code are of a category; with `ex_out` only those that it describes, shown by `evidence`."""

    edition: Edition
    code: str
    category: str
    title: str
    source: str
    ex_out: str | None = None
    evidence: str | None = None


class Correlation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code of one edition, and what it became in a later one."""

    edition: Edition
    code: str
    later: Edition
    became: tuple[str, ...]


class LivingList(Stated, frozen=True, forbid_unknown_fields=True):
    """See the module; `changes` says what is new against the version before."""

    CALLED: ClassVar[str] = "living list"
    CONTENT_TYPE: ClassVar[str] = body.LIVING_LIST
    URN: ClassVar[str] = "urn:leafproof:living-list"
    title: str
    changes: str
    entries: tuple[Entry, ...]
    correlations: tuple[Correlation, ...]

    @property
    def urn(self) -> str:
        """What the statement is about."""
        return self.URN

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        super().check()
        _texts(title=self.title, changes=self.changes)
        if not 1 <= len(self.entries) <= MAX_ENTRIES or len(self.correlations) > MAX_ENTRIES:
            raise InvalidInput("entries", f"not 1 to {MAX_ENTRIES}")
        for one in self.entries:
            _code(one.code, "entries.code")
            _texts(**{"entries.category": one.category, "entries.title": one.title, "entries.source": one.source})
            if (one.ex_out is None) != (one.evidence is None):
                raise InvalidInput(
                    "entries.evidence", "an ex-out names the evidence that it asks for, and only it"
                )
            if one.ex_out is not None:
                _texts(**{"entries.ex_out": one.ex_out, "entries.evidence": one.evidence or ""})
        for joined in self.correlations:
            _code(joined.code, "correlations.code")
            for code in joined.became:
                _code(code, "correlations.became")
            if not joined.became or EDITIONS.index(joined.later) <= EDITIONS.index(joined.edition):
                raise InvalidInput("correlations.later", "leads to no code of a later edition")

    def codes(self, edition: str, code: str) -> frozenset[tuple[str, str]]:
        """A code with all that it became in later editions of this list's correlations."""
        found = {(edition, code)}
        for joined in sorted(self.correlations, key=lambda one: EDITIONS.index(one.edition)):
            if (joined.edition, joined.code) in found:
                found |= {(joined.later, became) for became in joined.became}
        return frozenset(found)

    def candidates(self, edition: str, code: str) -> tuple[Entry, ...]:
        """The entries that goods of a code may be of, in the list's order: those of the code, or of one that it is
        a part of, in its edition or a later one."""
        codes = self.codes(edition, code)
        return tuple(
            one
            for one in self.entries
            if any(one.edition == named and own.startswith(one.code) for named, own in codes)
        )

    def categories(self, edition: str, code: str, evidence: Mapping[str, str]) -> tuple[str, ...]:
        """Categories in alphabetical order; an ex-out counts where `evidence` has what it asks for. A code that
        became several is of a category only where all of those are that it ends in: no correlation leads on from
        them. A branch may end in an older edition than another, where its code did not change since."""
        direct = self._of((edition, code), evidence)
        left = {(joined.edition, joined.code) for joined in self.correlations}
        ends = [self._of(one, evidence) for one in self.codes(edition, code) - left]
        return tuple(sorted(direct | frozenset.intersection(*ends)))

    def _of(self, one: tuple[str, str], evidence: Mapping[str, str]) -> frozenset[str]:
        """The categories of a code in its own edition."""
        edition, code = one
        mine = (entry for entry in self.entries if entry.edition == edition and code.startswith(entry.code))
        return frozenset(entry.category for entry in mine if entry.ex_out is None or entry.evidence in evidence)


class Remark(Stated, frozen=True, forbid_unknown_fields=True):
    """What somebody says of a proposal."""

    CALLED: ClassVar[str] = "remark"
    CONTENT_TYPE: ClassVar[str] = body.REMARK
    proposal: str
    kind: Literal["comment", "objection", "refusal"]
    text: str

    @property
    def urn(self) -> str:
        """What the statement is about."""
        return f"urn:leafproof:living-list:{self.proposal}"

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        super().check()
        values.digest(self.proposal, "proposal")
        _texts(text=self.text)


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Evidence that an ex-out asks for, in its words, and the document that it is."""

    evidence: str
    document: str


class Classified(Stated, frozen=True, forbid_unknown_fields=True):
    """See the module; `version` of the list, and the id of its `content`."""

    CALLED: ClassVar[str] = "classification"
    CONTENT_TYPE: ClassVar[str] = body.CLASSIFIED
    gtin: str
    lot: str
    edition: Edition
    code: str
    shown: tuple[Shown, ...]
    version: int
    content: str
    categories: tuple[str, ...]

    @property
    def of(self) -> values.Lot:
        """The lot."""
        return values.Lot.parse(self.gtin, self.lot)

    @property
    def urn(self) -> str:
        """What the statement is about."""
        return self.of.urn

    @property
    def evidence(self) -> dict[str, str]:
        """Documents by the evidence that they are."""
        return {one.evidence: one.document for one in self.shown}

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        super().check()
        _ = self.of
        _code(self.code, "code")
        values.digest(self.content, "content")
        if self.version < 1:
            raise InvalidInput("version", "versions count from 1")
        if len(self.shown) > MAX_SHOWN:
            raise InvalidInput("shown", f"more than {MAX_SHOWN}")
        for one in self.shown:
            _texts(**{"shown.evidence": one.evidence, "shown.document": one.document})


Classifying: TypeAlias = LivingList | Remark | Classified
KINDS: tuple[type[LivingList | Remark | Classified], ...] = (LivingList, Remark, Classified)


def in_force(versions: tuple[ListVersion, ...], moment: int) -> ListVersion | None:
    """The version in force at a moment (Unix seconds); None before the first."""
    begun = [one for one in versions if one.in_force_from <= moment]
    return begun[-1] if begun else None


def standing(versions: tuple[ListVersion, ...], moment: int) -> tuple[ListVersion, ...]:
    """The versions by which a lot may be classified at a moment (Unix seconds): the one in force, and any before
    it whose next one was adopted less than `ADOPTION_GRACE` ago."""
    found = []
    for one, later in zip_longest(versions, versions[1:]):
        end = max(later.in_force_from, later.adopted.block_time + ADOPTION_GRACE) if later else moment + 1
        if one.in_force_from <= moment < end:
            found.append(one)
    return tuple(found)


@cache
def shipped() -> LivingList:
    """The list that comes with this program: a proposal like any other, each entry with its source."""
    data = resources.files("leafproof").joinpath("lists", "green-goods.1.json").read_bytes()
    try:
        found = convert(msgspec.json.decode(data), LivingList, "living list")
    except msgspec.MsgspecError as error:
        raise Malformed("living list", str(error)) from error
    found.check()
    return found


def _code(text: str, field: str) -> None:
    if not _CODE.fullmatch(text):
        raise InvalidInput(field, f"{text[:20]!r} is not 2, 4 or 6 digits of the Harmonized System")


def _texts(**named: str) -> None:
    for field, text in named.items():
        if not 0 < len(text.strip()) <= MAX_TEXT:
            raise InvalidInput(field, f"not 1 to {MAX_TEXT} characters")
