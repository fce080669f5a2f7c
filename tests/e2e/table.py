"""The table of lies and of who catches them (docs/tampering.md): read off the tests, so that it says what is tried.

`LEAFPROOF_WRITE_DOCS=1` writes it anew.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])
ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "tampering.md"
BEGIN, END = "<!-- the table: tests/e2e/table.py -->", "<!-- end of the table -->"

# Lies that need no real database, chain or process: told in memory, in tests that are there for the reader's code.
ELSEWHERE = (
    ("a byte of a bundle, any bit of it", "verify", "tests/unit/test_verification.py",
     "test_no_changed_bit_of_a_bundle_verifies_or_crashes"),
    ("a disclosed member of another statement", "verify: check 3", "tests/unit/test_verification.py",
     "test_a_disclosure_of_another_statement"),
    ("a record that the lot has moved on from", "verify: check 6", "tests/unit/test_verification.py",
     "test_a_record_that_the_chain_has_moved_on_from"),
    ("a frame left out of a bundle", "verify: checks 7 and 8", "tests/unit/test_verification.py",
     "test_a_missing_frame"),
    ("activity data that the readings do not give", "verify: check 8; replay: activity-differs",
     "tests/unit/test_replay.py", "test_activity_that_the_readings_do_not_give"),
    ("an estimate that the metering plan's method does not give", "verify: check 8; replay: activity-differs",
     "tests/unit/test_estimating.py", "test_about_what_the_method_gives"),
    ("an estimate of a time that was read, or of a longer gap than the metering plan allows",
     "verify: check 8, and of the gap check 7, on the page too; replay: activity-differs",
     "tests/unit/test_estimating.py", "test_about_more_than_the_plan_lets_be_estimated"),
    ("an estimate of what a frame read that the record leaves out, or that was kept back until after it",
     "verify: check 8; replay: activity-differs",
     "tests/unit/test_estimating.py", "test_is_found_by_frames_that_came_after_it"),
    ("the second half of a run left out, and estimated by the first", "verify: checks 7 and 8; replay: activity-differs",
     "tests/unit/test_estimating.py", "test_of_a_run_whose_second_half_is_left_out"),
    ("a standstill of no time that chooses an estimate's neighbour", "verify: check 8; replay: activity-differs",
     "tests/unit/test_estimating.py", "test_by_the_neighbour_that_a_standstill_chooses"),
    ("a way to estimate that was stated after the gap was seen", "verify: check 7, on the page too; replay: plan",
     "tests/unit/test_estimating.py", "test_by_a_plan_that_was_not_there_when_the_run_opened"),
    ("simulated readings of one carrier called recorded", "verify: check 7; replay: evidence",
     "tests/unit/test_simulated.py", "test_a_point_that_is_called_better_than_its_frames_fails"),
    ("a tonne more than the scale weighed", "verify: check 8; replay: weighed-differs", "tests/unit/test_weighing.py",
     "test_a_lie_about_it"),
    ("sub-meters that lack more than the plan allows, or an invoice of more than was metered",
     "verify: check 7 warns; replay: meters-differ", "tests/unit/test_reconciled.py",
     "test_outside_of_it_is_a_warning_and_a_discrepancy"),
    ("one weighing for two lots", "replay: weighed-twice", "tests/unit/test_weighing.py",
     "test_one_weighing_for_two_lots"),
    ("energy of gas told by another calorific value than the one read", "verify: check 8; replay: activity-differs",
     "tests/unit/test_plant.py", "test_told_otherwise"),
    ("a footprint made smaller", "verify: check 8; replay: footprint-differs", "tests/unit/test_replay.py",
     "test_a_footprint_made_smaller"),
    ("a factor swapped, a stage or a gas left out, an allocation changed, a generation factor passed off as complete",
     "verify: check 8, on the page too; replay: footprint-differs", "tests/unit/test_periods.py",
     "test_a_lie_in_a_footprint"),
    ("certificates of another lot, more than are claimed, one twice, another source's factor, what was rejected",
     "verify: checks 8 and 10, on the page too; replay: claim-lacking, footprint-differs", "tests/unit/test_market.py",
     "test_a_lie_about_certificates"),
    ("an energy period with less energy, a lot left out, or a lot that weighs more", "replay: energy-period",
     "tests/unit/test_periods.py", "test_a_lie_in_a_period"),
    ("a run entered after its plant's energy was shared out", "replay: energy-period", "tests/unit/test_periods.py",
     "test_a_run_entered_later_would_be_counted_twice"),
    ("a line's meter left out", "replay: evidence", "tests/unit/test_replay.py", "test_a_line_meter_left_out"),
    ("two frames for one place", "replay: equivocation", "tests/unit/test_replay.py",
     "test_an_equivocating_gateway"),
    ("a frame that does not continue the last", "replay: frame-chain", "tests/unit/test_replay.py",
     "test_a_frame_that_does_not_continue_the_last"),
    ("a gateway's key under a batch record", "replay: key", "tests/unit/test_replay.py",
     "test_a_gateway_signing_a_batch_record"),
    ("a bad lot left out of a declared footprint, a good one made heavier, the mean made smaller",
     "replay: declared-incomplete, declared-differs; verify: check 8", "tests/unit/test_declared.py",
     "test_recomputes_it_from_all_lots_of_the_log"),
    ("two declared footprints for one time, or a bad month dropped by a newer one",
     "replay: two-declared; verify: check 6", "tests/unit/test_declared.py", "test_that_is_a_second_answer_is_caught"),
    ("a record, or a factor, changed without a word", "replay: correction-hidden; verify: a warning of check 6",
     "tests/unit/test_correction.py", "test_catches_one_that_was_hidden"),
    ("a correction that names other statements, or another's lot", "replay: correction-differs",
     "tests/unit/test_correction.py", "test_catches_one_that_names_other_statements"),
    ("a stage after the gate made smaller", "replay: stage-differs; verify: check 8",
     "tests/unit/test_lifecycle.py", "test_fails_at_a_lie_as_replay_does"),
    ("an opinion on another number, on a part of the period, by the operator himself, or twice",
     "server: refused; replay: opinion-differs, opinion-own, two-opinions; verify: check 10",
     "tests/unit/test_opinion.py", "test_is_caught"),
    ("an adverse opinion superseded by somebody else", "replay: two-opinions; verify: check 10",
     "tests/unit/test_opinion.py", "test_nobody_takes_back_anothers"),
    ("a head set back in the database", "fsck: head", "tests/integration/log/test_fsck.py",
     "test_a_head_that_was_set_back"),
    ("a log that does not contain the head that the chain holds", "anchorer: the log is stopped",
     "tests/integration/anchor/test_anchorer.py",
     "test_a_log_that_does_not_contain_the_held_head_is_stopped_until_it_does"),
    ("an event that a node makes up", "the chain's reader, for verify and replay", "tests/integration/anchor/test_chain_reader.py",
     "test_a_node_that_makes_up_an_event_is_not_believed"),
    ("two histories of one log, both with the log's real key", "a witness: alarm; verify: check 5; replay: split-view",
     "tests/integration/checkpoints/test_witness.py",
     "test_two_roots_of_one_size_are_never_both_cosigned_and_the_alarm_stays"),
    ("another history for the public than for the witness", "a witness that follows: alarm",
     "tests/integration/checkpoints/test_witness.py",
     "test_whoever_follows_catches_a_log_that_shows_others_another_history"),
)  # fmt: skip


def caught_by(lie: str, detectors: str) -> Callable[[F], F]:
    """Says of a test which lie it tells, and who catches it there."""
    assert lie and detectors
    return lambda test: test


def rows() -> list[tuple[str, str, str, str]]:
    """(lie, detectors, path, test), those of this folder first."""
    found = []
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "caught_by":
                        lie, detectors = (ast.literal_eval(argument) for argument in mark.args)
                        found.append((lie, detectors, path.relative_to(ROOT).as_posix(), node.name))
    return [*found, *ELSEWHERE]


def table() -> str:
    """As it stands in the document."""
    lines = ["| lie | caught by | tried in |", "|---|---|---|"]
    for lie, detectors, path, test in rows():
        lines.append(f"| {lie} | {detectors} | [{test}](../{path}) |")
    return "\n".join(lines)
