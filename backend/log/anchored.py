"""The head that the chain holds of a log, for commands that run without a server."""

from __future__ import annotations

from backend.settings import Settings
from leafproof.chain.view import Head
from leafproof.client.chain_reader import check_identity
from leafproof.client.head import read_head
from leafproof.client.rpc import READERS_PATIENCE, Rpc
from leafproof.envelope import LogRef
from leafproof.errors import LeafproofError


class NotCompared(LeafproofError):
    """The chain's head could not be read, for the reason that the text gives."""


def anchored_head(settings: Settings, ref: LogRef) -> Head:
    """The head of `ref` at the newest final block; its size is 0 before the first anchor. Raises `NotCompared`."""
    try:
        trust = settings.trust()
        if (trust.chain_id, trust.log_contract) != (ref.chain_id, ref.contract):
            raise NotCompared("the trust file names another chain or log contract than the log")
        given = settings.rpc_url
        url = next(iter(trust.rpc_urls), "") if given is None else given.get_secret_value()
        with Rpc(url, patience=READERS_PATIENCE) as rpc:
            check_identity(rpc, trust)
            return read_head(rpc, trust, ref.log_id)
    except NotCompared:
        raise
    except LeafproofError as error:
        raise NotCompared(error.message) from error
