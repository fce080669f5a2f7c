"""geth as a process of the tests: its binaries, one node, and the development mode on disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from eth_account import Account
from eth_account.signers.local import LocalAccount

from backend.embedded.errors import PartFailed
from backend.embedded.ports import free_port
from backend.embedded.process import ChildProcess, wait_until_ready
from backend.embedded.rpc import NodeRpc
from tests.support.require import need
from tests.support.waiting import eventually

_READY_SECONDS = 60.0
_FUNDS = 10 * 10**18
_given: set[int] = set()


def binary(variable: str) -> Path:
    """The geth that an environment variable names, as `make test-networks` sets it; skips the test without one."""
    named = os.environ.get(variable, "")
    need(
        os.access(named, os.X_OK),
        f"{variable} names no geth: `make test-networks` builds it where Go is installed",
    )
    return Path(named)


def new_port() -> int:
    """A free port that nobody was given before: a node that is down keeps its own."""
    while (port := free_port()) in _given:
        pass
    _given.add(port)
    return port


class Geth:
    """One node in `folder` on loopback, with JSON-RPC at `url`; `start` and `stop` may be repeated."""

    def __init__(self, program: Path, folder: Path, options: Sequence[str], apis: str) -> None:
        self.folder = folder
        self._program, self._options, self._apis = program, list(options), apis
        self._part: ChildProcess | None = None
        self._rpc: NodeRpc | None = None
        self._port, self._consensus_port = new_port(), new_port()

    @property
    def url(self) -> str:
        """Where JSON-RPC is served; the same after a restart, so that whoever asked it finds it again."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """The process id of the node that now runs."""
        assert self._part is not None
        return self._part.pid

    @property
    def running(self) -> bool:
        """Whether it is up at this moment."""
        return self._part is not None and self._part.running

    def call(self, method: str, *params: object) -> Any:
        """One call; raises `PartFailed` when the node does not answer, or refuses."""
        if self._rpc is None:
            self._rpc = NodeRpc(self.url)
        return self._rpc.call(method, *params)

    def start(self) -> None:
        """Start the node with what is in its folder; it serves when this returns."""
        fixed = [
            "--datadir",
            str(self.folder),
            "--http",
            "--http.addr",
            "127.0.0.1",
            "--http.port",
            str(self._port),
        ]
        # The port for consensus clients cannot be closed; nobody asks it.
        fixed += [
            "--http.api",
            self._apis,
            "--authrpc.port",
            str(self._consensus_port),
            "--ipcdisable",
            "--nodiscover",
        ]
        fixed += ["--nat", "none", "--cache", "64", "--verbosity", "2"]
        log = self.folder.with_suffix(".log")
        self._part = ChildProcess("geth", [str(self._program), *fixed, *self._options], log, grace=20.0)
        self._part.start()
        wait_until_ready(self._part, self._answers, _READY_SECONDS)

    def stop(self) -> None:
        """End it politely, with everything written to its disk."""
        if self._part is not None:
            self._part.stop()
        if self._rpc is not None:
            self._rpc.close()
            self._rpc = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _answers(self) -> bool:
        try:
            return self.call("eth_chainId") is not None
        except PartFailed:
            return False


class DevelopmentGeth(Geth):
    """geth's development mode with its chain on disk: a block when there are transactions, final at once."""

    finality_blocks = 1

    def __init__(self, program: Path, folder: Path) -> None:
        super().__init__(program, folder, ["--dev"], "eth,net,web3")

    @property
    def chain_id(self) -> int:
        return int(self.call("eth_chainId"), 16)

    def accounts(self, count: int) -> list[LocalAccount]:
        """New accounts with money from the purse that the mode comes with."""
        made = [Account.create() for _ in range(count)]
        (purse,) = self.call("eth_accounts")
        for account in made:
            last = self.call("eth_sendTransaction", {"from": purse, "to": account.address, "value": hex(_FUNDS)})

        def mined() -> bool:
            try:
                return self.call("eth_getTransactionReceipt", last) is not None
            except PartFailed:  # a node that has just begun indexes its transactions first
                return False

        eventually(mined, "the accounts have money")
        return made
