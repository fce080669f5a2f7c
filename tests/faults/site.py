"""What a plant has to be before anything streams: contracts, database, log, operator, gateways' keys.

All of it by the product's own functions in this process, so that a stage comes up in seconds; nothing of it is what
the faults are about.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from backend import database
from backend.access import service as access
from backend.anchor import transactions
from backend.anchor.chain import address_of
from backend.anchor.deploy import deploy, make_trust
from backend.anchor.registry import Registry
from backend.anchor.signers import Signers
from backend.context import Context
from backend.embedded.node import EmbeddedNode
from backend.enrolment import service as enrolment
from backend.enrolment.establish import establish
from backend.log.hosting import open_logs
from backend.log.service import HostedLog
from backend.production.service import signer_of
from backend.settings import Settings, load
from iot_gateway.enroll import set_up
from iot_gateway.template import Values
from leafproof.chain.possession import Claim, prove
from leafproof.chain.view import RegisteredKey, Role
from leafproof.client.rpc import Rpc
from leafproof.envelope import LogRef
from leafproof.keys import PublicKey, SigningKey
from leafproof.trust import Trust
from leafproof.values import Gln, party_uri
from tests.faults.gateway import Where
from tests.support.stream import FACILITY, OPERATOR, Stream, gln

STEWARD = gln("401234500009")
ANCHOR_SECONDS = 2


@dataclass
class Site:
    """A folder with keys, trust file and the backend's configuration, and a database that knows the operator."""

    folder: Path
    engine: Engine
    settings: Settings
    trust: Trust
    context: Context
    api_key: str

    @property
    def log(self) -> HostedLog:
        """The one log, with its keys."""
        return next(iter(self.context.logs))

    @property
    def ref(self) -> LogRef:
        """Its name."""
        return self.log.log.ref

    @property
    def log_key(self) -> PublicKey:
        """The key that acknowledges."""
        return self.log.key.public

    @property
    def where(self) -> Where:
        """The same as a gateway's configuration says it."""
        ref = self.ref
        contract, log_id = "0x" + ref.contract.hex(), "0x" + ref.log_id.hex()
        return Where(str(OPERATOR), str(FACILITY), ref.chain_id, contract, log_id, self.log_key.cose.hex())

    @property
    def operator_address(self) -> bytes:
        """The operator's account on chain."""
        return address_of(Signers(self.settings.keys_folder).get(signer_of(OPERATOR)))

    def new_gateway(self, name: str, port: int) -> bytes:
        """A gateway's folder, made as `leafproof gateway init` makes it, and its key on its way to the chain; the
        key id."""
        where = self.where
        values = Values(
            name=name, operator=where.operator, facility=where.facility, partition=0, key_file="gateway.key",
            chain_id=where.chain_id, contract=where.contract, log_id=where.log_id, log_key=where.log_key,
            broker_host="127.0.0.1", broker_port=port,
        )  # fmt: skip
        registry = self.trust.contracts["KeyRegistry"].address
        made = set_up(self.folder / name, values, "ES256", registry, "0x" + self.operator_address.hex())
        self._enrol(name, bytes.fromhex(made["cose_key"]), bytes.fromhex(made["possession"]["proof"][2:]))
        return bytes.fromhex(made["key_id"])

    def new_stream(self, name: str) -> Stream:
        """A gateway without a process, whose frames a fault makes itself; its key is on its way to the chain."""
        stream = Stream(name, self.ref, mode="recorded")
        self._enrol(name, stream.key.public.cose, self.proof(stream.key, stream.issuer))
        return stream

    def proof(self, key: SigningKey, issuer: str) -> bytes:
        """That a gateway's key belongs to the operator."""
        registry = self.trust.contracts["KeyRegistry"].address_bytes
        claim = Claim(self.trust.chain_id, registry, self.operator_address, Role.GATEWAY, self.ref.log_id, issuer)
        return prove(key, claim)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A look into the backend's database. Nothing of it stays open: whoever closes the last connection to an
        SQLite file writes its WAL back, and that is for the backend alone to do."""
        try:
            with database.reading(self.engine) as connection:
                yield connection
        finally:
            self.engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The same for a transaction that writes."""
        try:
            with database.transaction(self.engine) as connection:
                yield connection
        finally:
            self.engine.dispose()

    def registered(self, key_id: bytes) -> RegisteredKey | None:
        """The key as the backend knows it."""
        with self.reading() as connection:
            return Registry(self.trust).registered_key(connection, key_id)

    def submit(self, function: str, args: list[Any], key: str) -> None:
        """Queue a call of the key registry in the operator's name."""
        with self.writing() as connection:
            transactions.submit(connection, signer_of(OPERATOR), "KeyRegistry", function, args, key)

    def state_of(self, key: str) -> str:
        """How a queued transaction stands."""
        with self.reading() as connection:
            return transactions.status(connection, key).state

    def _enrol(self, name: str, cose: bytes, proof: bytes) -> None:
        with self.writing() as connection:
            caller = access.authenticate(connection, self.api_key, int(time.time()))
            enrolment.register_gateway(connection, self.context, caller, OPERATOR, name, cose, proof)


def build(folder: Path, node: EmbeddedNode, settings: dict[str, Any]) -> Site:
    """Everything on a fresh chain and in an empty database; what goes to the chain is sent once the backend runs."""
    signers = Signers(folder / "keys")
    for number, name in enumerate(("authority", "anchor", signer_of(STEWARD), signer_of(OPERATOR))):
        signers.store(name, bytes(node.account(number).key))
    trust = _deploy(node, signers)
    (folder / "trust.json").write_bytes(trust.encode())
    written = {
        "keys": str(folder / "keys"),
        "trust_file": str(folder / "trust.json"),
        "log_owner": signers.get(signer_of(STEWARD)).address,
        "log_name": "faults",
        "anchor_seconds": ANCHOR_SECONDS,
        "log_level": "warning",  # not each look at the log's size
        **settings,
    }
    config = folder / "backend.toml"
    config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in written.items()))
    chosen = load(config)
    engine = database.open_engine(chosen)
    database.migrate(engine)
    establish(chosen, STEWARD, "Steward")
    context = Context(chosen, engine, open_logs(chosen, engine))
    with database.transaction(engine) as connection:
        enrolment.admit_operator(connection, context, OPERATOR, "Operator")
        _, api_key = access.create(
            connection, label="faults", scopes=[access.ADMIN], operator=None, now=int(time.time())
        )
    engine.dispose()
    return Site(folder, engine, chosen, trust, context, api_key)


def _deploy(node: EmbeddedNode, signers: Signers) -> Trust:
    with Rpc(node.url) as rpc:
        done = deploy(rpc, signers.get("authority"))
        return make_trust(
            rpc,
            done.addresses,
            network_class="development",
            finality_blocks=1,
            deployed_block=done.block,
            publishers=[party_uri(Gln.parse(str(STEWARD)))],
            rpc_urls=[node.url],
        )
