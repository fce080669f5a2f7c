"""What is shown of a bundle: numbers by one profile stand together."""

from __future__ import annotations

import dataclasses

import msgspec

from backend.passports import material
from leafproof import profile
from tests.support import world as w


def test_an_input_lot_is_shown_by_the_main_footprints_profile() -> None:
    world, _ = w.honest_world()
    found = material.read(world.bundle(w.TOWER))
    (own,) = [f for f in found.footprints.values() if f.content.of == w.COIL]
    other = msgspec.structs.replace(own.content, profile=profile.newest("cbam-steel"))
    found.footprints["0"] = dataclasses.replace(own, content=other)
    assert found.input_footprint(w.COIL) is own
    del found.footprints[own.statement.id]
    assert found.input_footprint(w.COIL) is None  # nothing is better than a number by another rule
