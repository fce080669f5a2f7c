"""Supply trees for tests: a lot that is made from itself, a chain of many lots, a lot too many."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import msgspec

from leafproof import clock
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


__all__ = ["STEEL", "bundle_of_two_logs", "made_from_itself", "one_behind_the_other"]
