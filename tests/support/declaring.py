"""More coils in the honest world, and the plant's declared footprint over all of them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from leafproof import body, declared, profile
from leafproof.declared import Cover, DeclaredFootprint, DeclaredLot
from leafproof.footprint import Footprint
from leafproof.opinion import Accreditation, Opinion
from leafproof.record import BatchRecord
from leafproof.values import Lot
from tests.support import world as w
from tests.support.world import COIL, PLANT, Party, Places, World

YEAR = Cover(
    str(COIL.gtin),
    str(PLANT),
    "2018-01-01T00:00:00Z",
    "2019-01-01T00:00:00Z",
    declared.method_name(profile.newest(profile.HOUSE)),
)
# Of each coil: tonnes. The energy is the first coil's, so that the lighter coil has the higher footprint.
TONNES = {"C-2": "12", "C-3": "20.5"}


def log_coil(world: World, at: Places, code: str, tonnes: str, supersedes: str | None = None) -> DeclaredLot:
    """Another coil's record and footprint, minted; its line."""
    index, record = record_coil(world, at, code, tonnes, supersedes)
    printed, stated = w.log_footprint(world, world.steel, record, index, at.factors)
    world.anchor()
    world.mint(world.steel, record.of, index)
    return DeclaredLot.of(record, world.id(printed), stated)


def record_coil(
    world: World, at: Places, code: str, tonnes: str, supersedes: str | None = None
) -> tuple[int, BatchRecord]:
    """Another coil's record alone, and its entry."""
    base = w.coil_record(world, at.steel_plan, tonnes, supersedes)
    run = msgspec.structs.replace(base.run, id=f"order-{code}")
    record = msgspec.structs.replace(base, lot=code, run=run)
    return w.log_record(world, world.steel, record), record


def line_of(world: World, record: int, printed: int) -> DeclaredLot:
    """The line of a coil that is in the log already."""
    key, uri = world.steel.key.public, world.steel.uri
    facts = BatchRecord.read(world.entries[record].body or b"", world.entries[record].disclosures, key, uri)
    entry = world.entries[printed]
    return DeclaredLot.of(facts, world.id(printed), Footprint.read(entry.body or b"", entry.disclosures, key, uri))


def state(world: World, stated: DeclaredFootprint, by: Party | None = None) -> int:
    """Log and anchor it; `size` is what it says itself."""
    party = by or world.steel
    data, disclosures = stated.issue(party.key, party.uri)
    index = world.state(party, stated.urn, body.DECLARED_FOOTPRINT, data, *disclosures.values())
    world.anchor()
    return index


def of(
    world: World, lines: Sequence[DeclaredLot], cover: Cover = YEAR, supersedes: str | None = None
) -> DeclaredFootprint:
    """The declared footprint of `lines`, for the log as it stands; its period is not over by the world's clock."""
    return declared.calculate(cover, lines, len(world.entries), False, supersedes)


def declaring_world() -> tuple[World, Places, list[DeclaredLot]]:
    """Three coils, not declared yet, and the lines that a declared footprint must have."""
    world, at = w.honest_world()
    lines = [line_of(world, at.coil, at.coil_footprint)]
    lines += [log_coil(world, at, code, tonnes) for code, tonnes in TONNES.items()]
    return world, at, lines


def lot_named(code: str) -> Lot:
    """A coil by its code."""
    return Lot.parse(str(COIL.gtin), code)


def opinion_on(world: World, index: int, stated: DeclaredFootprint, **members: object) -> Opinion:
    """An unmodified opinion of limited assurance on the declared footprint at `index`."""
    plain = Opinion(
        declared=world.id(index),
        gtin=stated.gtin,
        facility=stated.facility,
        method=stated.method,
        per_tonne=stated.per_tonne,
        verifier="Example Assurance",
        accreditation=Accreditation("KAB", "V-012"),
        standard="ISO 14064-3:2019",
        criteria="ISO 14067:2018",
        assurance="limited",
        scope="cradle to gate, hot-rolled coil",
        start=stated.start,
        end=stated.end,
        materiality="5",
        conclusion="unmodified",
    )
    return msgspec.structs.replace(plain, **members)


def give(world: World, said: Opinion, by: Party | None = None) -> int:
    """Log and anchor it: by the fabricator, who is a stranger to the plant."""
    party = by or world.fabricator
    index = world.state(party, said.urn, body.OPINION, said.encode_body())
    world.anchor()
    return index
