"""Labels: what a scheme asks, whom its owner accredits, what a certifier certifies, and where that counts.

Five statements, each signed by whoever answers for it, with a key of his own; the chain (LabelRegistry) holds
their ids and says which of them is in force. The parts are those of conformity assessment: scheme, scope,
certification body, accreditation (ISO/IEC 17000:2020), surveillance with
suspension and withdrawal (ISO/IEC 17065:2012, 7.11).

* `Scheme`: by the scheme's owner; scope and criteria. A newer version supersedes; a label is judged by its own.
* `Accredited`: by the scheme's owner; a certifier, for all of the scheme's categories or some, and for how long.
* `Label`: by the certifier; one lot, the footprints and opinions that were looked at, and what he attests himself.
* `LabelChange`: by the certifier or the scheme's owner; suspends, resumes or revokes a label, and says why.
* `Recognition`: by a market's authority; what of a scheme its market accepts. It binds nobody the other way.

A category is a name of the living list; an empty one in a recognition stands for all goods.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

import msgspec
from eth_hash.auto import keccak

from leafproof import body, clock, values
from leafproof.criteria import Criterion
from leafproof.errors import InvalidInput
from leafproof.structs import Stated

MAX_NAME = 128  # bytes: LabelRegistry.sol
MAX_TEXT = 2000  # characters
MAX_PARTS = 50  # criteria, categories, markets, labels that one rests on
MAX_FILE = 1 << 16  # bytes of `[envelope, body]`

# The bits of LabelRegistry.recognise, in their order.
ACCEPTABLE = ("test report", "audit", "verification", "certificate")
Acceptable = Literal["test report", "audit", "verification", "certificate"]
CERTIFICATE = 8
Change = Literal["suspended", "valid", "revoked"]


class Scheme(Stated, frozen=True, forbid_unknown_fields=True):
    """Scope and criteria of the scheme that LabelRegistry knows by `name`; `owner` is a GLN or an LEI."""

    CALLED: ClassVar[str] = "scheme"
    CONTENT_TYPE: ClassVar[str] = body.SCHEME
    name: str
    owner: str
    title: str
    categories: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    document: str | None = None

    @property
    def urn(self) -> str:
        """What the statement is about."""
        return f"urn:leafproof:scheme:{registered_id(self.name).hex()}"

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        super().check()
        _names(name=(self.name,), categories=self.categories)
        values.party(self.owner, "owner")
        _texts(title=self.title)
        _count(categories=self.categories, criteria=self.criteria)
        for one in self.criteria:
            one.check()
        if self.document is not None:
            values.digest(self.document, "document")


class Accredited(Stated, frozen=True, forbid_unknown_fields=True):
    """A certifier (GLN or LEI) may issue labels of a scheme; no categories: all of the scheme's. `number` is that
    of the accreditation, by `by`."""

    CALLED: ClassVar[str] = "accreditation"
    CONTENT_TYPE: ClassVar[str] = body.ACCREDITATION
    scheme: str
    certifier: str
    by: str
    number: str
    categories: tuple[str, ...]
    start: str
    until: str

    @property
    def urn(self) -> str:
        """What the statement is about."""
        return f"urn:leafproof:accreditation:{registered_id(self.scheme).hex()}:{self.certifier}"

    @property
    def window(self) -> tuple[int, int]:
        """Unix seconds; the last one is outside."""
        return _window(self.start, self.until)

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        super().check()
        _names(scheme=(self.scheme,), categories=self.categories)
        values.party(self.certifier, "certifier")
        _texts(by=self.by, number=self.number)
        if len(self.categories) > MAX_PARTS:
            raise InvalidInput("categories", f"more than {MAX_PARTS}")
        _ = self.window


class Attested(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the certifier found about a criterion that no machine checks, by its text."""

    criterion: str
    evidence: str


class Label(Stated, frozen=True, forbid_unknown_fields=True):
    """A lot (`maker` is a GLN) meets the criteria of a version of a scheme: `criteria` is that statement's id.
    `footprints` are the ids of those that were looked at; `uses` the labels of input lots on which this one rests;
    `markets` those for which the certifier claims that it is recognised."""

    CALLED: ClassVar[str] = "label"
    CONTENT_TYPE: ClassVar[str] = body.LABEL
    scheme: str
    criteria: str
    certifier: str
    maker: str
    gtin: str
    lot: str
    category: str
    footprints: tuple[str, ...]
    attested: tuple[Attested, ...]
    uses: tuple[str, ...]
    markets: tuple[str, ...]
    start: str
    until: str

    @property
    def of(self) -> values.Lot:
        """The lot."""
        return values.Lot.parse(self.gtin, self.lot)

    @property
    def urn(self) -> str:
        """What the statement is about."""
        return f"urn:leafproof:label:{registered_id(self.scheme).hex()}:{self.gtin}:{self.lot}"

    @property
    def window(self) -> tuple[int, int]:
        """Unix seconds; the last one is outside."""
        return _window(self.start, self.until)

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        super().check()
        _names(scheme=(self.scheme,), category=(self.category,), markets=self.markets)
        for field in ("certifier", "maker"):
            values.party(getattr(self, field), field)
        _ = self.of
        for field, ids in (("criteria", (self.criteria,)), ("footprints", self.footprints), ("uses", self.uses)):
            for one in ids:
                values.digest(one, field)
        for field in ("footprints", "attested", "uses", "markets"):
            if len(getattr(self, field)) > MAX_PARTS:
                raise InvalidInput(field, f"more than {MAX_PARTS}")
        for said in self.attested:
            _texts(**{"attested.criterion": said.criterion, "attested.evidence": said.evidence})
        _ = self.window


class LabelChange(Stated, frozen=True, forbid_unknown_fields=True):
    """A label, by its id on the chain, is suspended, valid again or revoked."""

    CALLED: ClassVar[str] = "label change"
    CONTENT_TYPE: ClassVar[str] = body.LABEL_CHANGE
    label: str
    status: Change
    reason: str

    @property
    def urn(self) -> str:
        """What the statement is about."""
        return f"urn:leafproof:label-change:{self.label}"

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        super().check()
        values.digest(self.label, "label")
        _texts(reason=self.reason)


class Recognition(Stated, frozen=True, forbid_unknown_fields=True):
    """A market accepts this much of a scheme for goods of a category, from `start` until `until`."""

    CALLED: ClassVar[str] = "recognition"
    CONTENT_TYPE: ClassVar[str] = body.RECOGNITION
    market: str
    scheme: str
    category: str
    accepts: tuple[Acceptable, ...]
    start: str
    until: str
    document: str | None = None

    @property
    def urn(self) -> str:
        """What the statement is about."""
        return f"urn:leafproof:recognition:{registered_id(self.market).hex()}:{registered_id(self.scheme).hex()}"

    @property
    def window(self) -> tuple[int, int]:
        """Unix seconds; the last one is outside."""
        return _window(self.start, self.until)

    @property
    def accepted(self) -> int:
        """As LabelRegistry counts it: 1, 2, 4 and 8, summed."""
        return sum(1 << ACCEPTABLE.index(one) for one in set(self.accepts))

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        super().check()
        _names(market=(self.market,), scheme=(self.scheme,))
        if self.category:
            _names(category=(self.category,))
        _count(accepts=self.accepts)
        if self.document is not None:
            values.digest(self.document, "document")
        _ = self.window


LabelStatement: TypeAlias = Scheme | Accredited | Label | LabelChange | Recognition
KINDS: tuple[type[Scheme | Accredited | Label | LabelChange | Recognition], ...] = (
    Scheme,
    Accredited,
    Label,
    LabelChange,
    Recognition,
)


def registered_id(name: str) -> bytes:
    """How LabelRegistry knows a scheme, a market or a category: keccak-256 of its name."""
    return bytes(keccak(name.encode("utf-8")))


def category_id(name: str) -> bytes:
    """A category's id on the chain; zero for all goods."""
    return registered_id(name) if name else bytes(32)


def label_id(certifier: bytes, statement: bytes) -> bytes:
    """LabelRegistry.labelIdOf: keccak-256 of the certifier's account and the label's statement."""
    return bytes(keccak(certifier.rjust(32, b"\x00") + statement))


def accepted_words(accepted: int) -> str:
    """What a recognition's bits say, in words."""
    return ", ".join(word for bit, word in enumerate(ACCEPTABLE) if accepted >> bit & 1)


def _window(start: str, until: str) -> tuple[int, int]:
    first, last = clock.utc_seconds(start, "start"), clock.utc_seconds(until, "until")
    if last <= first:
        raise InvalidInput("until", "not after the start")
    return first, last


def _names(**named: tuple[str, ...]) -> None:
    for field, names in named.items():
        for name in names:
            if not 1 <= len(name.encode("utf-8")) <= MAX_NAME:
                raise InvalidInput(field, f"not 1 to {MAX_NAME} bytes")


def _texts(**named: str) -> None:
    for field, text in named.items():
        if not 0 < len(text.strip()) <= MAX_TEXT:
            raise InvalidInput(field, f"not 1 to {MAX_TEXT} characters")


def _count(**named: tuple[object, ...]) -> None:
    for field, parts in named.items():
        if not 1 <= len(parts) <= MAX_PARTS or len(set(parts)) < len(parts):
            raise InvalidInput(field, f"not 1 to {MAX_PARTS} different ones")
