"""Two lies, and who catches them; both are put back afterwards.

The server's lie: one byte of a stored statement is altered in the database, behind everybody's back. Replay names
the entry. The owner's lie: a tonne more, signed with the owner's real key. No key, hash or chain can know better;
so it shows as what it is: another version, "declared, unverified".
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import Any

from backend.demo.cast import STEEL, Order
from backend.demo.front_door import FrontDoor
from backend.demo.stage import DemoFailed, Stage, wait_for
from backend.demo.story import CHAIN_SECONDS, Story
from leafproof.values import Lot


def altered_byte(stage: Stage, door: FrontDoor, lot: Lot, api_key_file: str) -> str:
    """Alter one byte of the lot's stored record, replay, put it back; what replay said."""
    index = door.get(f"/v1/lots/{lot.gtin}/{lot.code}/versions")["versions"][-1]["record"]["index"]
    with _altered(stage, index):
        found = _replay(stage, api_key_file)
    named = [d for log in found["logs"] for d in log["discrepancies"] if d["index"] == index]
    if found["clean"] or not named:
        raise DemoFailed(f"replay did not name the altered entry {index}: {json.dumps(found)[:1500]}")
    if not _replay(stage, api_key_file)["clean"]:
        raise DemoFailed("replay still finds a discrepancy after the byte was put back")
    return f"replay: log {named[0]['log'][:8]}, entry {index}: {', '.join(d['kind'] for d in named)}"


@contextmanager
def _altered(stage: Stage, index: int) -> Iterator[None]:
    """As somebody with the database's password would do it, while the backend runs."""
    path = stage.folder / "backend" / "leafproof.db"

    def write(envelope: bytes) -> None:
        with closing(sqlite3.connect(path, timeout=30)) as database, database:
            database.execute('UPDATE entries SET envelope = ? WHERE "index" = ?', (envelope, index))

    with closing(sqlite3.connect(path, timeout=30)) as database:
        (true,) = database.execute('SELECT envelope FROM entries WHERE "index" = ?', (index,)).fetchone()
    middle = len(true) // 2
    write(true[:middle] + bytes([true[middle] ^ 1]) + true[middle + 1 :])
    try:
        yield
    finally:
        write(true)


def _replay(stage: Stage, api_key_file: str) -> Any:
    return stage.command_json(
        "audit", "replay", "--trust", str(stage.trust_file), "--rpc", stage.node.url,
        "--url", stage.url, "--api-key-file", api_key_file, "--json", codes=(0, 1),
    )  # fmt: skip


def altered_tonne(stage: Stage, door: FrontDoor, story: Story, order: Order) -> str:
    """A tonne more by the owner's own hand, and back; what verification says of it."""
    lot = Lot.parse(STEEL.product_gtin, order.lot)
    _correct(stage, door, story, lot, order, order.output + 1, version=2)
    checks = door.get(f"/v1/verify/footprints/{lot.gtin}/{lot.code}")["checks"]
    messages = [f["message"] for c in checks for f in c["findings"] if f["code"] == "quantity-declared"]
    said = next((m for m in messages if str(order.output + 1) in m), None)
    if said is None:
        raise DemoFailed("verification does not say that the altered tonne is declared and unverified")
    _correct(stage, door, story, lot, order, order.output, version=3)
    return f"verify: {said} (version 2; version 1 said {order.output} t)"


def _correct(
    stage: Stage, door: FrontDoor, story: Story, lot: Lot, order: Order, output: Decimal, version: int
) -> None:
    lines = [
        {"role": "product", "name": STEEL.product, "quantity": str(output), "unit": "t"},
        {"role": "waste", "name": "scrap", "quantity": str(order.scrap), "unit": "t"},
    ]
    door.post(
        f"/v1/lots/{lot.gtin}/{lot.code}/corrections", outputs=lines, reason="weighed again", by="plant manager"
    )
    wait_for(stage, f"version {version}", CHAIN_SECONDS, lambda: story.is_current(lot, version))
