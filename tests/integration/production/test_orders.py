"""Production orders from CSV: what is taken, what is named with its line, and that a file may come again."""

from __future__ import annotations

import pytest

from backend.database import reading
from backend.production import repository, shares
from backend.production.orders import LineReport, import_orders
from leafproof import clock
from leafproof.errors import InvalidInput
from leafproof.record import Output, Source
from tests.integration.production.works import COIL, DECLARED, PLANT, Works, coil, of_lot

HEADER = "order,line,gtin,lot,opened,closed,output_t,scrap_t,input1_name,input1_t,input1_material"
GOOD = f"1,mill,{COIL},A,2018-03-01 06:00,2018-03-01 14:00,18.4,0.6,slab,19.1,steel-slab"


def take(works: Works, *lines: str, header: str = HEADER) -> list[LineReport]:
    return import_orders(works.engine, works.desk, PLANT, "\n".join((header, *lines)).encode())


def test_an_order_becomes_a_closed_run(works: Works) -> None:
    (report,) = take(works, GOOD)
    assert (report.number, report.order, report.outcome) == (2, "1", "taken")
    with reading(works.engine) as connection:
        run = repository.run(connection, report.run or "")
        assert run is not None
        assert shares.outputs_of(run) == (
            Output("product", "product", "18.4", "t", DECLARED),
            Output("waste", "scrap", "0.6", "t", DECLARED),
        )
    assert (clock.utc_text(run["opened"]), run["state"]) == ("2018-02-28T21:00:00Z", "closed")


@pytest.mark.parametrize(
    ("line", "field", "says"),
    [
        (GOOD.replace("A", "B", 1).replace(COIL, COIL[:-1] + "x"), "gtin", "is not 8 or 12 or 13 or 14 digits"),
        (GOOD.replace("14:00", "05:00"), "closed", "is not after opened"),
        (GOOD.replace("mill", "melt"), "line", "no metering point"),
        (GOOD.replace("18.4", "-18.4"), "output_t", "is not positive"),
        (GOOD.replace("18.4", "18,4"), "line", "has 12 columns, the header 11"),
        (GOOD.replace("18.4", '"18.4'), "line", "not readable as CSV"),
        (GOOD.replace("18.4", "1e3"), "output_t", "is not a plain decimal number"),
        (GOOD.replace("2018-03-01 06:00", "March"), "opened", "is no time such as"),
        (GOOD.replace("steel-slab", "unobtainium"), "input1_material", "none is set for material"),
        (GOOD.replace("steel-slab", ""), "input1", "either a lot"),
        (GOOD.replace("slab,", ",", 1), "input1_name", "not 1 to 200"),
        ("," + GOOD[2:], "order", "not 1 to 100"),
    ],
)
def test_a_broken_line_is_named_with_its_reason_and_the_rest_goes_on(
    sqlite_works: Works, line: str, field: str, says: str
) -> None:
    other = f"2,mill,{COIL},B,2018-03-01 14:00,2018-03-01 22:00,17,,slab,18,steel-slab"
    first, second = take(sqlite_works, line, other)
    assert (first.number, first.outcome, first.field) == (2, "refused", field), first
    assert says in str(first.reason)
    assert (second.number, second.outcome) == (3, "taken")


def test_a_byte_that_is_no_text_spoils_its_own_line_alone(sqlite_works: Works) -> None:
    other = f"2,mill,{COIL},B,2018-03-01 14:00,2018-03-01 22:00,17,,slab,18,steel-slab"
    data = "\n".join((HEADER, GOOD.replace("slab,", "Bramme \xe4,", 1), other)).encode("latin-1")
    first, second = import_orders(sqlite_works.engine, sqlite_works.desk, PLANT, data)
    assert (first.number, first.outcome, first.field) == (2, "refused", "line")
    assert "not UTF-8" in str(first.reason)
    assert (second.number, second.outcome) == (3, "taken")


def test_the_same_file_again_changes_nothing(works: Works) -> None:
    before = take(works, GOOD)
    (again,) = take(works, GOOD)
    assert (again.outcome, again.run) == ("known", before[0].run)
    (other,) = take(works, GOOD.replace("18.4", "18.5"))
    assert (other.outcome, "closed already" in str(other.reason)) == ("refused", True)


def test_blank_lines_byte_order_marks_and_windows_line_ends_are_no_matter(works: Works) -> None:
    data = "﻿" + "\r\n".join((HEADER, "", GOOD, ""))
    (report,) = import_orders(works.engine, works.desk, PLANT, data.encode())
    assert (report.number, report.outcome) == (3, "taken")


def test_lots_documents_and_co_products(works: Works) -> None:
    header = (
        "order,line,gtin,lot,opened,closed,output_t,source,coproduct1_name,coproduct1_t,"
        "input1_name,input1_t,input1_gtin,input1_lot"
    )
    note = "ab" * 32
    take(works, GOOD)
    line = f"2,mill,{COIL},B,2018-03-01T15:00+09:00,2018-03-01T16:00+09:00,4,{note},strip,1,coil,6,{COIL[1:]},A"
    (report,) = take(works, line, header=header)
    assert report.outcome == "taken", report
    with reading(works.engine) as connection:
        run = repository.run(connection, report.run or "")
        assert run is not None
        assert shares.outputs_of(run)[0].source == Source("document", note)
        (spent,) = repository.inputs_of_run(connection, run["id"])
    assert (spent["lot"], spent["shares"]) == ("A", 6 * 10**19 // 184)
    assert of_lot(coil("A"), "6").parent == coil("A")


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("order,line", "lacks gtin"),
        (HEADER + ",colour", "unknown columns: colour"),
        (HEADER + ",line", "names a column twice"),
        (HEADER.replace("input1_material", "input21_material"), "unknown columns"),
    ],
)
def test_a_file_with_another_header_is_refused_whole(sqlite_works: Works, header: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        take(sqlite_works, GOOD, header=header)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"", b"a\x00b"])
def test_a_file_that_is_no_text_is_refused_whole(sqlite_works: Works, data: bytes) -> None:
    with pytest.raises(InvalidInput):
        import_orders(sqlite_works.engine, sqlite_works.desk, PLANT, data)
