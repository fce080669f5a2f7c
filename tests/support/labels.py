"""Labels in the small world of `tests.support.world`: a scheme, a certifier, a market, and a label for the coil,
which its maker classified by the first version of a living list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from leafproof import values
from leafproof.chain.view import (
    Accreditation,
    Address,
    LabelChange,
    LabelRecord,
    LabelStatus,
    ListVersion,
    Market,
    Recognition,
    Role,
    lot_id,
)
from leafproof.chain.view import Scheme as OnChain
from leafproof.classification import Classified, Entry, LivingList, Remark, Shown
from leafproof.criteria import Criterion
from leafproof.label import (
    Accredited,
    Attested,
    Label,
    LabelStatement,
    Scheme,
    category_id,
    label_id,
    registered_id,
)
from leafproof.label import LabelChange as Change
from leafproof.label import Recognition as Agreement
from tests.support import world as w
from tests.support.world import COIL, STEEL, TOWER, Party, Places, World, gln

OWNER, CERTIFIER = gln("401234500010"), gln("401234500020")
AUTHORITIES = {"EU": gln("541234500010"), "CN": gln("691234500010"), "BR": gln("789123450010")}
NAME, GOODS = "Low-carbon steel", "steel products"
START, UNTIL = "2018-01-02T00:00:00Z", "2019-01-01T00:00:00Z"
TEXT = "The mill has a plan to leave coal"
SCHEME = Scheme(
    NAME,
    str(OWNER),
    "Steel with a small footprint",
    (GOODS, "steel structures"),
    (
        Criterion("footprint", profile="leafproof-partial", at_most="2400"),
        Criterion("primary share", profile="leafproof-partial", at_least="0.0001"),
        Criterion("attested", text=TEXT),
    ),
)


EVIDENCE = "Drawings of the tower"
LIST = LivingList(
    "Goods of steel",
    "the first",
    (
        Entry("HS 2022", "7208", GOODS, "Flat-rolled products", "a test"),
        Entry("HS 2022", "7308", "steel structures", "Structures", "a test", "Of towers", EVIDENCE),
    ),
    (),
)
SHOWN = (Shown(EVIDENCE, "drawing 5"),)


@dataclass
class Labelled:
    """A world with one label for its coil; members of the chain's view may be changed, see `put`."""

    world: World
    at: Places
    owner: Party
    certifier: Party
    label: LabelRecord

    def put(self, member: str, **changes: Any) -> None:
        """Change the one element of a member of the view."""
        held = self.world.labelling[member]
        if isinstance(held, dict):
            (key,) = held
            held[key] = replace(held[key], **changes)
        else:
            self.world.labelling[member] = (replace(held[0], **changes), *held[1:])

    def end(self, status: LabelStatus, reason: str, by: Party | None = None) -> None:
        """The label is suspended or revoked, with a signed reason."""
        who = by or self.certifier
        said = Change(self.label.label.hex(), status.value, reason)
        index = log_labelling(self.world, who, said)
        made = LabelChange(status, who.address, bytes.fromhex(self.world.id(index)), self.world.tick())
        record = self.world.labelling["labels"][self.label.label]
        self.world.labelling["labels"][self.label.label] = replace(record, changes=(*record.changes, made))


def log_labelling(world: World, by: Party, said: LabelStatement) -> int:
    """Logged, and anchored."""
    index = world.state(by, said.urn, said.CONTENT_TYPE, said.encode_body())
    world.anchor()
    return index


def party(world: World, name: Any, address: Address) -> Party:
    """Somebody else with a key of his own."""
    made = Party(name, name, address)
    world.register(made, made.key, Role.ISSUER, made.uri)
    world.parties.append(made)
    return made


def stated(world: World, at: Places, published: int, **changes: Any) -> Label:
    """An honest label for the coil, but for `changes`."""
    honest = Label(
        NAME,
        world.id(published),
        str(CERTIFIER),
        str(STEEL),
        str(COIL.gtin),
        str(COIL.code),
        GOODS,
        (world.id(at.coil_footprint),),
        (Attested(TEXT, "The plan of 2017, seen at the mill"),),
        (),
        (),
        START,
        UNTIL,
    )
    return msgspec.structs.replace(honest, **changes)


def adopt(world: World, rules: LivingList = LIST, from_block: int = 6) -> str:
    """The next version of the living list, adopted in block 5 and later; the id of its content."""
    index = world.state(world.steel, rules.urn, rules.CONTENT_TYPE, rules.encode_body())
    content, held = world.id(index), world.labelling.get("list_versions", ())
    adopted = w.moment(5 + len(held))
    version = ListVersion(len(held) + 1, bytes.fromhex(content), w.moment(from_block).block_time, adopted)
    world.labelling["list_versions"] = (*held, version)
    world.anchor()
    return content


def classify(world: World, by: Party, said: Classified, at: int = 3600) -> int:
    """In the log, and anchored; signed as of block `at`."""
    index = world.state(by, said.urn, said.CONTENT_TYPE, said.encode_body(), at=at)
    world.anchor()
    return index


def coil_as(content: str, /, *categories: str, **changes: Any) -> Classified:
    """The coil's honest classification, but for `changes`."""
    honest = Classified(str(COIL.gtin), str(COIL.code), "HS 2022", "720810", (), 1, content, categories)
    return msgspec.structs.replace(honest, **changes)


def labelled_world(
    rules: Scheme = SCHEME,
    accredited: dict[str, Any] | None = None,
    recognised: dict[str, Any] | None = None,
    within: tuple[World, Places] | None = None,
    classified: tuple[str, ...] | None = (GOODS,),
    by: values.Party = CERTIFIER,
    **changes: Any,
) -> Labelled:
    """The honest world, or another, and a label that `changes` change; recognised in the EU. The coil is
    `classified`, or not at all; the label is `by` that certifier."""
    world, at = within or w.honest_world()
    owner, certifier = party(world, OWNER, b"\xc1" * 20), party(world, by, b"\xc2" * 20)
    for place, (_, name) in enumerate(AUTHORITIES.items()):
        party(world, name, bytes([0xD1 + place]) * 20)
    eu = world.parties[2]
    published = log_labelling(world, owner, rules)
    limits = Accredited(NAME, str(by), "DAkkS", "D-ZE-1", (GOODS,), "2018-01-01T00:00:00Z", UNTIL)
    limits = msgspec.structs.replace(limits, **accredited or {})
    allowed = log_labelling(world, owner, limits)
    agreement = Agreement("EU", NAME, GOODS, ("verification", "certificate"), "2018-01-01T00:00:00Z", UNTIL)
    agreement = msgspec.structs.replace(agreement, **recognised or {})
    agreed = log_labelling(world, eu, agreement)
    schemes = registered_id(NAME)
    markets = {
        n: Market(registered_id(n), n, p.address) for n, p in zip(AUTHORITIES, world.parties[2:], strict=True)
    }
    world.labelling |= {
        "schemes": {schemes: OnChain(schemes, NAME, owner.address, (bytes.fromhex(world.id(published)),))},
        "markets": {market.market: market for market in markets.values()},
        "accreditations": (
            Accreditation(
                schemes, certifier.address, *limits.window, bytes.fromhex(world.id(allowed)), world.tick()
            ),
        ),
        "recognitions": (
            Recognition(
                registered_id(agreement.market),
                schemes,
                category_id(agreement.category),
                agreement.accepted,
                *agreement.window,
                bytes.fromhex(world.id(agreed)),
                world.tick(),
            ),
        ),
        "labels": {},
    }
    if classified is not None:
        classify(world, world.steel, coil_as(adopt(world), *classified))
    record = issue(world, certifier, stated(world, at, published, **{"certifier": str(by), **changes}))
    return Labelled(world, at, owner, certifier, record)


def issue(world: World, certifier: Party, said: Label) -> LabelRecord:
    """A label in the log and on the chain."""
    index = log_labelling(world, certifier, said)
    statement = bytes.fromhex(world.id(index))
    maker = world.steel if said.of == COIL else world.fabricator
    record = LabelRecord(
        label_id(certifier.address, statement),
        registered_id(NAME),
        lot_id(maker.address, said.of),
        certifier.address,
        statement,
        1,
        *said.window,
        world.tick(),
    )
    world.labelling["labels"][record.label] = record
    return record


def dated_back(anchored: int = 4001) -> Labelled:
    """An honest label of block 4000, when the coil's maker classifies it as something else, after a head of block
    `anchored`, by a statement whose time is that of block 3600."""
    made = labelled_world()
    made.put("labels", issued=w.moment(4000))
    content = made.world.labelling["list_versions"][0].content.hex()
    said = Remark(content, "comment", "A good list")
    made.world.state(made.world.steel, said.urn, said.CONTENT_TYPE, said.encode_body())
    made.world.block = anchored - 1
    made.world.anchor()
    classify(made.world, made.world.steel, coil_as(content, code="7210"))
    return made


def by_the_old_version(seconds: int) -> World:
    """The coil, classified by the first version, so long after the second was adopted, in force a second later."""
    world, _ = w.honest_world()
    first = adopt(world)
    adopt(world, from_block=7)
    classify(world, world.steel, coil_as(first, GOODS), at=6 + seconds)
    return world


def before_its_mint(signer: str = "steel") -> World:
    """A classification of the coil, or of a lot of that name by another operator, while no lot is on the chain."""
    world, _ = w.honest_world()
    classify(world, getattr(world, signer), coil_as(adopt(world), GOODS))
    del world.lots[lot_id(world.steel.address, COIL)]
    return world


def section_label(made: Labelled, used: tuple[str, ...]) -> LabelRecord:
    """The tower section's own label, which rests on that of its coil."""
    world = made.world
    content = world.labelling["list_versions"][0].content.hex()
    goods = {"gtin": str(TOWER.gtin), "lot": str(TOWER.code), "code": "730820", "shown": SHOWN}
    classify(world, world.fabricator, coil_as(content, "steel structures", **goods))
    criteria = next(
        i for i, one in enumerate(world.entries) if one.parsed.header.content_type == SCHEME.CONTENT_TYPE
    )
    said = stated(
        world,
        made.at,
        criteria,
        maker=str(world.fabricator.gln),
        gtin=str(TOWER.gtin),
        lot=str(TOWER.code),
        category="steel structures",
        footprints=(world.id(made.at.tower_footprint),),
        uses=used,
    )
    return issue(world, made.certifier, said)
