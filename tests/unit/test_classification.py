"""The living list: its form, what goods of a code are, across editions and ex-outs."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest

from leafproof.chain.view import ListVersion
from leafproof.classification import (
    MAX_SHOWN,
    MAX_TEXT,
    Classified,
    Correlation,
    Entry,
    LivingList,
    Remark,
    Shown,
    shipped,
)
from leafproof.comtrade import tagged
from leafproof.errors import InvalidInput
from leafproof.replay.replay import replay
from tests.support import world as w
from tests.support.world import TOWER
from tests.support.world_source import WorldSource

TOWER_EVIDENCE = "A type certificate or contract that names the turbine"
LIST = shipped()


def changed(**entry: Any) -> LivingList:
    first = msgspec.structs.replace(LIST.entries[0], **entry)
    return msgspec.structs.replace(LIST, entries=(first,))


class TestForm:
    @pytest.mark.parametrize(
        "said",
        [
            LIST,
            Remark("ab" * 32, "objection", "Not without a test"),
            Classified("09520000010010", "C-1", "HS 2022", "730820", (Shown("e", "d"),), 1, "ab" * 32, ("wind",)),
        ],
    )
    def test_each_comes_back_from_its_body(self, said: Any) -> None:
        assert type(said).decode_body(said.encode_body()) == said
        assert said.urn

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("code", "8541.42"),
            ("code", "85414"),
            ("category", ""),
            ("title", " "),
            ("source", ""),
            ("ex_out", "part"),
        ],
    )
    def test_what_breaks_a_rule_is_named(self, field: str, value: str) -> None:
        with pytest.raises(InvalidInput, match="entries"):
            changed(**{field: value}).check()

    def test_correlations_lead_to_later_editions(self) -> None:
        back = Correlation("HS 2022", "854142", "HS 2017", ("854140",))
        with pytest.raises(InvalidInput, match="later"):
            msgspec.structs.replace(LIST, correlations=(back,)).check()

    def test_a_version_counts_from_one(self) -> None:
        said = Classified("09520000010010", "C-1", "HS 2022", "730820", (), 0, "ab" * 32, ())
        with pytest.raises(InvalidInput, match="version"):
            said.check()

    def test_as_much_evidence_as_ex_outs_may_ask_for_fits_in_a_body(self) -> None:
        most = Shown("\U0001f33f" * MAX_TEXT, "\U0001f33f" * MAX_TEXT)  # four bytes a character
        said = Classified("09520000010010", "C-1", "HS 2022", "730820", (most,) * MAX_SHOWN, 1, "ab" * 32, ())
        assert Classified.decode_body(said.encode_body()) == said
        with pytest.raises(InvalidInput, match="shown"):
            msgspec.structs.replace(said, shown=(*said.shown, most)).check()

    def test_what_could_not_be_read_again_is_not_encoded(self) -> None:
        wide = msgspec.structs.replace(LIST.entries[0], title="x" * MAX_TEXT)
        wanted = msgspec.structs.replace(LIST, entries=(wide,) * 400)
        assert LivingList.decode_body(wanted.encode_body()) == wanted
        wanted = msgspec.structs.replace(LIST, entries=(wide,) * 600)
        with pytest.raises(InvalidInput, match="living list: .* bytes, at most 1048576"):
            wanted.encode_body()


class TestTheListThatIsShipped:
    def test_says_of_each_entry_whether_its_source_was_compared(self) -> None:
        assert all("compared" in one.source for one in LIST.entries)

    def test_has_nothing_twice(self) -> None:
        named = [(one.edition, one.code, one.category) for one in LIST.entries]
        assert len(set(named)) == len(named)
        joined = [(one.edition, one.code, one.later) for one in LIST.correlations]
        assert len(set(joined)) == len(joined)


class TestCategories:
    def test_by_the_code_or_one_that_it_is_part_of(self) -> None:
        assert LIST.categories("HS 2022", "850760", {}) == ("batteries",)
        assert LIST.categories("HS 2022", "720449", {}) == ("recycled metals",)
        assert LIST.categories("HS 2022", "720810", {}) == ()

    def test_a_shorter_code_is_not_all_of_its_parts(self) -> None:
        assert LIST.categories("HS 2022", "8507", {}) == ()

    def test_an_ex_out_needs_its_evidence(self) -> None:
        assert LIST.categories("HS 2022", "730820", {}) == ()
        assert LIST.categories("HS 2022", "730820", {"another": "x"}) == ()
        assert LIST.categories("HS 2022", "730820", {TOWER_EVIDENCE: "contract 5"}) == ("wind power equipment",)

    def test_an_older_code_is_followed_to_what_it_became(self) -> None:
        assert LIST.categories("HS 2017", "850760", {}) == ("batteries",)
        assert LIST.categories("HS 2017", "720449", {}) == ("recycled metals",)
        assert LIST.categories("HS 2017", "850231", {}) == ("APEC environmental goods", "wind power equipment")

    def test_a_code_that_became_several_is_a_candidate_and_no_category(self) -> None:
        assert LIST.categories("HS 2017", "854140", {}) == ()
        found = {one.category for one in LIST.candidates("HS 2017", "854140")}
        assert found == {"APEC environmental goods", "photovoltaics"}
        assert LIST.categories("HS 2017", "870490", {}) == ()  # lorries of which some were electric
        assert {one.category for one in LIST.candidates("HS 2017", "870490")} == {"new-energy vehicles"}

    def test_unless_all_of_them_are_of_it(self) -> None:
        others = [Entry("HS 2022", code, "photovoltaics", "t", "s") for code in ("854141", "854149")]
        wider = msgspec.structs.replace(LIST, entries=(*LIST.entries, *others))
        assert wider.categories("HS 2017", "854140", {}) == ("photovoltaics",)

    def test_a_branch_that_ends_in_an_older_edition_counts_like_the_others(self) -> None:
        cells = Entry("HS 2022", "854142", "photovoltaics", "t", "s")
        joined = (
            Correlation("HS 2007", "854140", "HS 2012", ("854140", "854150")),
            Correlation("HS 2012", "854140", "HS 2022", ("854142",)),
        )
        split = msgspec.structs.replace(LIST, entries=(cells,), correlations=joined)
        assert split.categories("HS 2012", "854140", {}) == ("photovoltaics",)
        assert split.categories("HS 2007", "854140", {}) == ()
        other = Entry("HS 2012", "854150", "photovoltaics", "t", "s")
        whole = msgspec.structs.replace(split, entries=(cells, other))
        assert whole.categories("HS 2007", "854140", {}) == ("photovoltaics",)


class TestTradeStatistics:
    def rows(self, text: str) -> list[list[str]]:
        return list(tagged(LIST, io.StringIO(text)))

    def test_rows_are_tagged_with_candidates_by_their_edition(self) -> None:
        found = self.rows(
            "classificationCode,cmdCode,primaryValue\nH6,854143,5\nH5,854140,7\nH6,730820,1\nS4,77812,1\nH6,TOTAL,9\n"
        )
        assert found[0][-1] == "candidates"
        tags = [row[-1] for row in found[1:]]
        both = "APEC environmental goods;photovoltaics"
        assert tags == [both, both, "wind power equipment", "", ""]

    @pytest.mark.parametrize(
        "text", ["", "cmdCode\n1\n", "classificationCode,cmdCode\nH6\n", 'classificationCode,cmdCode\n"H6\n']
    )
    def test_what_is_no_such_file_is_named(self, text: str) -> None:
        with pytest.raises(InvalidInput, match="columns"):
            self.rows(text)


def classified(signer: str = "fabricator", version: int = 1, from_: int = 0, **changes: Any) -> set[str]:
    """What a replay finds of the tower section's classification, by a list in force since `from_`."""
    world, _ = w.honest_world()
    index = world.state(world.steel, LIST.urn, LIST.CONTENT_TYPE, LIST.encode_body())
    content = bytes.fromhex(world.id(index))
    world.labelling["list_versions"] = (ListVersion(1, content, from_, world.tick()),)
    shown = (Shown(TOWER_EVIDENCE, "contract 5"),)
    categories = ("wind power equipment",)
    said = Classified(
        str(TOWER.gtin), str(TOWER.code), "HS 2022", "730820", shown, version, content.hex(), categories
    )
    said = msgspec.structs.replace(said, **changes)
    world.state(getattr(world, signer), said.urn, said.CONTENT_TYPE, said.encode_body())
    world.anchor()
    return {d.kind for d in replay(WorldSource.of(world), world.trust(), world.view()).discrepancies}


class TestReplay:
    def test_an_honest_classification_is_clean(self) -> None:
        assert classified() == set()

    @pytest.mark.parametrize(
        "changes",
        [
            {"version": 2},
            {"from_": 2_000_000_000},
            {"content": "ab" * 32},
            {"categories": ()},
            {"categories": ("batteries",)},
            {"shown": ()},
            {"signer": "steel"},
        ],
    )
    def test_another_version_or_other_categories_are_found(self, changes: dict[str, Any]) -> None:
        assert classified(**changes) == {"category-differs"}
