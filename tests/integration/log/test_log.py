"""The log on both databases: what goes in comes out, proven."""

from __future__ import annotations

import itertools
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from backend.access.tiers import Tier
from backend.database import reading, transaction
from backend.errors import Conflict, LogDamaged, NotFound
from backend.log import tables
from backend.log.schemas import Disclosure, NewEntry
from backend.log.service import TransparencyLog, open_log, stored_logs
from leafproof import body, tree
from leafproof.envelope import LogRef
from leafproof.errors import InvalidInput
from tests.support.storage import LOG_KEY, REF, open_test_log, statement, statements


def append(engine: Engine, log: TransparencyLog, entries: list[NewEntry]) -> list[int]:
    with transaction(engine) as connection:
        return log.append(connection, entries)


def expected_root(entries: list[NewEntry]) -> bytes:
    frontier = tree.Frontier()
    for one in entries:
        frontier.append(tree.leaf_hash(one.envelope.raw))
    return frontier.root()


class TestAppending:
    def test_a_new_log_is_the_empty_tree(self, engine: Engine) -> None:
        log = open_test_log(engine)
        with reading(engine) as connection:
            assert log.head(connection) == (0, tree.EMPTY_ROOT)
            assert log.consistency_proof(connection, 0, 0) == []

    def test_indexes_follow_each_other_over_calls_of_any_size(self, engine: Engine) -> None:
        log, entries = open_test_log(engine), statements(700)
        cuts = [0, 1, 2, 255, 256, 257, 513, 700]
        given = [i for a, b in itertools.pairwise(cuts) for i in append(engine, log, entries[a:b])]
        assert given == list(range(700))
        with reading(engine) as connection:
            assert log.head(connection) == (700, expected_root(entries))
            stored = list(log.iterate(connection))
            assert [e.envelope for e in stored] == [e.envelope.raw for e in entries]
            assert [e.index for e in log.iterate(connection, 498, 503)] == [498, 499, 500, 501, 502]

    def test_the_same_statement_keeps_its_index(self, engine: Engine) -> None:
        log, entries = open_test_log(engine), statements(5)
        append(engine, log, entries[:3])
        again = [entries[2], entries[3], entries[0], entries[3], entries[4]]
        assert append(engine, log, again) == [2, 3, 0, 3, 4]
        with reading(engine) as connection:
            assert log.head(connection) == (5, expected_root(entries))

    def test_nothing_to_append_changes_nothing(self, engine: Engine) -> None:
        log = open_test_log(engine)
        assert append(engine, log, []) == []

    def test_another_logs_statement_is_refused_and_nothing_of_its_batch_stays(self, engine: Engine) -> None:
        log = open_test_log(engine)
        foreign = statement(9, ref=LogRef(REF.chain_id, REF.contract, b"\xee" * 32))
        with pytest.raises(InvalidInput, match="another log") as caught:
            append(engine, log, [*statements(2), foreign])
        assert caught.value.field == "log"
        with reading(engine) as connection:
            assert log.size(connection) == 0

    def test_a_body_that_was_not_signed_is_refused(self, engine: Engine) -> None:
        log, one = open_test_log(engine), statement(1)
        with pytest.raises(InvalidInput) as caught:
            append(engine, log, [NewEntry(one.envelope, b"another body")])
        assert caught.value.field == "body"

    def test_a_reader_cannot_append(self, engine: Engine) -> None:
        log = open_test_log(engine)
        with pytest.raises(RuntimeError, match="transaction"), reading(engine) as connection:
            log.append(connection, statements(1))

    def test_after_a_rollback_the_log_goes_on_from_what_is_stored(self, engine: Engine) -> None:
        log, entries = open_test_log(engine), statements(12)
        append(engine, log, entries[:5])
        with pytest.raises(ZeroDivisionError), transaction(engine) as connection:
            log.append(connection, statements(300, 1000))
            raise ZeroDivisionError
        assert append(engine, log, entries[5:]) == list(range(5, 12))
        with reading(engine) as connection:
            assert log.head(connection) == (12, expected_root(entries))

    def test_what_another_process_appended_is_seen(self, engine: Engine) -> None:
        first, entries = open_test_log(engine), statements(600)
        with reading(engine) as connection:
            (second,) = stored_logs(connection)
        for start in range(0, 600, 100):
            log = second if start % 200 else first
            append(engine, log, entries[start : start + 100])
        with reading(engine) as connection:
            assert first.head(connection) == (600, expected_root(entries))

    def test_threads_take_turns(self, engine: Engine) -> None:
        log = open_test_log(engine)
        batches = [statements(20, n * 1000) for n in range(6)]
        threads = [threading.Thread(target=append, args=(engine, log, batch)) for batch in batches]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with reading(engine) as connection:
            stored = [e.envelope for e in log.iterate(connection)]
            frontier = tree.Frontier()
            for envelope in stored:
                frontier.append(tree.leaf_hash(envelope))
            assert log.head(connection) == (120, frontier.root())
        assert sorted(stored) == sorted(e.envelope.raw for batch in batches for e in batch)

    def test_a_damaged_tile_at_the_edge_stops_appending(self, engine: Engine) -> None:
        append(engine, open_test_log(engine), statements(5))
        with transaction(engine) as connection:
            connection.execute(sa.update(tables.tiles).values(hashes=b"\0" * 160))
        with pytest.raises(LogDamaged, match="do not lead to its head"):
            append(engine, open_test_log(engine), statements(1, 50))


class TestProofs:
    def test_every_entry_of_every_size_around_a_tile_is_proven(self, engine: Engine) -> None:
        log, entries = open_test_log(engine), statements(520)
        append(engine, log, entries)
        with reading(engine) as connection:
            for size in (1, 2, 255, 256, 257, 511, 512, 513, 520):
                root = log.root_at(connection, size)
                assert root == expected_root(entries[:size])
                for index in {0, size // 2, size - 1}:
                    proof = log.inclusion_proof(connection, index, size)
                    leaf = log.entry(connection, index).leaf_hash
                    tree.verify_inclusion(leaf, index, size, proof, root)
                for old in {1, size // 2 or 1, size}:
                    consistency = log.consistency_proof(connection, old, size)
                    tree.verify_consistency(old, log.root_at(connection, old), size, root, consistency)

    @pytest.mark.parametrize(("index", "size", "field"), [(5, 5, "index"), (0, 6, "size"), (-1, 5, "index")])
    def test_what_is_not_there_is_not_proven(self, engine: Engine, index: int, size: int, field: str) -> None:
        log = open_test_log(engine)
        append(engine, log, statements(5))
        with reading(engine) as connection, pytest.raises(InvalidInput) as caught:
            log.inclusion_proof(connection, index, size)
        assert caught.value.field == field


class TestBodies:
    def test_a_body_keeps_its_tier_and_its_disclosures(self, engine: Engine) -> None:
        log = open_test_log(engine)
        parts = (Disclosure(Tier.BUYER, "WyJzYWx0Iiw"), Disclosure(Tier.AUDITOR, "eyJhIjox"))
        record, frame = statement(1, disclosures=parts), statement(2, body.FRAME)
        append(engine, log, [record, frame])
        with reading(engine) as connection:
            stored = log.body(connection, 0)
            assert (stored.body, stored.tier, stored.disclosures) == (record.body, Tier.PUBLIC, parts)
            assert stored.shown_to(Tier.AUTHORITY) == ("WyJzYWx0Iiw",)
            assert log.body(connection, 1).tier is Tier.AUDITOR

    def test_a_deleted_body_leaves_the_proof_standing(self, engine: Engine) -> None:
        log, one = open_test_log(engine), statement(1)
        append(engine, log, [one])
        with transaction(engine) as connection:
            log.delete_body(connection, 0)
        append(engine, log, [one])  # and does not come back with a repetition
        with reading(engine) as connection:
            assert log.body(connection, 0).body is None
            tree.verify_inclusion(log.entry(connection, 0).leaf_hash, 0, 1, [], log.head(connection)[1])
        with transaction(engine) as connection, pytest.raises(NotFound):
            log.delete_body(connection, 0)

    def test_a_statement_may_come_without_its_body(self, engine: Engine) -> None:
        log, one = open_test_log(engine), statement(1)
        append(engine, log, [NewEntry(one.envelope, None)])
        with reading(engine) as connection:
            assert log.by_statement(connection, one.envelope.statement_id).index == 0
            with pytest.raises(NotFound):
                log.body(connection, 0)


class TestOpening:
    def test_a_log_is_found_again(self, engine: Engine) -> None:
        append(engine, open_test_log(engine), statements(3))
        again = open_test_log(engine)
        with reading(engine) as connection:
            assert again.size(connection) == 3

    def test_another_key_means_another_keys_folder(self, engine: Engine) -> None:
        open_test_log(engine)
        with pytest.raises(Conflict, match="key file"), transaction(engine) as connection:
            open_log(connection, REF, "main", 0, b"\x01" * 32)

    def test_another_contract_means_another_trust_file(self, engine: Engine) -> None:
        open_test_log(engine)
        other = LogRef(REF.chain_id, b"\xdd" * 20, REF.log_id)
        with pytest.raises(Conflict, match="another chain or contract"), transaction(engine) as connection:
            open_log(connection, other, "main", 0, LOG_KEY.public.key_id)
