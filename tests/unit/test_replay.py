"""Replay on an honest log, and on one lie each: every discrepancy has an index and a kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from leafproof import body, frame
from leafproof.chain.view import Retirement, Transfer, lot_id
from leafproof.envelope import FrameHeader, Header, sign
from leafproof.frame import Opening
from leafproof.replay.known import Known
from leafproof.replay.replay import replay
from leafproof.replay.report import ReplayReport
from leafproof.replay.source import Entry, Rollup
from tests.support import world as w
from tests.support.world import COIL, LOG, TOWER, Places, World
from tests.support.world_source import WorldSource


@pytest.fixture(scope="module")
def made() -> tuple[World, Places]:
    return w.honest_world()


def run(world: World, source: WorldSource | None = None, view: Any = None) -> ReplayReport:
    return replay(source or WorldSource.of(world), world.trust(), view or world.view())


def found(report: ReplayReport) -> set[tuple[int | None, str]]:
    return {(d.index, d.kind) for d in report.discrepancies}


def kinds(report: ReplayReport) -> set[str]:
    return {d.kind for d in report.discrepancies}


class TestEnergy:
    def test_what_a_plant_metered_is_in_lots_or_outside_runs(self) -> None:
        world, _ = w.honest_world()
        found = {e.facility: e for e in run(world).energy}
        assert set(found) == {str(world.steel.facility), str(world.fabricator.facility)}
        for party in (world.steel, world.fabricator):
            one = found[str(party.facility)]
            readings = [
                reading.value
                for index in w.frames_by(world, party)
                for series in frame.decode_body(world.entries[index].body or b"").series
                for reading in series
            ]
            assert one.metered == sum(readings) / 1000  # Wh in frames
            assert one.metered > one.lots > 0
            assert one.outside == one.metered - one.lots

    def test_what_is_withheld_has_no_balance(self) -> None:
        world, at = w.honest_world()
        for index in (w.frames_by(world, world.steel)[0], at.coil):
            source = WorldSource.of(world)
            source.entries_[index] = Entry(world.entries[index].envelope, None, ())
            assert [e.facility for e in run(world, source).energy] == [str(world.fabricator.facility)]


class TestAnHonestLog:
    def test_is_clean_and_counted(self, made: tuple[World, Places]) -> None:
        world, _ = made
        report = run(world)
        assert report.discrepancies == []
        assert (report.size, report.anchored_size, report.lots, report.readings) == (16, 16, 2, 36)
        assert report.heads == len(world.anchors)

    def test_a_tail_not_anchored_yet_is_no_discrepancy(self) -> None:
        world, _ = w.honest_world()
        w.frames_of(world, world.steel, 6, 2)
        report = run(world)
        assert report.clean and report.unanchored == 2

    def test_withheld_bodies_are_counted(self) -> None:
        world, _ = w.honest_world()
        w.frames_of(world, world.steel, 6, 1)
        source = WorldSource.of(world)
        source.entries_[-1] = Entry(world.entries[-1].envelope, None, ())
        report = run(world, source)
        assert report.clean and report.withheld == 1

    def test_nobody_is_accused_of_what_is_withheld(self, made: tuple[World, Places]) -> None:
        world, at = made
        frames = w.frames_by(world, world.steel) + w.frames_by(world, world.fabricator)
        for kind in (frames, [at.steel_plan], [at.factors], [at.coil], [at.coil_footprint], [at.tower]):
            source = WorldSource.of(world)
            for index in kind:
                source.entries_[index] = Entry(world.entries[index].envelope, None, ())
            report = run(world, source)
            assert report.discrepancies == []
            assert report.withheld == len(kind)

    def test_nobody_is_accused_of_a_member_that_is_withheld(self, made: tuple[World, Places]) -> None:
        world, at = made
        source = WorldSource.of(world)
        for index in (at.coil, at.tower, at.coil_footprint):
            entry = world.entries[index]
            source.entries_[index] = Entry(entry.envelope, entry.body, ())
        assert run(world, source).discrepancies == []

    def test_a_retired_keys_honest_backlog_passes(self, made: tuple[World, Places]) -> None:
        world, _ = made
        view, key_id = world.view(), world.steel.gateway.public.key_id
        retired = Retirement(1, 5, w.moment(5))
        keys = {**view.keys, key_id: replace(view.keys[key_id], retired=retired)}
        assert run(world, view=replace(view, keys=keys)).clean


class TestEachLieIsNamed:
    def test_a_byte_of_an_envelope(self, made: tuple[World, Places]) -> None:
        world, at = made
        source = WorldSource.of(world)
        raw = bytearray(world.entries[at.coil].envelope)
        raw[-1] ^= 1
        source.entries_[at.coil] = Entry(bytes(raw), world.entries[at.coil].body, ())
        report = run(world, source)
        assert {(at.coil, "leaf-altered"), (at.coil, "signature")} <= found(report)
        assert "root-differs" in kinds(report)

    def test_a_byte_of_a_body(self, made: tuple[World, Places]) -> None:
        world, _ = made
        source, index = WorldSource.of(world), 4
        raw = bytearray(world.entries[index].body or b"")
        raw[20] ^= 1
        source.entries_[index] = Entry(world.entries[index].envelope, bytes(raw), ())
        assert (index, "body") in found(run(world, source))

    def test_an_entry_deleted_even_with_its_hash(self, made: tuple[World, Places]) -> None:
        world, _ = made
        source = WorldSource.of(world)
        del source.entries_[5], source.leaves[5]
        report = run(world, source)
        assert {"root-differs", "log-short", "frame-gap"} <= kinds(report)

    def test_an_entry_deleted_is_named_by_the_hashes_of_the_log(self, made: tuple[World, Places]) -> None:
        world, _ = made
        source = WorldSource.of(world)
        source.entries_[5] = None
        assert (5, "missing") in found(run(world, source))

    def test_two_entries_swapped(self, made: tuple[World, Places]) -> None:
        world, _ = made
        source = WorldSource.of(world)
        source.entries_[4], source.entries_[5] = source.entries_[5], source.entries_[4]
        assert {(4, "leaf-altered"), (5, "leaf-altered")} <= found(run(world, source))

    def test_one_inserted(self, made: tuple[World, Places]) -> None:
        world, at = made
        source = WorldSource.of(world)
        source.entries_.insert(6, source.entries_[at.coil])
        report = run(world, source)
        assert (6, "leaf-altered") in found(report)
        assert "duplicate" in kinds(report)

    def test_a_record_resigned_with_the_operators_real_key(self, made: tuple[World, Places]) -> None:
        world, at = made
        forged = World(world.steel, world.fabricator, list(world.entries))
        index = w.log_record(forged, world.steel, w.coil_record(world, at.steel_plan, "19.4"))
        entry = forged.entries[index]
        source = WorldSource.of(world)
        source.entries_[at.coil] = Entry(entry.envelope, entry.body, entry.disclosures)
        source.leaves[at.coil] = forged.leaf(index)
        report = run(world, source)
        assert "root-differs" in kinds(report)
        assert "pointer-differs" in kinds(report)

    def test_two_records_for_one_lot(self) -> None:
        world, at = w.honest_world()
        second = w.log_record(world, world.steel, w.coil_record(world, at.steel_plan, "17.0"))
        world.anchor()
        report = run(world)
        assert (second, "two-records") in found(report)
        assert (second, "pointer-differs") in found(report)

    def test_a_correction_that_supersedes_is_none(self) -> None:
        world, at = w.honest_world()
        newer = w.coil_record(world, at.steel_plan, "18.5", supersedes=world.id(at.coil))
        index = w.log_record(world, world.steel, newer)
        world.anchor()
        world.supersede(world.steel, COIL, index)
        assert run(world).clean

    def test_a_rollup_changed(self, made: tuple[World, Places]) -> None:
        world, _ = made
        source = WorldSource.of(world)
        true = [
            Rollup(party.gateway.public.key_id.hex(), str(party.facility), "rolling", "Wh", "recorded", "end",
                   w.START + 900 * i, 1, str(base + 1000 * (i % 4)))
            for party, base, count in ((world.steel, 3170, 24), (world.fabricator, 500, 12))
            for i in range(count)
        ]  # fmt: skip
        source.sums = true
        assert run(world, source).clean
        source.sums = [replace(true[0], total="3171"), *true[1:]]
        assert kinds(run(world, source)) == {"rollup-differs"}
        source.sums = true[1:]
        assert kinds(run(world, source)) == {"rollup-differs"}

    def test_what_turns_out_unreadable_among_the_sums(self, made: tuple[World, Places]) -> None:
        class Spoilt(WorldSource):
            def rollups(self) -> list[Rollup] | None:
                self.told = [(None, "rollups.json is not the file that the manifest lists")]
                return super().rollups()

            def faults(self) -> list[tuple[int | None, str]]:
                return getattr(self, "told", [])

        world, _ = made
        assert kinds(run(world, Spoilt.of(world))) == {"unreadable"}

    def test_a_sequence_gap(self) -> None:
        world, _ = w.honest_world()
        w.frames_of(world, world.steel, 7, 1)
        world.anchor()
        assert (len(world.entries) - 1, "frame-gap") in found(run(world))

    def test_an_equivocating_gateway(self) -> None:
        world, _ = w.honest_world()
        content = frame.FrameContent(
            str(w.PLANT), frame.group([frame.Reading("rolling", w.START, w.Decimal(9), "kWh")]), [], None
        )
        index = w.log_frame(world, world.steel, 5, frame.encode_body(w.PLANT, content))
        world.anchor()
        assert (index, "equivocation") in found(run(world))

    def test_a_frame_that_does_not_continue_the_last(self) -> None:
        world, _ = w.honest_world()
        content = frame.FrameContent(str(w.PLANT), [], [w.START], None)
        data = frame.encode_body(w.PLANT, content)
        place = FrameHeader(1, 6, bytes(32), None, "recorded")
        steel = world.steel
        envelope = frame.sign_frame(steel.gateway, steel.gateway_uri, w.PLANT, LOG, place, data, w.START)
        index = world.log(w.Entry(envelope, data))
        assert (index, "frame-chain") in found(run(world))

    @pytest.mark.parametrize(
        ("opening", "previous", "kind"),
        [
            (Opening("restored", None, None, None, w.START), None, "gateway-restored"),  # its outbox was lost
            (Opening("crash", 1, 3, None, w.START), b"\x01" * 32, "gateway-restored"),  # an image of it came back
            (
                Opening("crash", 1, 5, None, w.START),
                b"\x01" * 32,
                "frame-chain",
            ),  # it says that it is the next one
            (Opening("crash", 1, 9, None, w.START), b"\x01" * 32, "frame-chain"),  # it names one that is missing
            (None, b"\x01" * 32, "frame-chain"),
        ],
    )
    def test_an_epoch_that_does_not_begin_where_the_last_one_ended(
        self, opening: Opening | None, previous: bytes | None, kind: str
    ) -> None:
        world, _ = w.honest_world()
        data = frame.encode_body(w.PLANT, frame.FrameContent(str(w.PLANT), [], [w.START], opening))
        place, steel = FrameHeader(2, 0, previous, None, "recorded"), world.steel
        envelope = frame.sign_frame(steel.gateway, steel.gateway_uri, w.PLANT, LOG, place, data, w.START)
        index = world.log(w.Entry(envelope, data))
        world.anchor()
        report = run(world)
        assert [(note.index, note.kind) for note in (*report.notes, *report.discrepancies)] == [(index, kind)]
        assert report.clean == (kind == "gateway-restored")

    def test_a_frame_logged_in_two_logs(self) -> None:
        world, _ = w.honest_world()
        content = frame.FrameContent(str(w.PLANT), [], [w.START], None)
        data, steel = frame.encode_body(w.PLANT, content), world.steel
        place = FrameHeader(1, 6, None, None, "recorded")
        index = world.log(
            w.Entry(frame.sign_frame(steel.gateway, steel.gateway_uri, w.PLANT, w.OTHER_LOG, place, data, 1), data)
        )
        assert (index, "other-log") in found(run(world))

    def test_a_key_compromised_before_the_anchor(self, made: tuple[World, Places]) -> None:
        world, at = made
        view, key_id = world.view(), world.steel.key.public.key_id
        keys = {**view.keys, key_id: replace(view.keys[key_id], compromised=w.moment(5))}
        assert (at.coil, "key") in found(run(world, view=replace(view, keys=keys)))

    def test_another_chain(self, made: tuple[World, Places]) -> None:
        world, _ = made
        trust = msgspec.structs.replace(world.trust(), chain_id=1)
        assert "log-unknown" in kinds(replay(WorldSource.of(world), trust, world.view()))

    def test_an_input_without_its_owners_transfer(self) -> None:
        world, at = w.honest_world(spend=False)
        assert found(run(world)) == {(at.tower, "input-unspent")}

    def test_more_given_than_held(self, made: tuple[World, Places]) -> None:
        world, _ = made
        token = lot_id(world.steel.address, COIL)
        view = world.view()
        extra = Transfer(token, world.steel.address, b"\xdd" * 20, w.SHARES, w.moment(99))
        assert kinds(run(world, view=replace(view, transfers=(*view.transfers, extra)))) == {"overdrawn"}

    def test_activity_that_the_readings_do_not_give(self) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan, supersedes=world.id(at.coil))
        assert record.activity
        less = tuple(msgspec.structs.replace(a, quantity="1.000") for a in record.activity)
        index = w.log_record(world, world.steel, msgspec.structs.replace(record, activity=less))
        assert (index, "activity-differs") in found(run(world))

    def test_a_line_meter_left_out(self) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan, supersedes=world.id(at.coil))
        index = w.log_record(world, world.steel, msgspec.structs.replace(record, activity=()))
        assert (index, "evidence") in found(run(world))

    def test_a_footprint_made_smaller(self) -> None:
        world, at = w.honest_world()
        facts = w.coil_record(world, at.steel_plan)
        true = w.footprint_of(facts, world.id(at.coil), world.id(at.factors))
        data, disclosed = msgspec.structs.replace(true, per_tonne="1.000").issue(world.steel.key, world.steel.uri)
        index = world.state(world.steel, COIL.urn, body.FOOTPRINT, data, *disclosed.values())
        assert (index, "footprint-differs") in found(run(world))

    def test_a_lot_that_the_chain_does_not_know(self) -> None:
        world, at = w.honest_world()
        del world.lots[lot_id(world.fabricator.address, TOWER)]
        assert (at.tower, "lot-missing") in found(run(world, view=w.later(world.view())))

    def test_what_stands_in_another_log_is_not_checked_unless_that_is_handed_over(self) -> None:
        first, second, chain = w.two_logs()
        alone = replay(WorldSource.of(second), second.trust(), chain)
        assert (alone.discrepancies, alone.inputs_elsewhere) == ([], 1)
        known = Known()
        for world in (first, second):
            report = replay(WorldSource.of(world), world.trust(), chain, known=known)
            assert (report.discrepancies, report.inputs_elsewhere) == ([], 0)
        nothing_spent = {k: replace(lot, inputs=()) for k, lot in chain.lots.items()}
        report = replay(WorldSource.of(second), second.trust(), replace(chain, lots=nothing_spent))
        assert kinds(report) == {"input-unspent"}

    def test_a_pointer_is_given_its_time_and_no_more(self) -> None:
        world, at = w.honest_world()
        corrected = w.coil_record(world, at.steel_plan, "18.3", supersedes=world.id(at.coil))
        second = w.log_record(world, world.steel, corrected)
        w.log_footprint(world, world.steel, corrected, second, at.factors, supersedes=world.id(at.coil_footprint))
        world.anchor()
        report = run(world)
        assert (report.clean, report.unpointed) == (True, 1)
        late = run(world, view=w.later(world.view()))
        assert (found(late), late.unpointed) == ({(second, "pointer-differs")}, 0)

    def test_an_entry_that_is_no_statement(self) -> None:
        world, _ = w.honest_world()
        source = WorldSource.of(world)
        source.entries_.append(Entry(b"\xd2\x84junk", None, ()))
        assert (source.size - 1, "malformed") in found(run(world, source))

    def test_a_gateway_signing_a_batch_record(self) -> None:
        world, at = w.honest_world()
        data, disclosed = w.coil_record(world, at.steel_plan).issue(world.steel.gateway, world.steel.gateway_uri)
        header = Header(world.steel.gateway_uri, COIL.urn, w.START, body.BATCH_RECORD, LOG)
        index = world.log(w.Entry(sign(world.steel.gateway, header, data), data, tuple(disclosed.values())))
        assert (index, "key") in found(run(world))

    def test_two_footprints_of_one_record(self) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan)
        index, _ = w.log_footprint(world, world.steel, record, at.coil, at.factors)
        assert found(run(world)) == {(index, "two-footprints")}

    def test_a_footprint_of_somebody_elses_record(self) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan)
        index, _ = w.log_footprint(world, world.fabricator, record, at.coil, at.factors)
        assert found(run(world)) == {(index, "footprint-foreign")}

    def test_a_metering_plan_that_a_newer_one_had_replaced(self) -> None:
        world, at = w.honest_world()
        w.log_plan(world, world.steel, w.plan_of(world.steel, "2018-01-01T12:00:00Z"))
        index = w.log_record(world, world.steel, w.coil_record(world, at.steel_plan, supersedes=world.id(at.coil)))
        assert found(run(world)) == {(index, "plan")}

    def test_a_metering_plan_that_was_valid_only_later(self) -> None:
        world, at = w.honest_world(valid_from="2018-01-02T00:30:00Z")
        assert {(at.coil, "plan"), (at.tower, "plan")} == found(run(world))

    def test_another_operators_gateway(self) -> None:
        world, at = w.honest_world()
        plan = msgspec.structs.replace(w.plan_of(world.fabricator), facility=str(w.PLANT))
        named = w.log_plan(world, world.steel, plan)
        index = w.log_record(world, world.steel, w.coil_record(world, named, supersedes=world.id(at.coil)))
        assert (index, "gateway-foreign") in found(run(world))

    def test_an_input_under_another_makers_name(self) -> None:
        world, at = w.honest_world()
        record = w.tower_record(world, at.workshop_plan, at.coil_footprint)
        assert record.inputs
        lines = tuple(msgspec.structs.replace(i, operator="0x" + "cc" * 20) for i in record.inputs)
        lie = msgspec.structs.replace(record, inputs=lines, supersedes=world.id(at.tower))
        assert found(run(world)) == set()
        index = w.log_record(world, world.fabricator, lie)
        assert found(run(world)) == {(index, "input-maker")}


class TestWitnesses:
    def judged(self, world: World, required: int, data: bytes | None) -> ReplayReport:
        source = replace(WorldSource.of(world), cosigned=data)
        return replay(source, w.demanding(world.trust(), required), world.view())

    def test_a_log_that_they_cosigned_is_clean(self, made: tuple[World, Places]) -> None:
        world, _ = made
        assert self.judged(world, 3, w.cosigned(world, w.WITNESSES)).clean
        assert self.judged(world, 0, None).clean

    def test_too_few_or_none_or_of_an_older_head(self, made: tuple[World, Places]) -> None:
        world, _ = made
        one = dict(list(w.WITNESSES.items())[:1])
        older = w.cosigned(world, w.WITNESSES, world.anchors[-1][0] - 1)
        for required, data in ((1, None), (2, w.cosigned(world, one)), (1, older), (1, b"no note")):
            assert found(self.judged(world, required, data)) == {(None, "unwitnessed")}

    def test_another_history_is_a_split_view_even_where_none_is_demanded(self, made: tuple[World, Places]) -> None:
        world, _ = made
        lie = w.cosigned(world, w.WITNESSES, 5, root=b"\x07" * 32)
        assert found(self.judged(world, 0, lie)) == {(4, "split-view")}
