"""A weighbridge, from its gateway's frames to the quantities that a record states."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from backend.database import reading, transaction
from backend.production import lots
from backend.production.lots import Correction
from backend.production.orders import import_orders
from leafproof import clock
from leafproof.errors import InvalidInput
from leafproof.frame import Reading
from leafproof.plan import MeteringPlan
from leafproof.record import Output, Source, Weighing
from tests.integration.production.works import COIL, PLANT, START, Works, coil, point
from tests.support.storage import open_test_log

HOUR = 3600
FULL, EMPTY = START + 5 * HOUR, START + 5 * HOUR + 600


@pytest.fixture
def works(sqlite: sa.Engine, tmp_path: Path) -> Works:
    made = Works(sqlite, open_test_log(sqlite), tmp_path / "keys")
    bridge = point(made.mill, "bridge", carrier="goods", kind="weight", unit="kg", interval_seconds=1, line=None)
    made.found(MeteringPlan(str(PLANT), "Asia/Seoul", 1, "2018-01-01T00:00:00Z", (point(made.mill), bridge)))
    made.meter(made.mill, ["3"] * 24)
    return made


def weigh(works: Works) -> None:
    """25 t full, 15 t empty: 10 t."""
    full, empty = Reading("bridge", FULL, Decimal(25), "t"), Reading("bridge", EMPTY, Decimal(15), "t")
    works.say(works.mill, [full])
    works.say(works.mill, [empty])


def weighed(tonnes: str = "10", time: int = FULL) -> Output:
    source = Source(
        "weighed", "ticket 4711", (Weighing("", "bridge", clock.utc_text(time), clock.utc_text(EMPTY)),)
    )
    return Output("product", "coil", tonnes, "t", source)


def test_a_record_names_the_signed_readings(works: Works) -> None:
    weigh(works)
    works.run(coil("A"), START + HOUR, START + 2 * HOUR, [weighed()])
    works.recorder().step()
    (line,) = works.record(coil("A")).outputs or ()
    (one,) = line.source.weighings
    assert (one.gateway, one.point, one.time) == (works.mill.key_id.hex(), "bridge", clock.utc_text(FULL))
    assert len(one.frames) == 2 and line.source.reference == "ticket 4711"


def test_a_tonne_more_than_the_scale_weighed_is_refused(works: Works) -> None:
    weigh(works)
    with pytest.raises(InvalidInput, match="11 t, and the scale weighed 10 t"):
        works.run(coil("A"), START + HOUR, START + 2 * HOUR, [weighed("11")])


def test_the_record_waits_for_the_weighing(works: Works) -> None:
    works.run(coil("A"), START + HOUR, START + 2 * HOUR, [weighed()])
    works.recorder().step()
    assert (
        works.problem(coil("A"))
        == f"waits for readings: no reading of bridge at {clock.utc_text(FULL)}, by which coil was weighed"
    )
    weigh(works)
    works.recorder().step()
    assert works.record(coil("A")).weighings()


def test_what_turns_out_otherwise_is_not_recorded(works: Works) -> None:
    works.run(coil("A"), START + HOUR, START + 2 * HOUR, [weighed("11")])
    weigh(works)
    works.recorder().step()
    assert "the scale weighed 10 t" in str(works.problem(coil("A")))


def test_one_weighing_evidences_one_run(works: Works) -> None:
    weigh(works)
    works.run(coil("A"), START + HOUR, START + 2 * HOUR, [weighed()])
    with pytest.raises(InvalidInput, match="evidences another line or run already"):
        works.run(coil("B"), START + 2 * HOUR, START + 3 * HOUR, [weighed()])


def test_the_same_close_again_is_the_same_and_a_correction_may_drop_the_scale(works: Works) -> None:
    weigh(works)
    run = works.run(coil("A"), START + HOUR, START + 2 * HOUR, [weighed()])
    works.close(run, START + 2 * HOUR, [weighed()])
    works.recorder().step()
    with transaction(works.engine) as connection:
        plain = Output("product", "coil", "9.9", "t", Source("declared"))
        lots.correct(
            connection,
            works.desk,
            coil("A"),
            Correction("the scale was out of order", "shift leader", outputs=(plain,)),
        )
    works.run(coil("B"), START + 2 * HOUR, START + 3 * HOUR, [weighed()])
    assert works.record(coil("A")).weighings() == ()


def test_an_auditors_bundle_holds_the_frames_of_the_scale(works: Works) -> None:
    weigh(works)
    works.run(coil("A"), START + HOUR, START + 2 * HOUR, [weighed()])
    works.recorder().step()
    with reading(works.engine) as connection:
        (line,) = works.record(coil("A")).outputs or ()
        for index in line.source.weighings[0].frames:
            assert works.log.entry(connection, index)


def test_orders_name_weighings(works: Works) -> None:
    weigh(works)
    file = (
        "order,line,gtin,lot,opened,closed,output_t,source,scrap_t\n"
        f"1,mill,{COIL},A,2018-03-01 01:00,2018-03-01 02:00,10,bridge@2018-03-01 05:00~2018-03-01 05:10,0.5\n"
        f"2,mill,{COIL},B,2018-03-01 02:00,2018-03-01 03:00,12,bridge@2018-03-01 05:00,\n"
        f"3,mill,{COIL},C,2018-03-01 02:00,2018-03-01 03:00,12,bridge@sometime,\n"
    )
    found = import_orders(works.engine, works.desk, PLANT, file.encode())
    assert [one.outcome for one in found] == ["taken", "refused", "refused"]
    assert "the scale weighed 25 t" in str(found[1].reason)
    assert found[2].field == "source"
    works.recorder().step()
    product, scrap = works.record(coil("A")).outputs or ()
    assert (product.source.kind, scrap.source.kind) == ("weighed", "declared")
