"""Three validators in three processes, one chain: Clique (EIP-225) in geth, a block a second.

A validator may sign once in two successive blocks, so one alone makes at most one block on what it had; two go on.
Who signs what is thereby known without looking at a clock, and a network that is split makes two chains, of which
the one with more difficulty remains when it is healed: a reorganisation as networks have it.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.networks.geth import Geth, new_port
from tests.support.waiting import eventually

CHAIN_ID = 73337
_VANITY, _SEAL = 32, 65  # bytes of a header's extraData before and after the signers (EIP-225)
_FUNDS = 10 * 10**18
_PURSES = 64
_APIS = "eth,net,web3,admin,clique,miner"


class Validator(Geth):
    """One signer of the network."""

    def __init__(self, program: Path, folder: Path, signer: LocalAccount, genesis: Path) -> None:
        folder.mkdir(parents=True)
        self.signer = signer
        # The key is good for this test alone: one round, so that unlocking takes no time.
        keystore = folder / "keystore"
        keystore.mkdir()
        encrypted = Account.encrypt(signer.key, "", kdf="pbkdf2", iterations=1)
        (keystore / "signer.json").write_text(json.dumps(encrypted), encoding="ascii")
        password = folder / "password"
        password.write_text("\n", encoding="ascii")
        options = ["--networkid", str(CHAIN_ID), "--port", str(new_port()), "--syncmode", "full"]
        options += ["--mine", "--miner.etherbase", signer.address, "--unlock", signer.address]
        options += ["--password", str(password), "--allow-insecure-unlock"]
        super().__init__(program, folder, options, _APIS)
        self._dialled: set[str] = set()
        made = [str(program), "--datadir", str(folder), "init", str(genesis)]
        subprocess.run(made, check=True, capture_output=True)

    def start(self) -> None:
        """See `Geth`; without peers."""
        self._dialled.clear()
        super().start()

    def befriend(self, other: Validator) -> None:
        """Connect to a peer: it dials us if we dialled last, since nobody dials the same one twice in 35 seconds.

        One dials, not both: two connections at once may each be refused as the second one.
        """
        first, second = (other, self) if other.enode in self._dialled else (self, other)
        first.call("admin_addPeer", second.enode)
        first._dialled.add(second.enode)

    @property
    def enode(self) -> str:
        """Its address for peers on this machine."""
        return str(self.call("admin_nodeInfo")["enode"])

    @property
    def height(self) -> int:
        """Number of its newest block."""
        return int(self.call("eth_blockNumber"), 16)

    def block_hash(self, number: int) -> str | None:
        """The hash of its block at that height; None if it has none."""
        block = self.call("eth_getBlockByNumber", hex(number), False)
        return None if block is None else str(block["hash"])


class CliqueNetwork:
    """Three validators, each the others' peer, until told otherwise."""

    finality_blocks = 2  # more than half of three

    def __init__(self, program: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        signers = sorted((Account.create() for _ in range(3)), key=lambda a: a.address.lower())
        self._purses = [Account.create() for _ in range(_PURSES)]
        genesis = folder / "genesis.json"
        genesis.write_text(json.dumps(_genesis(signers, self._purses)), encoding="ascii")
        self.validators = [
            Validator(program, folder / f"validator-{i}", s, genesis) for i, s in enumerate(signers)
        ]

    @property
    def url(self) -> str:
        """JSON-RPC of the first validator."""
        return self.validators[0].url

    @property
    def chain_id(self) -> int:
        return CHAIN_ID

    def accounts(self, count: int) -> list[LocalAccount]:
        """Accounts with money that nobody had before."""
        taken, self._purses = self._purses[:count], self._purses[count:]
        assert len(taken) == count, "the genesis block has no more"
        return taken

    def join(self, validator: Validator) -> None:
        """Make one the peer of all others that run."""
        others = [v for v in self.validators if v is not validator and v.running]
        for other in others:
            validator.befriend(other)

        def connected() -> bool:
            return int(validator.call("net_peerCount"), 16) == len(others)

        eventually(connected, "the validator has its peers", 90.0)

    def isolate(self, alone: Validator) -> None:
        """Cut one off from the other two."""
        for other in self.validators:
            if other is not alone:
                alone.call("admin_removePeer", other.enode)
                other.call("admin_removePeer", alone.enode)
        eventually(lambda: alone.call("net_peerCount") == "0x0", "the validator is alone")

    def split(self, alone: Validator) -> None:
        """Cut one off that has not signed its newest block, and that signs none until `miner_start`."""
        alone.call("miner_stop")
        self.goes_on(alone)
        self.isolate(alone)

    def heal(self, alone: Validator) -> None:
        """Connect it again, once the others' chain is the heavier one; all have that one when this returns."""
        other = next(v for v in self.validators if v is not alone)
        eventually(lambda: other.height >= alone.height + 3, "the others are ahead")
        self.join(alone)
        self.agree()

    def stands(self, alone: Validator) -> None:
        """Wait until the only one that runs, or that is cut off, has signed the one block that it can."""

        def own() -> bool:
            return str(alone.call("clique_getSigner", hex(alone.height))).lower() == alone.signer.address.lower()

        eventually(own, "the validator's newest block is its own")

    def goes_on(self, validator: Validator, blocks: int = 2) -> None:
        """Wait until this validator has that many blocks more."""
        target = validator.height + blocks
        eventually(lambda: validator.height >= target, f"block {target}")

    def agree(self) -> None:
        """Wait until all have one chain, as far as the shortest of them goes."""

        def agreed() -> bool:
            height = min(v.height for v in self.validators)
            return len({v.block_hash(height) for v in self.validators}) == 1

        eventually(agreed, "the validators have one chain", 90.0)


@contextlib.contextmanager
def running(program: Path, folder: Path) -> Iterator[CliqueNetwork]:
    """A network that makes blocks; ended when left."""
    network = CliqueNetwork(program, folder)
    with contextlib.ExitStack() as stack:
        for validator in network.validators:
            stack.enter_context(validator)
            network.join(validator)
        network.goes_on(network.validators[0])
        yield network


def _genesis(signers: Sequence[LocalAccount], purses: Sequence[LocalAccount]) -> dict[str, object]:
    forks = ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul"]
    config: dict[str, object] = {f"{name}Block": 0 for name in [*forks, "berlin", "london"]}
    config |= {"chainId": CHAIN_ID, "clique": {"period": 1, "epoch": 30000}}
    listed = "".join(s.address.removeprefix("0x").lower() for s in signers)
    return {
        "config": config,
        "difficulty": "0x1",
        "gasLimit": hex(30_000_000),
        "timestamp": hex(int(time.time()) - 1),
        "extraData": "0x" + "00" * _VANITY + listed + "00" * _SEAL,
        "alloc": {p.address: {"balance": hex(_FUNDS)} for p in purses},
    }
