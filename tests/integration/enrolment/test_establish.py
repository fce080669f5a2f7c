"""A new server is established once, however often it is asked."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from backend import database
from backend.anchor.signers import Signers
from backend.anchor.tables import chain_transactions
from backend.enrolment.establish import establish
from backend.log.tables import entries
from backend.settings import Settings
from leafproof.values import Gln
from tests.support.world import honest_world

STEWARD = Gln("9520000009014")


def test_a_second_call_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_bytes(honest_world()[0].trust().encode())
    owner = Signers(tmp_path / "keys").get_or_create(f"operator-{STEWARD}").address
    Signers(tmp_path / "keys").get_or_create("anchor")
    settings = Settings(data=tmp_path, trust_file=tmp_path / "trust.json", log_owner=owner)
    engine = database.open_engine(settings)
    database.migrate(engine)
    counts = []
    for _ in range(2):
        establish(settings, STEWARD, "Steward")
        with database.reading(engine) as connection:
            counts.append(
                [
                    connection.execute(sa.select(sa.func.count()).select_from(t)).scalar_one()
                    for t in (chain_transactions, entries)
                ]
            )
    engine.dispose()
    assert counts[0] == counts[1]
    assert counts[0] == [5, 2]  # admitted, issuer key, log opened, anchor appointed, log key; the factor sets
