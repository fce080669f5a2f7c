"""The eleven checks on an honest bundle, and on one lie each."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from leafproof import body, clock, frame
from leafproof.bundle import Bundle
from leafproof.chain.view import Consumption, Custody, Operator, Retirement, Role, lot_id
from leafproof.envelope import Header, sign
from leafproof.errors import LeafproofError
from leafproof.footprint import Footprint
from leafproof.keys import _P256_ORDER, SigningKey
from leafproof.replay import export
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.support import world as w
from tests.support.world import COIL, TOWER, Places, World


@pytest.fixture(scope="module")
def made() -> tuple[World, Places]:
    return w.honest_world()


def statuses(report: Report) -> dict[int, Status]:
    return {c.number: c.status for c in report.checks}


def codes(report: Report, number: int) -> set[str]:
    return {f.code for f in report[number].findings if f.status is Status.FAIL}


def grades(report: Report) -> set[tuple[str, str]]:
    """Of each metering point, its evidence grade."""
    found = (f.params for f in report[7].findings if f.code == "evidence-grade")
    return {(one["points"], one["grade"]) for one in found}


def changed(bundle: Bundle, index: int, **parts: object) -> Bundle:
    items = tuple(replace(i, **parts) if i.index == index else i for i in bundle.items)
    return replace(bundle, items=items)


class TestAnHonestBundle:
    def test_passes_with_warnings_for_what_is_only_declared(self, made: tuple[World, Places]) -> None:
        world, _ = made
        report = verify(world.bundle(), world.trust(), world.view())
        assert report.exit_code == 0
        assert report.status is Status.WARNING
        assert report.verdict() == (
            "Records intact and recomputed; independent verification: none; meters self-declared; chain: development"
        )
        assert "quantity-declared" in {f.code for f in report[7].findings}

    def test_survives_its_own_file_form(self, made: tuple[World, Places]) -> None:
        bundle = made[0].bundle()
        assert Bundle.decode(bundle.encode()) == bundle

    def test_without_frames_says_what_was_withheld(self, made: tuple[World, Places]) -> None:
        world, _ = made
        report = verify(world.bundle(bodies=False), world.trust(), world.view())
        assert report.exit_code == 4
        assert statuses(report)[7] is statuses(report)[8] is Status.NOT_CHECKED
        assert statuses(report)[5] is Status.PASS

    def test_offline_names_the_checks_that_need_the_chain(self, made: tuple[World, Places]) -> None:
        world, _ = made
        report = verify(world.bundle(), world.trust(), None)
        assert report.exit_code == 4
        assert "not checked: 1, 5, 6, 9" in report.verdict()

    def test_not_yet_anchored_is_an_exit_code_of_its_own(self) -> None:
        world, _ = w.honest_world()
        bundle = world.bundle()
        world.anchors.pop()
        assert verify(bundle, world.trust(), world.view()).exit_code == 3

    def test_an_attested_meter_is_said_to_be_attested(self, made: tuple[World, Places]) -> None:
        world, at = made
        registrar = b"\xcc" * 20
        view = world.view()
        keys = {k: replace(v, attested_by=(registrar,)) for k, v in view.keys.items()}
        trust = world.trust()
        trust = msgspec.structs.replace(trust, registrars=["0x" + registrar.hex()])
        view = replace(view, keys=keys)
        assert "meters attested" in verify(world.bundle(), trust, view).verdict()
        assert grades(verify(world.bundle(), trust, view)) == {("rolling", "attested meter")}
        assert grades(verify(world.bundle(), world.trust(), view)) == {("rolling", "self-declared meter")}
        assert "meters attested" in verify(world.bundle(bodies=False), trust, view).verdict()
        without = changed(world.bundle(bodies=False), at.steel_plan, body=None)
        assert "meters self-declared" in verify(without, trust, view).verdict()

    def test_one_strangers_attested_frame_attests_no_meter(self) -> None:
        world, _ = w.honest_world()
        registrar, other = b"\xcc" * 20, w.Party(w.gln("400123450001"), w.gln("400123450002"), b"\xc3" * 20)
        world.register(other, other.gateway, Role.GATEWAY, other.gateway_uri)
        stranger = other.gateway.public.key_id
        world.keys[stranger] = replace(world.keys[stranger], attested_by=(registrar,))
        content = frame.FrameContent(str(other.facility), [], [w.START], None)
        index = w.log_frame(world, other, 0, frame.encode_body(other.facility, content))
        world.anchor()
        view = world.view()
        named = Operator(other.address, other.uri, w.moment(2))
        view = replace(view, operators={**view.operators, other.address: named})
        trust = msgspec.structs.replace(world.trust(), registrars=["0x" + registrar.hex()])
        bundle = world.bundle()
        meters = {p.gateway.public.key_id for p in (world.steel, world.fabricator)}
        items = [i for i in bundle.items if world.entries[i.index].parsed.key_id not in meters]
        assert index in {i.index for i in items}
        forged = replace(bundle, items=tuple(items), keys=(*bundle.keys, other.gateway.public.cose))
        report = verify(forged, trust, view)
        assert report.exit_code == 4
        assert "meters self-declared" in report.verdict()


class TestEachLieFailsItsCheck:
    def test_a_byte_of_an_envelope(self, made: tuple[World, Places]) -> None:
        world, at = made
        raw = bytearray(world.entries[at.coil].envelope)
        raw[-1] ^= 1
        report = verify(changed(world.bundle(), at.coil, envelope=bytes(raw)), world.trust(), world.view())
        assert codes(report, 2) == {"signature-invalid"}
        assert codes(report, 4) == {"not-included"}

    def test_the_same_signature_in_its_other_form(self, made: tuple[World, Places]) -> None:
        world, at = made
        raw = world.entries[at.coil].envelope
        s = _P256_ORDER - int.from_bytes(raw[-32:], "big")
        twin = raw[:-32] + s.to_bytes(32, "big")
        report = verify(changed(world.bundle(), at.coil, envelope=twin), world.trust(), world.view())
        assert codes(report, 2) == {"signature-invalid"}

    def test_a_byte_of_a_body(self, made: tuple[World, Places]) -> None:
        world, at = made
        raw = bytearray(world.entries[at.factors].body or b"")
        raw[-3] ^= 1
        report = verify(changed(world.bundle(), at.factors, body=bytes(raw)), world.trust(), world.view())
        assert codes(report, 3) == {"disclosure-differs"}

    def test_a_disclosure_of_another_statement(self, made: tuple[World, Places]) -> None:
        world, at = made
        foreign = world.entries[at.tower].disclosures
        report = verify(changed(world.bundle(), at.coil, disclosures=foreign), world.trust(), world.view())
        assert codes(report, 3) == {"disclosure-differs"}

    def test_a_record_resigned_with_the_real_key(self, made: tuple[World, Places]) -> None:
        world, at = made
        forged, _ = w.honest_world()
        forged.steel, record = world.steel, w.coil_record(world, at.steel_plan, "19.4")
        index = w.log_record(forged, world.steel, record)
        entry = forged.entries[index]
        bundle = changed(
            world.bundle(), at.coil, envelope=entry.envelope, body=entry.body, disclosures=entry.disclosures
        )
        report = verify(bundle, world.trust(), world.view())
        assert codes(report, 2) == set()
        assert codes(report, 4) == {"not-included"}

    def test_another_chain_with_the_same_contracts(self, made: tuple[World, Places]) -> None:
        world, _ = made
        trust = world.trust()
        trust = msgspec.structs.replace(trust, chain_id=1)
        assert codes(verify(world.bundle(), trust, world.view()), 5) == {"other-chain"}

    def test_a_head_that_the_chain_does_not_hold(self, made: tuple[World, Places]) -> None:
        world, _ = made
        view = world.view()
        logs = {
            k: replace(v, heads=tuple(replace(h, root=bytes(32)) for h in v.heads)) for k, v in view.logs.items()
        }
        assert codes(verify(world.bundle(), world.trust(), replace(view, logs=logs)), 5) == {"head-unknown"}

    def test_a_key_nobody_registered(self, made: tuple[World, Places]) -> None:
        world, _ = made
        view = world.view()
        keys = {k: v for k, v in view.keys.items() if k != world.steel.key.public.key_id}
        assert "key-unknown" in codes(verify(world.bundle(), world.trust(), replace(view, keys=keys)), 1)

    def test_a_key_registered_under_another_companys_name(self) -> None:
        for party, key in (("steel", "key"), ("steel", "gateway")):
            world, _ = w.honest_world()
            key_id = getattr(getattr(world, party), key).public.key_id
            world.keys[key_id] = replace(world.keys[key_id], operator=world.fabricator.address)
            assert "key-name" in codes(verify(world.bundle(), world.trust(), world.view()), 1)

    def test_a_key_compromised_before_the_anchor_but_not_one_after(self, made: tuple[World, Places]) -> None:
        world, _ = made
        view, key_id = world.view(), world.steel.gateway.public.key_id
        for block, expected in ((5, {"key-compromised"}), (10_000, set())):
            keys = {**view.keys, key_id: replace(view.keys[key_id], compromised=w.moment(block))}
            assert codes(verify(world.bundle(), world.trust(), replace(view, keys=keys)), 1) == expected

    def test_a_statement_anchored_while_its_operator_was_removed(self, made: tuple[World, Places]) -> None:
        world, at = made
        view, address = world.view(), world.steel.address
        anchor = view.logs[w.LOG.log_id].first_covering(at.coil)
        assert anchor
        number = anchor.moment.block_number
        first = replace(view.operators[address], removed=w.moment(number))
        for again, expected in ((number + 1, {"key-operator"}), (number, set())):
            operator = Operator(address, first.identifier, w.moment(again), before=(first,))
            shown = replace(view, operators={**view.operators, address: operator})
            assert codes(verify(world.bundle(COIL), world.trust(), shown), 1) == expected

    def test_a_retired_keys_honest_backlog_passes_and_more_does_not(self, made: tuple[World, Places]) -> None:
        world, _ = made
        view, key_id = world.view(), world.steel.gateway.public.key_id
        for last, expected in ((5, set()), (4, {"key-retired"})):
            retired = Retirement(1, last, w.moment(5))
            keys = {**view.keys, key_id: replace(view.keys[key_id], retired=retired)}
            assert codes(verify(world.bundle(), world.trust(), replace(view, keys=keys)), 1) == expected

    def test_a_record_that_the_chain_has_moved_on_from(self) -> None:
        world, at = w.honest_world()
        bundle = world.bundle()
        newer = w.coil_record(world, at.steel_plan, "19.4", supersedes=world.id(at.coil))
        world.supersede(world.steel, COIL, w.log_record(world, world.steel, newer))
        report = verify(bundle, world.trust(), world.view())
        assert codes(report, 6) == {"superseded"}

    def test_a_lot_between_its_anchor_and_its_mint(self) -> None:
        world, _ = w.honest_world()
        del world.lots[lot_id(world.fabricator.address, TOWER)]
        report = verify(world.bundle(), world.trust(), world.view())
        assert (report.exit_code, report.status) == (3, Status.PENDING)
        late = verify(world.bundle(), world.trust(), w.later(world.view()))
        assert (late.exit_code, codes(late, 6)) == (1, {"lot-missing"})

    def test_an_input_lot_between_its_anchor_and_its_mint(self) -> None:
        world, _ = w.honest_world()
        del world.lots[lot_id(world.steel.address, COIL)]
        assert verify(world.bundle(), world.trust(), world.view()).exit_code == 3
        assert verify(world.bundle(), world.trust(), w.later(world.view())).exit_code == 1

    def test_a_missing_frame(self, made: tuple[World, Places]) -> None:
        world, _ = made
        frames = w.frames_by(world, world.steel)
        bundle = world.bundle()
        items = tuple(i for i in bundle.items if i.index != frames[2])
        report = verify(replace(bundle, items=items), world.trust(), world.view())
        assert codes(report, 7) == {"frame-gap", "metering-gap"}
        assert codes(report, 8) == {"activity-differs"}

    def test_activity_that_the_readings_do_not_give(self) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan)
        assert record.activity
        less = tuple(msgspec.structs.replace(a, quantity="12.000") for a in record.activity)
        lie = msgspec.structs.replace(record, activity=less, supersedes=world.id(at.coil))
        index = w.log_record(world, world.steel, lie)
        w.log_footprint(world, world.steel, lie, index, at.factors)
        world.anchor()
        world.supersede(world.steel, COIL, index)
        report = verify(world.bundle(COIL), world.trust(), world.view())
        assert codes(report, 8) == {"activity-differs"}

    def test_a_footprint_made_smaller(self) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan)
        true = w.footprint_of(record, world.id(at.coil), world.id(at.factors))
        lie = msgspec.structs.replace(true, per_tonne="1999.000")
        data, disclosed = lie.issue(world.steel.key, world.steel.uri)
        world.state(world.steel, COIL.urn, body.FOOTPRINT, data, *disclosed.values())
        world.anchor()
        assert codes(verify(world.bundle(COIL), world.trust(), world.view()), 8) == {"footprint-differs"}

    def test_an_input_without_its_owners_transfer(self) -> None:
        world, _ = w.honest_world(spend=False)
        report = verify(world.bundle(TOWER), world.trust(), world.view())
        assert codes(report, 9) == {"input-unspent"}

    def test_an_input_left_out(self, made: tuple[World, Places]) -> None:
        world, at = made
        bundle = world.bundle()
        items = tuple(i for i in bundle.items if i.index not in (at.coil, at.coil_footprint))
        report = verify(replace(bundle, items=items), world.trust(), world.view())
        assert codes(report, 9) == {"input-missing"}

    def test_another_operators_gateway(self) -> None:
        world, _ = w.honest_world()
        key_id = world.fabricator.gateway.public.key_id
        world.keys[key_id] = replace(world.keys[key_id], operator=world.steel.address)
        report = verify(world.bundle(), world.trust(), world.view())
        assert "gateway-foreign" in codes(report, 7)


class TestALotIsItsMakers:
    def test_an_input_of_the_same_name_by_another_operator_is_checked_for_itself(self) -> None:
        world, _ = w.fabricators_own_coil("1.000")
        report = verify(world.bundle(TOWER), world.trust(), world.view())
        assert "activity-differs" in codes(report, 8)
        assert "input-maker" in codes(report, 9)

    def test_two_operators_records_of_the_lot_itself(self) -> None:
        world, _ = w.fabricators_own_coil("1.000")
        assert "two-makers" in codes(verify(world.bundle(COIL), world.trust(), world.view()), 0)

    def test_a_footprint_of_somebody_elses_record(self) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan)
        w.log_footprint(world, world.fabricator, record, at.coil, at.factors)
        world.anchor()
        assert codes(verify(world.bundle(COIL), world.trust(), world.view()), 6) == {"footprint-foreign"}

    def test_two_footprints_of_one_record(self) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan)
        w.log_footprint(world, world.steel, record, at.coil, at.factors)
        world.anchor()
        assert codes(verify(world.bundle(COIL), world.trust(), world.view()), 6) == {"footprint-fork"}

    def test_a_footprint_that_supersedes_is_no_second_one(self) -> None:
        world, at = w.honest_world()
        record, first = w.coil_record(world, at.steel_plan), world.id(at.coil_footprint)
        w.log_footprint(world, world.steel, record, at.coil, at.factors, supersedes=first)
        world.anchor()
        assert verify(world.bundle(COIL), world.trust(), world.view()).exit_code == 0

    def test_a_lie_that_was_corrected_after_it_had_been_used(self) -> None:
        world, at = w.honest_world(coil_activity="1.000")
        true = w.coil_record(world, at.steel_plan, supersedes=world.id(at.coil))
        index = w.log_record(world, world.steel, true)
        world.anchor()
        world.supersede(world.steel, COIL, index)
        assert "activity-differs" in codes(verify(world.bundle(TOWER), world.trust(), world.view()), 8)

    def test_an_input_that_the_chain_holds_as_spent_and_the_record_leaves_out(self) -> None:
        world, _ = w.honest_world()
        known = world.lots[lot_id(world.fabricator.address, TOWER)]
        hidden = Consumption(b"\x77" * 32, 10**17)
        world.lots[known.lot_id] = replace(known, inputs=(*known.inputs, hidden))
        assert codes(verify(world.bundle(TOWER), world.trust(), world.view()), 9) == {"input-unstated"}

    @pytest.mark.parametrize(
        ("tower", "coil", "found"),
        [
            (Custody.NOT_STATED, Custody.BOOK_AND_CLAIM, {"custody-book-and-claim"}),
            (Custody.IDENTITY_PRESERVED, Custody.NOT_STATED, set()),
            (Custody.SEGREGATED, Custody.SEGREGATED, set()),
            (Custody.SEGREGATED, Custody.IDENTITY_PRESERVED, set()),
            (Custody.IDENTITY_PRESERVED, Custody.SEGREGATED, {"custody-stricter"}),
            (Custody.CONTROLLED_BLENDING, Custody.MASS_BALANCE, {"custody-stricter", "custody-mass-balance"}),
            (Custody.MASS_BALANCE, Custody.BOOK_AND_CLAIM, {"custody-stricter", "custody-mass-balance",
                                                            "custody-book-and-claim"}),
            (Custody.BOOK_AND_CLAIM, Custody.SEGREGATED, {"custody-book-and-claim"}),
        ],
    )  # fmt: skip
    def test_a_chain_of_custody_is_flagged_and_never_stricter_than_the_inputs(
        self, tower: Custody, coil: Custody, found: set[str]
    ) -> None:
        world, _ = w.honest_world()
        for lot, maker, model in ((TOWER, world.fabricator, tower), (COIL, world.steel, coil)):
            known = world.lots[lot_id(maker.address, lot)]
            world.lots[known.lot_id] = replace(known, custody=model)
        said = verify(world.bundle(TOWER), world.trust(), world.view())[9].findings
        assert {finding.code for finding in said if finding.code.startswith("custody-")} == found

    def test_an_input_named_twice_and_spent_once(self) -> None:
        world, _ = w.honest_world(coil_lines=2)
        assert codes(verify(world.bundle(TOWER), world.trust(), world.view()), 9) == {"input-shares"}


class TestTheMeteringPlan:
    def test_of_another_operator_or_facility(self) -> None:
        world, at = w.honest_world()
        foreign = w.coil_record(world, at.workshop_plan, supersedes=world.id(at.coil))
        index = w.log_record(world, world.steel, foreign)
        first = world.id(at.coil_footprint)
        w.log_footprint(world, world.steel, foreign, index, at.factors, supersedes=first)
        world.anchor()
        world.supersede(world.steel, COIL, index)
        report = verify(world.bundle(COIL, bodies=False), world.trust(), world.view())
        assert codes(report, 7) == {"plan-foreign"}

    def test_that_is_valid_only_after_the_run_opened(self) -> None:
        world, _ = w.honest_world(valid_from="2018-01-02T00:30:00Z")
        report = verify(world.bundle(COIL), world.trust(), world.view())
        assert codes(report, 7) == {"plan-later"}


class TestWhatARecordCallsItsReadings:
    def test_a_mode_stronger_than_its_frames(self) -> None:
        report = self.corrected(mode="live")
        assert codes(report, 7) == {"mode-differs"}

    def test_a_carrier_that_the_metering_plan_does_not_have(self) -> None:
        assert "carrier-differs" in codes(self.corrected(carrier="steel-slab"), 8)

    def corrected(self, mode: str = "recorded", carrier: str = "electricity") -> Report:
        world, at = w.honest_world()
        true = w.coil_record(world, at.steel_plan, supersedes=world.id(at.coil))
        activity = tuple(msgspec.structs.replace(a, carrier=carrier) for a in true.activity or ())
        lie = msgspec.structs.replace(true, mode=mode, activity=activity)
        index = w.log_record(world, world.steel, lie)
        world.anchor()
        world.supersede(world.steel, COIL, index)
        return verify(world.bundle(COIL), world.trust(), world.view())

    def test_a_factor_of_another_thing_is_refused_or_said(self) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan)

        def calculated(electricity: str, subject: str) -> Footprint:
            lines = tuple(msgspec.structs.replace(i, material=subject) for i in record.inputs or ())
            facts = msgspec.structs.replace(record, inputs=lines)
            return w.footprint_of(facts, "", "", by_subject={"electricity": electricity, subject: "slab"})

        with pytest.raises(LeafproofError, match="slab is a factor of material"):
            calculated("slab", "steel-slab")
        assert "slab: a factor of steel-slab, used for copper" in calculated("grid", "copper").flags
        assert not any("used for" in flag for flag in calculated("grid", "steel-slab").flags)


class TestHostileInput:
    def test_a_reading_in_a_unit_without_an_exact_form_is_a_finding(self) -> None:
        world, at = w.honest_world()
        reading = frame.Reading("rolling", w.START + 7200, w.Decimal(1), "J")  # while the coil was rolled
        record = w.coil_record(world, at.steel_plan)
        data = frame.encode_body(w.PLANT, frame.FrameContent(str(w.PLANT), frame.group([reading]), [], None))
        last = w.log_frame(world, world.steel, 6, data)
        activity = tuple(msgspec.structs.replace(a, last_index=last) for a in record.activity or ())
        newer = msgspec.structs.replace(record, activity=activity, supersedes=world.id(at.coil))
        index = w.log_record(world, world.steel, newer)
        world.anchor()
        world.supersede(world.steel, COIL, index)
        report = verify(world.bundle(COIL), world.trust(), world.view())
        assert "not-computable" in codes(report, 7) & codes(report, 8)

    @pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "٢٠١٨-01-01T00:00:00Z"])
    def test_a_time_that_no_calendar_has_everywhere_is_refused(self, text: str) -> None:
        with pytest.raises(LeafproofError):
            clock.utc_seconds(text, "opened")

    def test_times_beyond_the_calendar_are_refused_in_envelopes_and_frames(self) -> None:
        key = SigningKey.generate()
        with pytest.raises(LeafproofError):
            sign(key, Header("x", "y", clock.LATEST, body.FOOTPRINT, w.LOG), b"")
        reading = frame.Reading("rolling", clock.LATEST, w.Decimal(1), "kWh")
        data = frame.encode_body(w.PLANT, frame.FrameContent(str(w.PLANT), frame.group([reading]), [], None))
        with pytest.raises(LeafproofError):
            frame.decode_body(data)

    def test_readings_that_are_named_again_and_again_are_a_finding(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("leafproof.verification.reading._PASSES", -40_000)  # as if there were that many lots
        world, _ = w.honest_world()
        report = verify(world.bundle(), world.trust(), world.view())
        assert codes(report, 7) == codes(report, 8) == {"not-computable"}

    def test_a_plan_of_deeply_nested_points_is_read_in_time(self) -> None:
        world, _ = w.honest_world()
        (point,) = w.plan_of(world.steel).points
        points = [
            msgspec.structs.replace(point, point=f"p{i}", line=None, parent=f"p{i - 1}" if i else None)
            for i in range(1500)
        ]
        msgspec.structs.replace(w.plan_of(world.steel), points=tuple(points)).check()

    def test_a_point_that_a_record_names_twice_is_refused(self) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan)
        with pytest.raises(LeafproofError, match="given twice"):
            msgspec.structs.replace(record, activity=(record.activity or ()) * 2).check()

    def test_an_export_of_a_made_up_size_is_refused_at_once(self) -> None:
        manifest = export.Manifest(1, export.LogName.of(w.LOG), 2**52, {})
        with pytest.raises(LeafproofError):
            export.Manifest.decode(manifest.encode())


class TestAnyBit:
    def test_no_changed_bit_of_a_bundle_verifies_or_crashes(self, made: tuple[World, Places]) -> None:
        world, _ = made
        data = world.bundle().encode()
        trust, view = world.trust(), world.view()
        for place in range(0, len(data), 37):
            broken = bytearray(data)
            broken[place] ^= 1 << (place % 8)
            try:
                report = verify(Bundle.decode(bytes(broken)), trust, view)
            except LeafproofError:
                continue
            assert report.exit_code in (1, 3), place
