"""Certificates in the small world of `tests.support.world`: cancelled for the steel plant, claimed for its coil."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from leafproof import body
from leafproof.certificate import Cancellation, Days
from leafproof.chain.view import Attestation, Claim, NamedFootprint, lot_id
from tests.support import world as w
from tests.support.world import COIL, PLANT, STEEL, Places, World

REGISTRAR = b"\x65" * 20
HONEST = Cancellation(
    kind="I-REC",
    registry="I-REC(E)",
    first="1000000000001",
    last="1000000000009",
    wh_per_serial=1_000_000,
    beneficiary=str(STEEL),
    facility=str(PLANT),
    period=Days("2018-01-01", "2018-01-31"),
    plant="Taebaek wind park",
    source="wind",
    country="KR",
    generated=Days("2018-01-01", "2018-02-28"),
    cancelled="2018-03-15",
)


def cancelled(**changes: Any) -> Cancellation:
    """The honest one, but for `changes`."""
    return msgspec.structs.replace(HONEST, **changes)


def log_cancellation(world: World, stated: Cancellation, by: Any = None) -> int:
    """Logged by the steel plant, or by another party, whether it keeps the rules or not, and anchored."""
    subject = f"urn:leafproof:certificates:{stated.kind}"
    index = world.state(by or world.steel, subject, body.CANCELLATION, body.encode(msgspec.to_builtins(stated)))
    world.anchor()
    return index


def claim_of(world: World, at: Places, stated: Cancellation, index: int, **changes: Any) -> Claim:
    """Two serials of the cancellation at `index`, claimed for the coil, used by its footprint."""
    when = world.tick()
    made = Claim(
        stated.registry_id,
        stated.serials[0],
        stated.serials[0] + 1,
        world.steel.address,
        bytes.fromhex(world.id(index)),
        lot_id(world.steel.address, COIL),
        when,
        (NamedFootprint(1, bytes.fromhex(world.id(at.coil_footprint)), when),),
    )
    return replace(made, **changes)


def attested(world: World) -> Attestation:
    """By the registry's registrar."""
    return Attestation(REGISTRAR, b"\x01" * 32, world.tick())


def certify(world: World, at: Places, stated: Cancellation = HONEST, **changes: Any) -> None:
    """Log a cancellation, and claim serials of it for the coil."""
    index = log_cancellation(world, stated)
    made = claim_of(world, at, stated, index, **changes)
    world.registries[made.registry] = stated.registry
    world.claims.append(made)


def certified_world(stated: Cancellation = HONEST, **changes: Any) -> tuple[World, Places]:
    """The honest world with a claim for its coil."""
    world, at = w.honest_world()
    certify(world, at, stated, **changes)
    return world, at
