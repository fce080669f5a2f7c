"""The three loops of the chain's side: following events, anchoring, sending transactions.

An outage of the chain is a state that `ready` tells, never a crash: each look that fails is tried again, after the
node's identity was checked anew, since another node may have come back in its place.
"""

from __future__ import annotations

import threading
from abc import abstractmethod

import structlog
from sqlalchemy.exc import OperationalError

from backend.anchor.anchorer import Anchorer, AnchorPolicy, stopped
from backend.anchor.chain import Chain, connect
from backend.anchor.registry import Follower, Registry
from backend.anchor.signers import Signers
from backend.anchor.status import ChainCollector
from backend.anchor.transactions import Queue
from backend.context import Context
from backend.database import reading
from backend.errors import SettingsError
from backend.settings import Settings
from backend.workers import ThreadWorker
from leafproof.errors import LeafproofError

INTERVAL = 1.0  # seconds between looks; the shortest block time of the networks we know is 1
OUTAGE_INTERVAL = 3.0
_log = structlog.get_logger(__name__)


def chain_of(settings: Settings) -> Chain:
    """The chain of the settings; connects to nothing yet. Raises `SettingsError`."""
    trust = settings.trust()
    if settings.rpc_url is not None:
        return connect(settings.rpc_url.get_secret_value(), trust)
    if not trust.rpc_urls:
        raise SettingsError("rpc_url: not set, and the trust file names no node either")
    return connect(trust.rpc_urls[0], trust)


class ChainWorker(ThreadWorker):
    """A loop over the chain: `look` once a second, at once after `request`."""

    def __init__(self, name: str, context: Context) -> None:
        super().__init__(name)
        self._context = context
        self._chain = chain_of(context.settings)
        self._wake = threading.Event()
        self._trouble: str | None = "has not looked at the chain yet"

    @abstractmethod
    def look(self) -> None:
        """One look; raises what the chain raises."""

    def away(self) -> None:
        """The chain cannot be worked with at the moment: what is to be done without it. Nothing, by default."""

    def without_database(self) -> None:
        """The database does not answer. Nothing is done, by default."""

    def request(self) -> None:
        """Look now instead of in a second."""
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """See `ThreadWorker`."""
        try:
            self._loop(stop)
        finally:
            self._chain.rpc.close()

    def _loop(self, stop: threading.Event) -> None:
        checked = False
        while not stop.is_set():
            self._wake.clear()
            try:
                if not checked:
                    self._chain.check()
                self.look()
            except (LeafproofError, OperationalError) as error:
                sentence = error.message if isinstance(error, LeafproofError) else "the database does not answer"
                if sentence != self._trouble:
                    _log.warning("the chain cannot be worked with", worker=self.name, reason=sentence)
                checked, self._trouble = False, sentence
                if isinstance(error, LeafproofError):
                    self.away()
                else:
                    self.without_database()
            else:
                checked, self._trouble = True, None
            if not stop.is_set():
                self._wake.wait(INTERVAL if checked else OUTAGE_INTERVAL)

    def stop(self) -> None:
        """See `Worker`."""
        self._stop.set()
        self._wake.set()
        super().stop()

    def check(self) -> str | None:
        """See `ThreadWorker`."""
        return self._trouble


class FollowWorker(ChainWorker):
    """Copies the chain's events into the database, and has `/metrics` show the chain's side."""

    def __init__(self, context: Context) -> None:
        super().__init__("chain", context)
        self._follower = Follower(self._chain, context.engine)
        context.registry.register(ChainCollector(context, Registry(self._chain.trust)))

    def look(self) -> None:
        """See `ChainWorker`."""
        self._follower.follow()


class AnchorWorker(ChainWorker):
    """Anchors this server's logs; `request` does it at once."""

    def __init__(self, context: Context) -> None:
        super().__init__("anchor", context)
        settings = context.settings
        self._anchorer = Anchorer(
            self._chain,
            context.engine,
            Signers(settings.keys_folder).get("anchor"),
            context.logs,
            AnchorPolicy(settings.anchor_seconds, settings.anchor_entries),
        )
        self._asked = threading.Event()

    def request(self) -> None:
        """Anchor everything that the logs now hold, without waiting for its time."""
        self._asked.set()
        super().request()

    def look(self) -> None:
        """See `ChainWorker`."""
        asked = self._asked.is_set()
        self._asked.clear()
        complete = False
        try:
            complete = self._anchorer.step(at_once=asked)
        finally:
            if asked and not complete:
                self._asked.set()

    def check(self) -> str | None:
        """See `ThreadWorker`: also a log that stopped, and what the contract or the node refuses."""
        try:
            with reading(self._context.engine) as connection:
                for hosted in self._context.logs:
                    alarm = stopped(connection, hosted.log.ref.log_id)
                    if alarm is not None:
                        return f"log {hosted.name} is stopped: {alarm.reason}"
        except OperationalError:
            return "the database does not answer"
        for state in self._anchorer.states:
            if state.refused is not None:
                return f"the contract refuses log {state.log_id.hex()[:8]}'s head: {state.refused}"
        if self._anchorer.refusal is not None:
            return f"the node does not take the anchor's transaction: {self._anchorer.refusal}"
        return super().check()


class TransactionWorker(ChainWorker):
    """Sends what was submitted."""

    def __init__(self, context: Context) -> None:
        super().__init__("transactions", context)
        signers = Signers(context.settings.keys_folder)
        self._queue = Queue(self._chain, context.engine, signers, context.logs)

    def look(self) -> None:
        """See `ChainWorker`."""
        self._queue.work()
