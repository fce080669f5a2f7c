"""Access to a node of the trust file's chain, for those who write to it.

Rules of networks, and where they come from:

* Finality: a block is final when `finality_blocks` - 1 blocks stand on it (the trust file's number): 1 for
  automine and QBFT, more than half the signers for Clique (EIP-225), the operator's choice on a public chain.
* Fees: EIP-1559 where blocks have a base fee, twice the base fee and the node's tip; where there is none, the
  node's gas price in a legacy transaction; a network without fees says zero in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_account.signers.local import LocalAccount

from backend.anchor.contracts import describe_revert, encode_call
from leafproof.chain.decode import hexadecimal, quantity
from leafproof.chain.places import Block
from leafproof.client.chain_reader import check_identity, contracts_of, read_header
from leafproof.client.rpc import NodeRefused, Rpc
from leafproof.errors import LeafproofError, Malformed
from leafproof.trust import Trust

TRANSFER_GAS = 21_000  # an empty transfer (Yellow Paper, G_transaction)


class Reverted(LeafproofError):
    """A contract would refuse this call; `reason` is its decoded error, the name first."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the contract refuses: {reason}")
        self.reason = reason
        self.name = reason.partition("(")[0]


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction offers, in wei a gas; `priority` is None for a legacy transaction."""

    max_fee: int
    priority: int | None

    @property
    def free(self) -> bool:
        """Whether the network takes no fees, so that there is nothing to raise."""
        return self.max_fee == 0

    def at_least(self, other: Fees) -> Fees:
        """These, but an eighth above `other`: nodes take a replacement from a tenth on (geth's `pricebump`)."""
        priority = self.priority
        if priority is not None:
            priority = max(priority, _raised(other.priority or 0))
        return Fees(max(self.max_fee, _raised(other.max_fee)), priority)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a transaction was mined, whether it succeeded, and the contract that it created."""

    block_number: int
    block_hash: bytes
    succeeded: bool
    created: bytes | None


@dataclass(frozen=True, slots=True)
class Call:
    """What a transaction does: recipient (None creates a contract), calldata."""

    to: bytes | None
    data: bytes


class Chain:
    """The chain that `trust` names, through one node.

    Every method raises `NodeUnreachable`, or `NodeRefused` where the node answers with an error.
    """

    def __init__(self, rpc: Rpc, trust: Trust) -> None:
        self.rpc = rpc
        self.trust = trust
        self.contracts = contracts_of(trust)

    def check(self) -> None:
        """Raises `AnotherChain` or `OtherCode` unless the node serves the trust file's chain and contracts."""
        check_identity(self.rpc, self.trust)

    def latest(self) -> int:
        """Number of the newest block."""
        return quantity(self.rpc.call("eth_blockNumber"), "block number")

    def is_canonical(self, number: int, block_hash: bytes) -> bool:
        """Whether the node's chain still has this block."""
        answer = self.rpc.call("eth_getBlockByNumber", hex(number), False)
        return isinstance(answer, dict) and answer.get("hash") == "0x" + block_hash.hex()

    def header(self, number: int) -> Block:
        """One block's header; raises `Malformed` if there is none."""
        return read_header(self.rpc, number)

    def nonce(self, address: bytes, block: int | None = None) -> int:
        """How many transactions of `address` were mined, up to `block` or the newest."""
        at = "latest" if block is None else hex(block)
        return quantity(self.rpc.call("eth_getTransactionCount", "0x" + address.hex(), at), "nonce")

    def fees(self) -> Fees:
        """What the next transaction should offer."""
        block = self.rpc.call("eth_getBlockByNumber", "latest", False)
        base = block.get("baseFeePerGas") if isinstance(block, dict) else None
        price = quantity(self.rpc.call("eth_gasPrice"), "gas price")
        if base is None or price == 0:
            return Fees(price, None)
        try:
            tip = quantity(self.rpc.call("eth_maxPriorityFeePerGas"), "priority fee")
        except NodeRefused:
            tip = max(price - quantity(base, "base fee"), 0)
        return Fees(2 * quantity(base, "base fee") + tip, tip)

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """Where the transaction was mined; None while it was not, or is no longer."""
        answer = self.rpc.call("eth_getTransactionReceipt", "0x" + tx_hash.hex())
        if answer is None:
            return None
        if not isinstance(answer, dict):
            raise Malformed("receipt", "not an object")
        number = quantity(answer.get("blockNumber"), "receipt.blockNumber")
        block_hash = hexadecimal(answer.get("blockHash"), "receipt.blockHash", 32)
        created = answer.get("contractAddress")
        return Receipt(
            number,
            block_hash,
            quantity(answer.get("status"), "receipt.status") == 1,
            None if created is None else hexadecimal(created, "receipt.contractAddress", 20),
        )

    def call_of(self, contract: str, function: str, args: list[Any]) -> Call:
        """The call of a trusted contract's function; raises `InvalidInput` if it takes other arguments."""
        data = encode_call(contract, function, args)
        return Call(self.trust.contracts[contract].address_bytes, data)

    def estimate(self, sender: bytes, call: Call) -> int:
        """The gas limit for a call, a quarter above what it takes now; raises `Reverted` if it would fail."""
        params: dict[str, str] = {"from": "0x" + sender.hex(), "data": "0x" + call.data.hex()}
        if call.to is not None:
            params["to"] = "0x" + call.to.hex()
        try:
            gas = quantity(self.rpc.call("eth_estimateGas", params), "gas")
        except NodeRefused as error:
            if error.data or "revert" in error.reason.lower():
                raise Reverted(describe_revert(error.data)) from error
            raise
        return gas + gas // 4

    def head(self, log_id: bytes) -> tuple[int, bytes]:
        """Size and root of the head that the contract now holds; (0, 32 zero bytes) for an empty log."""
        call = self.call_of("TransparencyLog", "head", [log_id])
        assert call.to is not None
        params = {"to": "0x" + call.to.hex(), "data": "0x" + call.data.hex()}
        answer = self.rpc.call("eth_call", params, "latest")
        try:
            size, root = abi_decode(["uint64", "bytes32"], bytes.fromhex(str(answer).removeprefix("0x")))
        except Exception as error:  # eth_abi raises its own errors and bare ones
            raise Malformed("head", "the contract did not answer with size and root") from error
        return size, root

    def send(self, raw: bytes) -> str | None:
        """Hand signed bytes to the node; what it says if it does not take them now.

        That is no failure: it may know them already. What counts is the receipt.
        """
        try:
            self.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        except NodeRefused as error:
            return error.reason
        return None

    def sign(self, account: LocalAccount, nonce: int, call: Call, gas: int, fees: Fees) -> tuple[bytes, bytes]:
        """(hash, signed bytes) of a transaction without value."""
        transaction: dict[str, Any] = {
            "chainId": self.trust.chain_id,
            "nonce": nonce,
            "gas": gas,
            "value": 0,
            "data": call.data,
        }
        if call.to is not None:
            transaction["to"] = call.to
        if fees.priority is None:
            transaction["gasPrice"] = fees.max_fee
        else:
            transaction |= {"maxFeePerGas": fees.max_fee, "maxPriorityFeePerGas": fees.priority}
        signed = account.sign_transaction(transaction)
        return bytes(signed.hash), bytes(signed.raw_transaction)


def _raised(fee: int) -> int:
    return fee + fee // 8 + 1


def connect(url: str, trust: Trust) -> Chain:
    """A chain behind `url`; connects to nothing yet. One try a call: its callers are loops that come again."""
    return Chain(Rpc(url, retries=0), trust)


def address_of(account: LocalAccount) -> bytes:
    """The account's 20 bytes."""
    return bytes.fromhex(account.address[2:])
