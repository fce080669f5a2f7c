"""What a gateway sees for itself: the head on the chain of its trust file, and the tiles of its log's server."""

from __future__ import annotations

from pathlib import Path

from iot_gateway.config import Config, WitnessSettings
from leafproof.chain.view import Head
from leafproof.client.chain_reader import check_identity
from leafproof.client.head import read_head
from leafproof.client.http import address
from leafproof.client.log_server import tile_fetcher
from leafproof.client.rpc import READERS_PATIENCE, Rpc
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.tiles import TILE_WIDTH, TileFetcher, node_reader, proven_leaves
from leafproof.trust import MAX_TRUST_FILE, Trust

_MAX_RPC_FILE = 4096  # bytes


class Sight:
    """Chain and server as the configuration names them."""

    def __init__(self, config: Config, settings: WitnessSettings) -> None:
        """Connects to nothing yet. Raises `InvalidInput` for a trust file that is another log's or cannot be used,
        and for addresses that are none."""
        self._log_id = config.log_ref.log_id
        self._trust = Trust.decode(_read(settings.trust, "witness.trust", MAX_TRUST_FILE))
        if (self._trust.chain_id, self._trust.log_contract) != (config.log_ref.chain_id, config.log_ref.contract):
            raise InvalidInput("witness.trust", "names another chain or log contract than [log]")
        self._rpc = Rpc(_node(settings, self._trust), retries=1, patience=READERS_PATIENCE)
        address(settings.server, "witness.server")
        self._server = settings.server
        self._identified = False

    def head(self) -> Head:
        """The head that the contract holds. The node's chain is identified at the first time, and again after each
        failure, since another node may have come in its place.

        Raises what `check_identity` and `read_head` raise.
        """
        try:
            if not self._identified:
                check_identity(self._rpc, self._trust)
            self._identified = True
            return read_head(self._rpc, self._trust, self._log_id)
        except LeafproofError:
            self._identified = False
            raise

    def tiles(self, size: int) -> TileFetcher:
        """The tiles of the tree of `size` entries, as the server shows them."""
        return tile_fetcher(self._server, self._log_id, size)

    def prove_end(self) -> Head:
        """The head, once the server's tiles at its end were proven to belong to it. Raises `ProofInvalid` or
        `Malformed` where they do not, and like `head` and `leafproof.client.http.fetch`."""
        head = self.head()
        if head.size:
            read = node_reader(self.tiles(head.size))
            proven_leaves((head.size - 1) // TILE_WIDTH, head.size, head.root, read)
        return head

    def close(self) -> None:
        """Close the connections."""
        self._rpc.close()


def _node(settings: WitnessSettings, trust: Trust) -> str:
    if settings.rpc_file is not None:
        return _read(settings.rpc_file, "witness.rpc_file", _MAX_RPC_FILE).decode("utf-8", "replace").strip()
    if settings.rpc is not None:
        return settings.rpc
    if not trust.rpc_urls:
        raise InvalidInput("witness.rpc", "is not given, and the trust file names no node")
    return trust.rpc_urls[0]


def _read(path: Path, field: str, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise InvalidInput(field, f"{path} cannot be read ({error.strerror})") from error
    if len(data) > limit:
        raise InvalidInput(field, f"{path} has more than {limit} bytes")
    return data
