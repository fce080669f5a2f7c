"""Leases on a real PostgreSQL: fair, taken over from the dead, and never two holders at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from backend import database
from backend.ingest.metrics import IngestMetrics
from backend.ingest.plans import LoggedPlans
from backend.ingest.service import IngestService
from backend.leases.service import LeaseLost, Leases, fair_share
from backend.leases.tables import lease_seekers, leases
from backend.log import repository as log_repository
from backend.log.service import HostedLog
from backend.log.tables import entries
from tests.support.storage import LOG_KEY, open_test_log
from tests.support.stream import KeyRing, Stream

Maker = Callable[[str, Collection[str]], Leases]
NAMES = ("0", "1", "2", "3")


@pytest.fixture
def make(postgres_engine: Engine) -> Iterator[Maker]:
    """Makes the leases of one process each, with an engine of its own, by whose sessions it is known."""
    engines: list[Engine] = []

    def made(kind: str, names: Collection[str]) -> Leases:
        engines.append(database.create(postgres_engine.url.render_as_string(hide_password=False)))
        return Leases(engines[-1], kind, names)

    yield made
    for engine in engines:
        engine.dispose()


def tokens(one: Leases) -> dict[str, int]:
    return {name: lease.token for name, lease in one.renew().held.items()}


def let_time_pass(engine: Engine, holder: str) -> None:
    """As if this one had not renewed for the length of a lease."""
    with database.transaction(engine) as connection:
        connection.execute(sa.update(leases).where(leases.c.holder == holder).values(until=0))
        connection.execute(sa.update(lease_seekers).where(lease_seekers.c.holder == holder).values(until=0))


class TestSharing:
    def test_one_alone_has_all(self, make: Maker) -> None:
        one = make("ingest", NAMES)
        assert tokens(one) == dict.fromkeys(NAMES, 1)
        assert tokens(one) == dict.fromkeys(NAMES, 1)
        assert one.in_force

    def test_one_that_comes_gets_its_share_as_soon_as_it_is_given_up(self, make: Maker) -> None:
        first, second = make("ingest", NAMES), make("ingest", NAMES)
        first.renew()
        assert tokens(second) == {}
        assert first.renew().surplus == ("2", "3")
        first.release(["2", "3"])
        assert tokens(second) == {"2": 2, "3": 2}
        assert (tokens(first), first.renew().surplus) == ({"0": 1, "1": 1}, ())

    def test_one_that_leaves_gives_all_back_at_once(self, make: Maker) -> None:
        first, second = make("ingest", NAMES), make("ingest", NAMES)
        first.renew()
        first.leave()
        assert not first.in_force
        assert tokens(second) == dict.fromkeys(NAMES, 2)

    def test_kinds_do_not_know_of_each_other(self, make: Maker) -> None:
        ingest, anchor = make("ingest", NAMES), make("anchor", ["one"])
        assert set(tokens(ingest)) == set(NAMES)
        assert set(tokens(anchor)) == {"one"}

    @pytest.mark.parametrize("names", range(9))
    @pytest.mark.parametrize("workers", range(1, 6))
    def test_shares_add_up_and_differ_by_one_at_most(self, names: int, workers: int) -> None:
        seekers = [f"worker {number}" for number in range(workers)]
        shares = [fair_share(names, seekers, one) for one in seekers]
        assert sum(shares) == names
        assert max(shares) - min(shares) <= 1

    def test_many_that_ask_at_once_never_hold_the_same(self, make: Maker) -> None:
        workers = [make("ingest", [str(number) for number in range(12)]) for _ in range(4)]
        errors: list[Exception] = []

        def work(one: Leases) -> None:
            try:
                for _ in range(12):
                    one.release(one.renew().surplus)
            except Exception as error:  # noqa: BLE001 - shown by the test's own thread
                errors.append(error)

        threads = [threading.Thread(target=work, args=(one,)) for one in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        for one in workers:
            one.release(one.renew().surplus)
        held = [sorted(one.renew().held) for one in workers]
        assert [len(some) for some in held] == [3, 3, 3, 3]
        assert len({name for some in held for name in some}) == 12


class TestFencing:
    def test_a_dead_ones_are_taken_with_new_tokens_and_it_knows_when_it_comes_back(
        self, make: Maker, postgres_engine: Engine
    ) -> None:
        dead, heir = make("ingest", NAMES), make("ingest", NAMES)
        lease = dead.renew().held["0"]
        let_time_pass(postgres_engine, dead.holder)
        assert tokens(heir) == dict.fromkeys(NAMES, 2)
        with (
            database.reading(postgres_engine) as connection,
            pytest.raises(LeaseLost, match="ingest 0 went to another"),
        ):
            lease.check(connection)
        assert dead.renew().held == {}

    def test_what_hangs_in_a_dead_ones_transaction_is_ended_by_who_takes_over(
        self, make: Maker, postgres_engine: Engine
    ) -> None:
        dead, heir = make("ingest", ["0"]), make("ingest", ["0"])
        dead.renew()
        number = open_test_log(postgres_engine).number
        with pytest.raises(OperationalError), database.transaction(dead._engine) as hanging:
            log_repository.state(hanging, number, lock=True)
            let_time_pass(postgres_engine, dead.holder)
            heir.renew()
            with database.transaction(heir._engine) as connection:
                log_repository.state(connection, number, lock=True)
            hanging.execute(sa.select(1))

    def test_one_that_was_away_and_not_missed_goes_on(self, make: Maker, postgres_engine: Engine) -> None:
        one = make("ingest", NAMES)
        lease = one.renew().held["0"]
        let_time_pass(postgres_engine, one.holder)
        with database.reading(postgres_engine) as connection:
            lease.check(connection)
        assert tokens(one) == dict.fromkeys(NAMES, 1)

    def test_what_a_former_holder_would_commit_is_rolled_back(
        self, make: Maker, postgres_engine: Engine, stream: Stream
    ) -> None:
        dead, heir = make("ingest", ["0"]), make("ingest", ["0"])
        hosted = HostedLog(open_test_log(postgres_engine), LOG_KEY)
        ring, metrics = KeyRing(stream.registered()), IngestMetrics(CollectorRegistry())

        def service(one: Leases) -> IngestService:
            return IngestService(postgres_engine, hosted, ring, LoggedPlans(), metrics, one.renew().held["0"])

        former = service(dead)
        sent = stream.frames(4)
        former.process(sent[:2])
        let_time_pass(postgres_engine, dead.holder)
        new = service(heir)
        with pytest.raises(LeaseLost):
            former.process(sent[2:])
        assert _logged(postgres_engine) == 2
        new.process(sent)
        assert _logged(postgres_engine) == 4


def _logged(engine: Engine) -> int:
    with database.reading(engine) as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(entries)).scalar_one())
