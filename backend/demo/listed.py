"""The living list: proposed, commented on, adopted, and the tower section classified by the version in force."""

from __future__ import annotations

import time

import msgspec

from backend.classification.service import margin
from backend.demo.cast import FABRICATOR, STEEL, TOWER
from backend.demo.front_door import FrontDoor
from backend.demo.stage import Stage, wait_for
from backend.demo.story import CHAIN_SECONDS, Story
from leafproof import clock
from leafproof.classification import shipped

EDITION, CODE = "HS 2022", "730820"  # towers and lattice masts, of iron or steel


def categories(stage: Stage, door: FrontDoor, story: Story) -> list[str]:
    """The tower section's, by the list's first version."""
    proposed = door.post(f"/v1/living-list?by={STEEL.gln}", **msgspec.to_builtins(shipped()))
    story.await_told([proposed["transaction"]])
    path = f"/v1/living-list/{proposed['statement']['statement_id']}"
    door.post(f"{path}/remarks", by=str(FABRICATOR.gln), kind="comment", text="Towers are an ex-out: good")
    ahead = margin(stage.finality_blocks) + 3
    start = int(time.time()) + ahead
    adopted = door.post(f"{path}/adoption", in_force_from=clock.utc_text(start))
    story.await_told([adopted["transaction"]])
    wait_for(stage, "the list's first day", CHAIN_SECONDS + ahead, lambda: time.time() >= start)
    (entry,) = [one for one in shipped().entries if one.code == CODE]
    shown = [{"evidence": entry.evidence, "document": "an order for this demonstration"}]
    lot = f"/v1/lots/{TOWER.gtin}/{TOWER.code}/categories"
    found: list[str] = door.post(lot, edition=EDITION, code=CODE, shown=shown)["categories"]
    return found
