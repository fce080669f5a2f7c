"""What the statistics of the living list count, on a real chain, and what they suppress."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine

from backend.classification import statistics
from backend.classification.statistics import UNKNOWN, Line, Part
from backend.database import reading, transaction
from backend.embedded.node import EmbeddedNode
from backend.production import lots
from backend.production.repository import transfers_of
from leafproof import clock, units
from leafproof.classification import shipped
from leafproof.values import Lot
from tests.integration.production.listed import EVIDENCE, WIDER, Listed, listed
from tests.integration.production.works import STEEL, coil


@pytest.fixture
def group(node: EmbeddedNode, sqlite: Engine, tmp_path: Path) -> Iterator[Listed]:
    with listed(node, sqlite, tmp_path) as made:
        yield made


@pytest.fixture
def any_group(node: EmbeddedNode, engine: Engine, tmp_path: Path) -> Iterator[Listed]:
    """On each database."""
    with listed(node, engine, tmp_path) as made:
        yield made


STRANGER = b"\x77" * 20


class TestStatistics:
    def test_are_rerun_under_any_version_and_hide_what_one_company_made(
        self, group: Listed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        group.adopt(group.propose(shipped()))
        group.adopt(group.propose(WIDER))
        for name in "ABC":
            group.classify(name, shown=EVIDENCE)
        asked = {"version": 2, "format": "csv"}
        answer = group.client.get("/v1/statistics/categories", params=asked)
        assert answer.headers["content-type"].startswith("text/csv")
        header, row = csv.reader(io.StringIO(answer.text))
        assert header == list(statistics.HEADER)
        assert row == ["2", "low-carbon steel", "KR", "", "2018-03", "", ""]  # three lots, of one company
        assert group.client.get("/v1/statistics/categories", params={"version": 1}).json() == []
        monkeypatch.setattr(statistics, "SMALLEST", 1)
        (cell,) = group.client.get("/v1/statistics/categories", params={"version": 2}).json()
        assert (cell["market"], cell["lots"], cell["tonnes"]) == (None, 3, "30")

    def test_what_was_sold_counts_in_the_market_of_its_buyer(
        self, any_group: Listed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(statistics, "SMALLEST", 1)
        any_group.adopt(any_group.propose(WIDER))
        for name in "AB":
            any_group.classify(name, shown=EVIDENCE)
        any_group.transfer("4.5")
        asked = {"version": 1}
        (cell,) = any_group.client.get("/v1/statistics/categories", params=asked).json()
        assert (cell["market"], cell["lots"], cell["tonnes"]) == (None, 2, "20")  # nothing is final yet
        with reading(any_group.ledger.engine) as connection:
            (sold,) = transfers_of(connection, str(coil("A").gtin), "A")
        any_group.ledger.settle(sold["transaction"])
        cells = any_group.client.get("/v1/statistics/categories", params=asked).json()
        told = [(one["origin"], one["market"], one["lots"], one["tonnes"]) for one in cells]
        assert told == [("KR", None, 2, "15.5"), ("KR", "CN", 1, "4.5")]

    def test_what_was_sold_to_nobody_known_is_no_stock(
        self, group: Listed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(statistics, "SMALLEST", 1)
        group.adopt(group.propose(WIDER))
        group.classify("A", shown=EVIDENCE)
        with transaction(group.ledger.engine) as connection:
            desk, amount = group.works.desk, units.Quantity(Decimal("4.5"), "t")
            lots.transfer(connection, desk, coil("A"), STEEL, f"0x{STRANGER.hex()}", amount)
            (sold,) = transfers_of(connection, str(coil("A").gtin), "A")
        group.ledger.settle(sold["transaction"])
        cells = group.client.get("/v1/statistics/categories", params={"version": 1}).json()
        assert [(one["market"], one["tonnes"]) for one in cells] == [(None, "5.5"), ("unknown", "4.5")]

    def test_a_month_that_is_not_over_is_not_told(self, group: Listed) -> None:
        group.adopt(group.propose(WIDER))
        group.classify("A", shown=EVIDENCE)
        registry = group.ledger.follow()
        with reading(group.ledger.engine) as connection:
            for moment, told in (("2018-03-31T14:59:59Z", 0), ("2018-03-31T15:00:00Z", 1)):  # midnight in Seoul
                desk = replace(group.works.desk, now=partial(clock.utc_seconds, moment, "moment"))
                assert len(statistics.lines(connection, desk, registry, 1)) == told

    def test_a_lot_whose_classification_was_deleted_is_left_out_of_the_statistics(
        self, group: Listed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(statistics, "SMALLEST", 1)
        group.adopt(group.propose(WIDER))
        for name in "AB":
            made = group.classify(name, shown=EVIDENCE)
        group.forget(made["statement_id"])
        (cell,) = group.client.get("/v1/statistics/categories", params={"version": 1}).json()
        assert (cell["lots"], cell["tonnes"]) == (1, "10")


def sold(names: str, market: str = "CN", maker: str = "", buyer: str = "") -> dict[Lot, list[Part]]:
    """A tonne of each of these lots, whose makers and buyers are others for each, or the one that is named."""
    return {
        coil(name): [Part(market, maker or f"m{name}", (buyer or f"b{name}") if market else "", Fraction(1))]
        for name in names
    }


def told(**cells: dict[Lot, list[Part]]) -> dict[str, int | None]:
    """Lots by category; all of one origin, market and month."""
    found = {(name, "KR", next(iter(cell.values()))[0].market, "2018-03"): cell for name, cell in cells.items()}
    return {one.category: one.lots for one in statistics.published(1, found)}


class TestWhatIsSuppressed:
    @pytest.mark.parametrize("market", ["CN", UNKNOWN])
    def test_few_buyers_of_what_was_sold(self, market: str) -> None:
        assert told(a=sold("ABC", market)) == {"a": 3}
        assert told(a=sold("AB", market)) == {"a": None}
        assert told(a=sold("ABC", market, maker="m")) == {"a": None}
        assert told(a=sold("ABC", market, buyer="b")) == {"a": None}

    def test_what_was_not_sold_has_no_buyers(self) -> None:
        assert told(a=sold("ABC", "")) == {"a": 3}

    @pytest.mark.parametrize(
        "more",
        [sold("D"), sold("DEF", maker="m"), sold("DEF", buyer="b")],
        ids=["lots", "makers", "buyers"],
    )
    def test_the_larger_of_two_that_differ_by_few(self, more: dict[Lot, list[Part]]) -> None:
        assert told(part=sold("ABC"), whole=sold("ABC") | more) == {"part": 3, "whole": None}

    def test_neither_where_they_differ_by_many_or_not_at_all(self) -> None:
        assert told(part=sold("ABC"), whole=sold("ABCDEF")) == {"part": 3, "whole": 6}
        assert told(one=sold("ABC"), same=sold("ABC")) == {"one": 3, "same": 3}

    def test_one_that_is_inside_a_suppressed_one_harms_nobody(self) -> None:
        cells = told(part=sold("ABC"), middle=sold("ABCD"), whole=sold("ABCDEFG"))
        assert cells == {"part": 3, "middle": None, "whole": 7}

    def test_not_by_what_is_in_another_market(self) -> None:
        cells = {("a", "KR", "CN", "2018-03"): sold("ABC"), ("b", "KR", "", "2018-03"): sold("ABCD", "")}
        assert [one.lots for one in statistics.published(1, cells)] == [3, 4]

    def test_a_suppressed_cell_is_empty_in_a_file(self) -> None:
        told = statistics.as_csv(
            [Line(1, "a", "KR", "CN", "2018-01", 4, "12.5"), Line(1, "b", "KR", "", "2018-01", None, None)]
        )
        assert told.splitlines()[1:] == ["1,a,KR,CN,2018-01,4,12.5", "1,b,KR,,2018-01,,"]
