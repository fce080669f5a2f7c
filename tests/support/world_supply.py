"""Supply trees for tests: a lot that is made from itself, a chain of many lots, a lot too many."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import msgspec

from leafproof import body, clock, profile
from leafproof.bundle import Bundle, BundleHead, Item
from leafproof.chain.view import ChainView, Consumption, lot_id
from leafproof.footprint import Footprint
from leafproof.record import BatchRecord, Input, Output, Run, shares_for
from leafproof.values import Lot
from tests.support import world as w
from tests.support.world import COIL, DECLARED, STEEL, TOWER, Places, World, two_logs


def made_from_itself() -> tuple[World, Places]:
    """The honest world, whose coil then has a record that says it was made from the tower section."""
    world, at = w.honest_world()
    section = Input(
        "section", "1", "t", DECLARED, str(TOWER.gtin), str(TOWER.code), "0x" + world.fabricator.address.hex(),
        world.id(at.tower_footprint),
    )  # fmt: skip
    newer = w.coil_record(world, at.steel_plan, supersedes=world.id(at.coil))
    newer = msgspec.structs.replace(newer, inputs=(section,))
    index = w.log_record(world, world.steel, newer)
    stated = world.entries[at.tower_footprint]
    key = world.fabricator.key.public
    parent = Footprint.read(stated.body or b"", stated.disclosures, key, world.fabricator.uri)
    first = world.id(at.coil_footprint)
    w.log_footprint(world, world.steel, newer, index, at.factors, parent, supersedes=first)
    world.anchor()
    world.supersede(world.steel, COIL, index)
    return world, at


def without_evidence() -> World:
    """The honest world, whose coil's slab is said to be a lot of which nobody has seen anything."""
    world, at = w.honest_world()
    slab = Input("slab", "19", "t", DECLARED, str(TOWER.gtin), "S-9", material="steel-slab")
    newer = w.coil_record(world, at.steel_plan, supersedes=world.id(at.coil))
    newer = msgspec.structs.replace(newer, inputs=(slab,))
    index = w.log_record(world, world.steel, newer)
    w.log_footprint(world, world.steel, newer, index, at.factors, supersedes=world.id(at.coil_footprint))
    world.anchor()
    world.supersede(world.steel, COIL, index)
    return world


def left_aside() -> World:
    """The coil has a footprint by another profile too; the tower section cites that, and counts the coil by a
    secondary factor, although the coil has a footprint by the section's own profile."""
    world, at = w.honest_world()
    other = msgspec.structs.replace(stated(world, at.coil_footprint), profile=profile.newest("pact-3"))
    data, disclosures = other.issue(world.steel.key, world.steel.uri)
    printed = world.state(world.steel, COIL.urn, body.FOOTPRINT, data, *disclosures.values())
    newer = w.tower_record(world, at.workshop_plan, printed)
    lines = tuple(msgspec.structs.replace(line, material="steel-slab") for line in newer.inputs or ())
    newer = msgspec.structs.replace(newer, inputs=lines, supersedes=world.id(at.tower))
    index = w.log_record(world, world.fabricator, newer)
    first = world.id(at.tower_footprint)
    w.log_footprint(world, world.fabricator, newer, index, at.factors, other, supersedes=first)
    world.anchor()
    world.supersede(world.fabricator, TOWER, index)
    return world


def stated(world: World, index: int) -> Footprint:
    entry, key = world.entries[index], world.steel.key.public
    return Footprint.read(entry.body or b"", entry.disclosures, key, world.steel.uri)


def one_behind_the_other(count: int) -> tuple[World, Lot]:
    """`count` lots of the steel plant, each made from a part of the one before; the last of them."""
    world, at = w.honest_world()
    activity = w.activity_of(world, world.steel, w.START + 3600, w.START + 7200)
    run = Run("order", "line-1", clock.utc_text(w.START + 3600), clock.utc_text(w.START + 7200))
    lot, before = COIL, w.Footprint.read(
        world.entries[at.coil_footprint].body or b"", world.entries[at.coil_footprint].disclosures,
        world.steel.key.public, world.steel.uri,
    )  # fmt: skip
    cited, mass = world.id(at.coil_footprint), Fraction("18.4")
    minted = []
    for number in range(count):
        line = Input("coil", "0.5", "t", DECLARED, str(lot.gtin), str(lot.code), address(world), cited)
        child = Lot.parse(str(COIL.gtin), f"D-{number}")
        record = BatchRecord(
            str(child.gtin), str(child.code), "Coil", str(w.PLANT), "Asia/Seoul", run, world.id(at.steel_plan),
            "recorded", outputs=(Output("product", "coil", "1", "t", DECLARED),), inputs=(line,), activity=(activity,),
        )  # fmt: skip
        index = w.log_record(world, world.steel, record)
        printed, before = w.log_footprint(world, world.steel, record, index, at.factors, before)
        spent = Consumption(lot_id(world.steel.address, lot), shares_for(Fraction(Decimal("0.5")), mass))
        minted.append((child, index, spent))
        lot, cited, mass = child, world.id(printed), Fraction(1)
    world.anchor()
    for child, index, spent in minted:
        world.mint(world.steel, child, index, (spent,))
    return world, lot


def address(world: World) -> str:
    return "0x" + world.steel.address.hex()


def bundle_of_two_logs(bodies: bool = False) -> tuple[World, World, Bundle, ChainView]:
    """The tower section's bundle, whose coil stands in the log of another company's backend."""
    coils, towers, chain = two_logs()
    heads: list[BundleHead] = []
    items: list[Item] = []
    keys: dict[bytes, None] = {}
    for world in (coils, towers):
        one = world.bundle(TOWER, bodies)
        first = len(heads)
        heads += one.heads
        items += [replace(item, head=item.head + first) for item in one.items]
        keys |= dict.fromkeys(one.keys)
    return coils, towers, Bundle(TOWER, tuple(keys), tuple(heads), tuple(items)), chain


__all__ = [
    "STEEL",
    "bundle_of_two_logs",
    "left_aside",
    "made_from_itself",
    "one_behind_the_other",
    "without_evidence",
]
