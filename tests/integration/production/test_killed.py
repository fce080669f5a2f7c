"""kill -9 in the middle of recording: afterwards every run has one record, one footprint, one order to the chain."""

from __future__ import annotations

import random
import time
from decimal import Decimal
from functools import partial

import sqlalchemy as sa

from backend.anchor.tables import chain_transactions
from backend.database import reading
from backend.footprints.tables import footprints
from backend.production.balance import energy_balance
from backend.production.tables import records, runs
from tests.integration.production import killed_while_recording
from tests.integration.production.works import PLANT, QUARTER, START, Works, coil, product
from tests.support.waiting import eventually

RUNS = 20


def test_whatever_is_killed_when_each_run_is_recorded_once(works: Works) -> None:
    dice = random.Random(20180301)
    works.meter(works.mill, [str(Decimal(i) / 4) for i in range(RUNS)])
    for number in range(RUNS):
        opened = START + number * QUARTER
        works.run(coil(f"K{number}"), opened, opened + QUARTER, [product("2")])
    for _ in range(3):
        before = count(works)
        process = killed_while_recording.start(works.engine, works.keys)
        try:
            eventually(partial(moved, works, before), "a run to be recorded")
            time.sleep(dice.uniform(0, 0.03))
        finally:
            process.kill()
            process.join(30)
    while works.recorder().step():
        pass
    with reading(works.engine) as connection:
        states = connection.execute(sa.select(runs.c.state)).scalars().all()
        assert states == ["recorded"] * RUNS
        for table, column in ((records, records.c.statement_id), (footprints, footprints.c.record)):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == RUNS
            assert connection.execute(sa.select(sa.func.count(sa.distinct(column)))).scalar_one() == RUNS
        keys = connection.execute(sa.select(chain_transactions.c.key)).scalars().all()
        assert sorted(keys) == sorted(connection.execute(sa.select(records.c.transaction)).scalars())
        found = energy_balance(connection, works.desk, PLANT, START, START + RUNS * QUARTER)
        assert (found.lots, found.idle) == (found.total, Decimal(0))
        kinds = [e.content_type for e in works.log.iterate(connection)]
    assert sum(k.endswith("batch-record+cbor") for k in kinds) == RUNS


def count(works: Works) -> int:
    with reading(works.engine) as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(records)).scalar_one())


def moved(works: Works, before: int) -> bool:
    return before < count(works) or count(works) == RUNS
