"""The embedded chain: `anvil`, supervised, with a state that survives any kill.

What must hold, beside the rules of this package:

1. anvil never writes its own state: killed in the middle of that it leaves an empty file. The supervisor asks for
   the state by RPC and stores it in generations (`state.py`), at most `dump_interval` seconds after a new block;
   each is the state after one block, with all that led to it.
2. A restart continues the same chain: same chain id, same genesis hash (a trust file names both), same blocks up
   to the last dump. What came later is gone, as on any node restored to an older state; the anchorer resends it.
3. The mnemonic is never on a command line or in a log: the accounts are funded by RPC and sign outside the node.
4. One supervisor a folder.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from eth_account.signers.local import LocalAccount

from backend.embedded.accounts import derive
from backend.embedded.errors import ChainStateUnreadable, PartFailed, PartMissing
from backend.embedded.keeper import Keeper, RestartPolicy
from backend.embedded.ports import free_port
from backend.embedded.process import ChildProcess, wait_until_ready
from backend.embedded.rpc import NodeRpc
from backend.embedded.state import StateStore

_log = structlog.get_logger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
_READY_SECONDS = 30.0
_PORT_TRIES = 3
_DUMP_TRIES = 3  # with mining held, only a block that was under way can still come
_FUNDS = 10_000 * 10**18
# What the contracts are compiled for, and what every permissioned network runs.
_HARDFORK = "paris"


def find_anvil() -> Path:
    """Where the anvil binary is: LEAFPROOF_ANVIL, the npm package, or PATH; raises `PartMissing` if nowhere."""
    named = os.environ.get("LEAFPROOF_ANVIL")
    if named:
        if os.access(named, os.X_OK):
            return Path(named)
        raise PartMissing(f"LEAFPROOF_ANVIL names {named}, which is not a program")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine().lower())
    package = f"anvil-{sys.platform}-{machine}"
    for root in (_ROOT, Path.cwd()):
        # The package's binary itself: the script in .bin only starts it, and would be one process more to end.
        packaged = root / "node_modules" / "@foundry-rs" / package / "bin" / "anvil"
        if os.access(packaged, os.X_OK):
            return packaged
    found = shutil.which("anvil")
    if found:
        return Path(found)
    raise PartMissing(
        "the embedded chain needs `anvil`: run `make setup` in the checkout, put anvil on PATH, or name it in "
        "LEAFPROOF_ANVIL; or configure the URL of a chain node of your own"
    )


@dataclass(frozen=True)
class _Birth:
    """What the genesis block follows from; stored when the chain begins, and checked ever after."""

    chain_id: int
    timestamp: int
    genesis_hash: str


class EmbeddedNode:
    """A development chain in `folder` on loopback; a block a transaction, accounts funded from `mnemonic`.

    The port is the first free one from `base_port` on, or any; `url` tells. `start` raises `PartMissing`,
    `PartFailed` or `ChainStateUnreadable`; so does the context manager. `historical_states` keeps every block's
    state in the dump, for calls at an old block after a restart; the dump then grows with blocks times accounts.
    `allow_origin` lets web pages of that origin ask the node; by default no page may. Without `fees` nothing is
    paid, as on many permissioned networks, so that accounts made later need no money.
    """

    def __init__(
        self,
        folder: Path,
        mnemonic: str,
        *,
        chain_id: int = 31337,
        base_port: int | None = None,
        accounts: int = 10,
        dump_interval: float = 1.0,
        historical_states: bool = False,
        allow_origin: str | None = None,
        fees: bool = True,
        binary: Path | None = None,
        policy: RestartPolicy | None = None,
    ) -> None:
        self.folder = folder
        self.chain_id = chain_id
        self._mnemonic = mnemonic
        self._base_port = base_port
        self._accounts = accounts
        self._dump_interval = dump_interval
        self._historical_states = historical_states
        self._allow_origin = allow_origin
        self._fees = fees
        self._binary = binary
        self._store = StateStore(folder / "state")
        self._keeper = Keeper("the chain node", self._launch, tick=self._dump_if_due, interval=0.1, policy=policy)
        self._dumping = threading.Lock()
        self._dumped_block = -1
        self._dump_at = 0.0
        self._lock: Any = None
        self._rpc: NodeRpc | None = None
        self._port = 0
        self._genesis_hash = ""

    @property
    def url(self) -> str:
        """Where JSON-RPC is served."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def genesis_hash(self) -> str:
        """The hash of block 0, as a trust file names it (0x and 64 hexadecimal digits)."""
        return self._genesis_hash

    @property
    def pid(self) -> int:
        """The process id of anvil as it now runs; raises `PartFailed` when it does not."""
        return self._keeper.part.pid

    @property
    def alive(self) -> bool:
        """Whether anvil is up at this moment."""
        return self._keeper.alive

    @property
    def restarts(self) -> int:
        """How often it died and was started again."""
        return self._keeper.restarts

    @property
    def failure(self) -> PartFailed | None:
        """Why it was given up, if it was."""
        return self._keeper.failure

    def account(self, index: int) -> LocalAccount:
        """The funded account at `index`: address and key."""
        if not 0 <= index < self._accounts:
            raise PartFailed(f"the embedded chain has {self._accounts} accounts; there is no number {index}")
        return derive(self._mnemonic, index)

    def start(self) -> None:
        """Start the chain where it stood, or begin it."""
        self._take_folder()
        try:
            self._start_on_a_free_port()
        except BaseException:
            self._release()
            raise

    def stop(self) -> None:
        """Dump the state a last time and end the node; safe to call twice."""
        if self._rpc is not None and self._keeper.alive:
            try:
                self.dump()
            except (PartFailed, OSError) as error:
                _log.warning("the last dump of the chain's state failed", reason=str(error))
        self._keeper.stop()
        self._release()

    def dump(self) -> None:
        """Store the state now; raises `PartFailed` when the node does not give it, `OSError` as the disk does."""
        with self._dumping:
            block, packed = self._state_between_blocks() or self._state_with_mining_held()
            self._store.write(packed)
            self._dumped_block = block

    def _state_between_blocks(self) -> tuple[int, bytes] | None:
        """Number of the newest block, and the state after it; None if a block came while anvil wrote the state.

        anvil writes its blocks first and its accounts after them: what a block between the two changed would be in
        the accounts, and its transactions nowhere.
        """
        rpc = self._connected()
        block = int(rpc.call("eth_blockNumber"), 16)
        packed = bytes.fromhex(rpc.call("anvil_dumpState", self._historical_states).removeprefix("0x"))
        return (block, packed) if int(rpc.call("eth_blockNumber"), 16) == block else None

    def _state_with_mining_held(self) -> tuple[int, bytes]:
        """The same while transactions keep coming: they wait until the state is written."""
        rpc = self._connected()
        automine = rpc.call("anvil_getAutomine")
        try:
            if automine:
                rpc.call("evm_setAutomine", False)
            for _ in range(_DUMP_TRIES):
                found = self._state_between_blocks()
                if found is not None:
                    return found
        finally:
            if automine:
                rpc.call("evm_setAutomine", True)
        raise PartFailed("the chain node mines faster than it writes its state")

    def __enter__(self) -> EmbeddedNode:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_on_a_free_port(self) -> None:
        for attempt in range(_PORT_TRIES):
            self._port = free_port(self._base_port)
            self._rpc = NodeRpc(self.url)
            try:
                self._keeper.start()
                return
            except PartFailed as error:
                self._rpc.close()
                if "in use" not in error.message or attempt == _PORT_TRIES - 1:
                    raise

    def _launch(self) -> ChildProcess:
        """Start anvil from the newest state that it accepts, or at the beginning; ready when it returns."""
        self._check_chain_id()
        refusal: PartFailed | None = None
        born = self._birth()
        for state in self._store.load(born.timestamp if born else None):
            try:
                return self._check(self._run(["--load-state", str(state)]))
            except PartFailed as error:
                if "in use" in error.message:
                    raise
                _log.warning("a stored state was not accepted", reason=error.message)
                refusal = error
            finally:
                state.unlink(missing_ok=True)
        if refusal is not None:
            raise ChainStateUnreadable(f"no stored state in {self._store.folder} is accepted: {refusal.message}")
        return self._begin()

    def _begin(self) -> ChildProcess:
        """A new chain: its genesis is dated now, its accounts are funded, its state stored at once."""
        self._record.unlink(missing_ok=True)
        part = self._run(["--timestamp", str(int(time.time()))])
        try:
            for index in range(self._accounts):
                self._connected().call("anvil_setBalance", self.account(index).address, hex(_FUNDS))
            self._check(part)
            self.dump()
        except BaseException:
            part.stop()
            raise
        return part

    def _run(self, more: list[str]) -> ChildProcess:
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        origin = ["--allow-origin", self._allow_origin] if self._allow_origin else ["--no-cors"]
        fixed = ["--host", "127.0.0.1", "--port", str(self._port), "--chain-id", str(self.chain_id)]
        fixed += [
            "--hardfork",
            _HARDFORK,
            "--accounts",
            "0",
            "--cache-path",
            str(self.folder / "cache"),
            "--quiet",
        ]
        free = (
            []
            if self._fees
            else ["--gas-price", "0", "--block-base-fee-per-gas", "0", "--disable-min-priority-fee"]
        )
        command = [str(self._binary or find_anvil()), *fixed, *origin, *free, *more]
        part = ChildProcess("anvil", command, self.folder / "anvil.log")
        part.start()
        try:
            wait_until_ready(part, self._answers, _READY_SECONDS)
        except BaseException:
            part.stop()
            raise
        return part

    def _answers(self) -> bool:
        try:
            return int(self._connected().call("eth_chainId"), 16) == self.chain_id
        except PartFailed:
            return False

    def _check_chain_id(self) -> None:
        born = self._birth()
        if born is not None and born.chain_id != self.chain_id:
            raise PartFailed(f"the chain in {self.folder} has the chain id {born.chain_id}, not {self.chain_id}")

    def _check(self, part: ChildProcess) -> ChildProcess:
        """The chain must be the one that was begun here; raises `PartFailed`, and ends the part, otherwise."""
        block = self._connected().call("eth_getBlockByNumber", "0x0", False)
        given = _Birth(self.chain_id, int(block["timestamp"], 16), block["hash"])
        born = self._birth()
        if born is None:
            self._record.write_text(json.dumps(vars(given), indent=2) + "\n", encoding="utf-8")
        elif born != given:
            part.stop()
            raise PartFailed(f"the chain in {self.folder} began as {born}, but the node gives {given}")
        self._genesis_hash = given.genesis_hash
        self._dumped_block = int(self._connected().call("eth_blockNumber"), 16)
        return part

    @property
    def _record(self) -> Path:
        return self.folder / "chain.json"

    def _birth(self) -> _Birth | None:
        """What was stored when the chain began; raises `PartFailed` when that cannot be read."""
        try:
            return _Birth(**json.loads(self._record.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise PartFailed(f"{self._record} cannot be read; restore it from a backup") from error

    def _dump_if_due(self) -> None:
        """The keeper's tick: nothing here may raise."""
        try:
            if time.monotonic() < self._dump_at:
                return
            if int(self._connected().call("eth_blockNumber"), 16) == self._dumped_block:
                return
            began = time.monotonic()
            self.dump()
            ended = time.monotonic()
            # A large state takes long to dump: at most a tenth of the time goes into that.
            self._dump_at = ended + max(self._dump_interval, 9 * (ended - began))
        except (PartFailed, OSError) as error:
            _log.warning("the chain's state could not be stored", reason=str(error))

    def _connected(self) -> NodeRpc:
        if self._rpc is None:
            raise PartFailed("the chain node is not started")
        return self._rpc

    def _take_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise PartFailed(f"another process runs the chain in {self.folder}") from error
        self._lock = lock

    def _release(self) -> None:
        if self._rpc is not None:
            self._rpc.close()
            self._rpc = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None
