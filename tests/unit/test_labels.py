"""Labels: their statements' form, criteria, and what check 10 and replay find about each."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from leafproof.chain.view import LabelStatus, lot_id
from leafproof.criteria import Criterion, Evidence, evaluate
from leafproof.errors import InvalidInput
from leafproof.label import Accredited, Attested, Label, LabelChange, Recognition, Scheme, accepted_words
from leafproof.replay.replay import replay
from leafproof.values import Lei, party_uri
from leafproof.verification.labels import Case, Subject, judge
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.support import world as w
from tests.support.labels import (
    CERTIFIER,
    GOODS,
    NAME,
    SCHEME,
    TEXT,
    Labelled,
    classify,
    coil_as,
    dated_back,
    labelled_world,
    section_label,
    stated,
)
from tests.support.world import COIL, STEEL, TOWER
from tests.support.world_source import WorldSource


def checked(made: Labelled, lot: Any = COIL) -> Report:
    return verify(made.world.bundle(lot), made.world.trust(), made.world.view())


def found(made: Labelled, *statuses: Status, lot: Any = COIL) -> set[str]:
    wanted = statuses or tuple(Status)
    return {f.code for f in checked(made, lot)[10].findings if f.status in wanted}


def replayed(made: Labelled) -> set[str]:
    source = WorldSource.of(made.world)
    return {d.kind for d in replay(source, made.world.trust(), made.world.view()).discrepancies}


def asked(made: Labelled, market: str) -> set[str]:
    """What is found of the label when that market is asked for."""
    view = made.world.view()
    said = {bytes.fromhex(one.parsed.statement_id.hex()): one for one in made.world.entries}

    def find(statement: bytes) -> Any:
        entry = said.get(statement)
        kinds = {k.CONTENT_TYPE: k for k in (Scheme, Accredited, Label, LabelChange, Recognition)}
        kind = kinds.get(entry.parsed.header.content_type) if entry else None
        if entry is None or kind is None or entry.body is None:
            return None
        return view.keys[entry.parsed.key_id].operator, kind.decode_body(entry.body)

    record = view.labels[made.label.label]
    case = Case(view, record, Subject(str(COIL), party_uri(STEEL), {}, ()), find)
    return {f.code for number, f in judge(case, market) if number == 7}


def with_criteria(*criteria: Criterion) -> Scheme:
    return msgspec.structs.replace(SCHEME, criteria=criteria)


class TestForm:
    @pytest.mark.parametrize(
        "said",
        [
            SCHEME,
            Accredited(NAME, str(CERTIFIER), "DAkkS", "1", (), "2018-01-01T00:00:00Z", "2019-01-01T00:00:00Z"),
            LabelChange("ab" * 32, "revoked", "The audit found another mill"),
            Recognition("EU", NAME, "", ("audit",), "2018-01-01T00:00:00Z", "2019-01-01T00:00:00Z"),
        ],
    )
    def test_each_comes_back_from_its_body(self, said: Any) -> None:
        assert type(said).decode_body(said.encode_body()) == said
        assert said.urn.startswith("urn:leafproof:")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "é" * 65),
            ("owner", "12"),
            ("title", " "),
            ("categories", ()),
            ("categories", (GOODS, GOODS)),
            ("criteria", ()),
            ("criteria", (Criterion("footprint", profile="x"),)),
            ("criteria", (Criterion("footprint", profile="x", at_most="much"),)),
            ("criteria", (Criterion("primary share", profile="x", at_least="1.01"),)),
            ("criteria", (Criterion("attested", text="t", scheme="s"),)),
            ("criteria", (Criterion("opinion"),)),
            ("document", "ab"),
        ],
    )
    def test_what_breaks_a_rule_of_schemes_is_named(self, field: str, value: Any) -> None:
        with pytest.raises(InvalidInput) as caught:
            msgspec.structs.replace(SCHEME, **{field: value}).check()
        assert field in caught.value.field

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("scheme", ""),
            ("criteria", "ab"),
            ("certifier", "1"),
            ("maker", "1"),
            ("gtin", "1"),
            ("footprints", ("ab",)),
            ("uses", ("ab" * 32,) * 51),
            ("attested", (Attested(TEXT, ""),)),
            ("markets", ("",)),
            ("until", "2018-01-02T00:00:00Z"),
            ("start", "yesterday"),
        ],
    )
    def test_what_breaks_a_rule_of_labels_is_named(self, field: str, value: Any) -> None:
        made = labelled_world()
        said = stated(made.world, made.at, 0, **{field: value})
        with pytest.raises(InvalidInput) as caught:
            said.check()
        assert field in caught.value.field

    def test_what_is_accepted_is_counted_as_the_contract_does(self) -> None:
        until = "2019-01-01T00:00:00Z"
        said = Recognition("EU", NAME, "", ("audit", "certificate"), "2018-01-01T00:00:00Z", until)
        assert said.accepted == 10
        assert accepted_words(10) == "audit, certificate"


class TestCriteria:
    def test_an_opinion_of_a_higher_level_is_enough(self) -> None:
        wanted = Criterion("opinion", assurance="limited")
        assert evaluate(wanted, Evidence({}, ["reasonable"])).met
        assert evaluate(wanted, Evidence({}, ["limited"])).met
        assert not evaluate(wanted, Evidence({}, [])).met
        assert not evaluate(Criterion("opinion", assurance="reasonable"), Evidence({}, ["limited"])).met

    def test_a_footprint_by_another_profile_is_no_evidence(self) -> None:
        wanted = Criterion("footprint", profile="cbam-steel", at_most="1")
        assert evaluate(wanted, Evidence({}, ())).met is None


class TestCheckTen:
    def test_an_honest_label_passes_and_says_where_it_counts(self) -> None:
        made = labelled_world()
        assert found(made) == {"classified", "label-issued", "label-met", "label-recognised"}
        assert checked(made)[10].status is Status.PASS
        assert replayed(made) == set()

    @pytest.mark.parametrize("classified", [(), ("steel structures",)])
    def test_a_label_for_goods_that_the_lot_is_not_fails(self, classified: tuple[str, ...]) -> None:
        made = labelled_world(classified=classified)
        assert "label-category" in found(made, Status.FAIL)
        assert "label-differs" in replayed(made)

    def test_a_lot_that_is_not_classified_is_said_to_be_unchecked(self) -> None:
        made = labelled_world(classified=None)
        assert found(made, Status.NOT_CHECKED) == {"label-unclassified"}
        assert checked(made)[10].status is Status.NOT_CHECKED
        assert replayed(made) == set()

    def test_the_word_of_its_time_counts_and_not_a_later_one(self) -> None:
        made = labelled_world()
        content = made.world.labelling["list_versions"][0].content.hex()
        classify(made.world, made.world.steel, coil_as(content, code="7210"))
        assert found(made, Status.FAIL) == set()
        made.put("labels", issued=w.moment(4000))  # an hour later: both classifications were there
        assert found(made, Status.FAIL) >= {"label-category"}

    def test_one_that_is_dated_back_behind_the_label_changes_nothing(self) -> None:
        assert found(dated_back(), Status.FAIL) == set()
        assert replayed(dated_back()) == set()

    def test_a_certifier_may_be_named_by_his_lei(self) -> None:
        made = labelled_world(by=Lei.parse("5493001KJTIIGC8Y1R12"))
        assert found(made, Status.FAIL) == set()
        (issued,) = [f for f in checked(made)[10].findings if f.code == "label-issued"]
        assert issued.params["certifier"] == "urn:lei:5493001KJTIIGC8Y1R12"
        assert replayed(made) == set()

    def test_without_a_chain_it_is_not_checked(self) -> None:
        world = labelled_world().world
        report = verify(world.bundle(COIL), world.trust(), None)
        assert {f.code for f in report[10].findings} == {"withheld-chain"}

    @pytest.mark.parametrize(
        ("changes", "code", "kind"),
        [
            ({"maker": str(CERTIFIER)}, "label-differs", "label-differs"),
            ({"scheme": "Another"}, "label-differs", "label-differs"),
            ({"criteria": "ab" * 32}, "label-differs", "label-differs"),
            ({"category": "steel structures"}, "label-scope", "label-differs"),
            ({"category": "toys"}, "label-scope", "label-differs"),
            ({"markets": ("BR",)}, "label-claims", "recognition-missing"),
            ({"attested": ()}, "label-criterion", "label-criteria"),
            ({"uses": ("ab" * 32,)}, "label-used", "label-used"),
        ],
    )
    def test_what_the_label_may_not_say_fails(self, changes: dict[str, Any], code: str, kind: str) -> None:
        made = labelled_world(**changes)
        assert code in found(made, Status.FAIL)
        assert kind in replayed(made)

    @pytest.mark.parametrize(
        "criterion",
        [
            Criterion("footprint", profile="leafproof-partial", at_most="2000"),
            Criterion("primary share", profile="leafproof-partial", at_least="0.99"),
            Criterion("opinion", assurance="limited"),
            Criterion("labelled inputs", scheme=NAME),
            Criterion("attested", text="another text"),
        ],
    )
    def test_a_label_against_its_own_criteria_fails(self, criterion: Criterion) -> None:
        made = labelled_world(with_criteria(criterion))
        assert "label-criterion" in found(made, Status.FAIL)
        assert "label-criteria" in replayed(made)

    def test_a_criterion_without_evidence_is_not_checked_and_was_not_met(self) -> None:
        made = labelled_world(with_criteria(Criterion("footprint", profile="cbam-steel", at_most="1")))
        assert "label-evidence" in found(made, Status.NOT_CHECKED)
        assert "label-criteria" in replayed(made)

    def test_a_label_that_names_no_footprint_was_issued_without_one(self) -> None:
        made = labelled_world(footprints=())
        assert "label-criterion" not in found(made)
        assert "label-criteria" in replayed(made)

    def test_somebody_elses_statement_is_no_label(self) -> None:
        made = labelled_world()
        made.put("labels", certifier=made.owner.address)
        assert "label-differs" in found(made, Status.FAIL)

    @pytest.mark.parametrize("member", ["start", "until"])
    def test_a_certifier_who_was_not_accredited_then_is_found(self, member: str) -> None:
        made = labelled_world()
        made.put("accreditations", **{member: made.label.issued.block_time + (1 if member == "start" else 0)})
        assert "label-unaccredited" in found(made, Status.FAIL)
        assert "label-unaccredited" in replayed(made)

    def test_an_accreditation_for_another_certifier_is_none(self) -> None:
        assert "label-unaccredited" in found(labelled_world(accredited={"certifier": str(STEEL)}), Status.FAIL)

    def test_an_accreditation_that_ended_later_was_one(self) -> None:
        made = labelled_world()
        made.put("accreditations", ended=made.world.tick())
        assert "label-unaccredited" not in found(made)

    def test_a_label_of_another_time_is_a_warning(self) -> None:
        made = labelled_world(start="2018-06-01T00:00:00Z")
        assert "label-time" in found(made, Status.WARNING)

    def test_a_statement_that_no_chain_knows_is_a_warning(self) -> None:
        made = labelled_world()
        made.world.labelling["labels"] = {}
        assert found(made, Status.WARNING) == {"label-missing"}

    def test_a_label_without_its_statement_fails(self) -> None:
        made = labelled_world()
        made.put("labels", statement=b"\x01" * 32)
        assert "label-unstated" in found(made, Status.FAIL)


class TestEnd:
    @pytest.mark.parametrize("status", [LabelStatus.SUSPENDED, LabelStatus.REVOKED])
    def test_it_is_said_with_its_reason(self, status: LabelStatus) -> None:
        made = labelled_world()
        made.end(status, "Another mill was audited")
        (finding,) = [f for f in checked(made)[10].findings if f.code == "label-ended"]
        assert finding.status is Status.WARNING
        assert finding.text().endswith(": Another mill was audited")
        assert replayed(made) == set()

    def test_a_label_that_rests_on_one_that_counted_is_good(self) -> None:
        made = labelled_world()
        section_label(made, (made.label.label.hex(),))
        made.end(LabelStatus.REVOKED, "later")
        assert "label-used" not in found(made, lot=TOWER)
        assert "label-used" not in replayed(made)

    def test_a_label_used_after_its_revocation_is_found(self) -> None:
        made = labelled_world()
        made.end(LabelStatus.REVOKED, "before")
        section_label(made, (made.label.label.hex(),))
        assert "label-used" in found(made, Status.FAIL, lot=TOWER)
        assert "label-used" in replayed(made)

    def test_labelled_inputs_are_all_of_them(self) -> None:
        made = labelled_world(with_criteria(Criterion("labelled inputs", scheme=NAME)))
        section_label(made, (made.label.label.hex(),))
        mine = [f for f in checked(made, TOWER)[10].findings if f.subject == str(TOWER)]
        assert "label-met" in {f.code for f in mine}
        section_label(made, ())
        assert "label-criterion" in {f.code for f in checked(made, TOWER)[10].findings if f.subject == str(TOWER)}


class TestMarkets:
    def test_it_counts_where_it_is_recognised_and_nowhere_else(self) -> None:
        made = labelled_world()
        assert asked(made, "EU") == {"label-recognised"}
        assert asked(made, "CN") == asked(made, "BR") == {"label-unrecognised"}

    def test_a_reader_may_ask_for_one(self) -> None:
        world = labelled_world().world

        def found_in(market: str) -> set[str]:
            report = verify(world.bundle(COIL), world.trust(), world.view(), market=market)
            return {f.code for f in report[10].findings if f.status is not Status.PASS}

        assert found_in("EU") == set()
        assert found_in("BR") == {"label-unrecognised"}

    def test_a_market_may_accept_less_than_certificates(self) -> None:
        made = labelled_world(recognised={"accepts": ("test report",)})
        assert asked(made, "EU") == {"label-partly"}

    @pytest.mark.parametrize("category", ["", GOODS])
    def test_for_all_goods_or_for_its_own(self, category: str) -> None:
        assert asked(labelled_world(recognised={"category": category}), "EU") == {"label-recognised"}

    def test_not_for_other_goods(self) -> None:
        assert asked(labelled_world(recognised={"category": "toys"}), "EU") == {"label-unrecognised"}

    def test_not_after_its_end_nor_before_its_start(self) -> None:
        assert asked(labelled_world(recognised={"start": "2018-12-01T00:00:00Z"}), "EU") == {"label-unrecognised"}
        made = labelled_world()
        made.put("recognitions", ended=made.world.tick())
        assert asked(made, "EU") == {"label-unrecognised"}

    @pytest.mark.parametrize("changes", [{"accepted": 15}, {"agreement": b"\x01" * 32}, {"until": 1_600_000_000}])
    def test_without_its_agreement_it_is_none(self, changes: dict[str, Any]) -> None:
        made = labelled_world()
        made.put("recognitions", **changes)
        assert asked(made, "EU") == {"label-agreement"}
        assert "recognition-missing" in replayed(made)

    def test_a_claimed_market_that_agreed_later_is_none(self) -> None:
        made = labelled_world(markets=("EU",))
        assert "label-claims" not in found(made)
        made.put("recognitions", moment=made.world.tick())
        assert "label-claims" in found(made, Status.FAIL)


def test_a_label_is_for_its_makers_lot_alone() -> None:
    made = labelled_world()
    made.put("labels", subject=lot_id(made.world.fabricator.address, COIL))
    assert "label-missing" in found(made, Status.WARNING)
