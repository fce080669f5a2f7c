"""Enrolment: what has to stand on the chain before a statement of somebody counts.

Everything is submitted to the queue of transactions, in the order in which the contracts ask for it, under keys
that make a second call do nothing. The authority admits; the operator registers its own keys, each with the
key's own signature that it belongs to this operator (`leafproof.chain.possession`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from backend.access.service import ApiKey
from backend.anchor import transactions
from backend.anchor.chain import address_of
from backend.anchor.signers import Signers
from backend.context import Context
from backend.log.service import HostedLog
from backend.production import service as production
from backend.production.keystore import FileSigner
from leafproof.chain.possession import Claim, holds, prove
from leafproof.chain.view import Role
from leafproof.errors import InvalidInput
from leafproof.keys import PublicKey, SigningKey
from leafproof.trust import Trust
from leafproof.values import Gln, Party, gateway_uri, party_uri

AUTHORITY = "authority"
_NO_LOG = bytes(32)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What was asked of the chain for a party: its account, and the key id that will stand for it."""

    address: bytes
    key_id: bytes
    transaction: str


def admit_operator(connection: Connection, context: Context, gln: Gln, name: str) -> Enrolled:
    """A company with an account and an issuer key of its own, kept by this server, admitted and registered.

    Raises `InvalidInput`, `Conflict`, `SettingsError`.
    """
    trust, folder = context.settings.trust(), context.settings.keys_folder
    address = address_of(Signers(folder).get_or_create(production.signer_of(gln)))
    key = FileSigner(folder).create(gln)
    production.add_company(connection, gln, name, address)
    admission = [address, party_uri(gln)]
    transactions.submit(connection, AUTHORITY, "KeyRegistry", "admitOperator", admission, f"admit:{gln}")
    submitted = _register(connection, trust, gln, address, key, Role.ISSUER, _NO_LOG, party_uri(gln))
    return Enrolled(address, key.public.key_id, submitted)


def register_gateway(
    connection: Connection,
    context: Context,
    caller: ApiKey,
    operator: Gln,
    name: str,
    cose: bytes,
    proof: bytes,
    partition: int = 0,
) -> Enrolled:
    """A gateway's key, which proves itself by `proof`, registered in the operator's name for the partition's log.

    Raises `InvalidInput` for a proof that does not hold, `NotFound` for an unknown operator or partition,
    `NotAllowed`.
    """
    caller.check_operator(operator)
    company = production.company(connection, operator)
    trust, log = context.settings.trust(), context.logs.of_partition(partition).log.ref
    claim = _claim(trust, company["address"], Role.GATEWAY, log.log_id, gateway_uri(operator, name))
    if not holds(cose, claim, proof):
        raise InvalidInput(
            "proof",
            "not this key's signature for this operator, gateway name and partition's log",
        )
    key_id = PublicKey.from_cose(cose).key_id
    submitted = f"key:{key_id.hex()}"
    args = [key_id, int(Role.GATEWAY), log.log_id, claim.issuer, cose, proof]
    if not transactions.known(connection, submitted):
        signer = production.signer_of(operator)
        transactions.submit(connection, signer, "KeyRegistry", "register", args, submitted)
    return Enrolled(company["address"], key_id, submitted)


def admit_verifier(connection: Connection, context: Context, gln: Party, name: str) -> bytes:
    """A verifier admitted with an account that this server keeps, and without a key: his key stays with him, see
    `register_verifier`. The account's address. Raises `InvalidInput`, `Conflict`, `SettingsError`."""
    address = address_of(Signers(context.settings.keys_folder).get_or_create(production.signer_of(gln)))
    production.add_company(connection, gln, name, address)
    admission = [address, party_uri(gln)]
    transactions.submit(connection, AUTHORITY, "KeyRegistry", "admitOperator", admission, f"admit:{gln}")
    return address


def register_verifier(connection: Connection, context: Context, gln: Party, cose: bytes, proof: bytes) -> Enrolled:
    """A verifier's own issuer key, which proves itself by `proof`, registered on the chain in his name.

    Raises `InvalidInput` for a proof that does not hold, `NotFound` for a verifier who was not admitted here.
    """
    company = production.company(connection, gln)
    claim = _claim(context.settings.trust(), company["address"], Role.ISSUER, _NO_LOG, party_uri(gln))
    if not holds(cose, claim, proof):
        raise InvalidInput("proof", "not this key's signature for this verifier's account and name")
    key_id = PublicKey.from_cose(cose).key_id
    submitted = f"key:{key_id.hex()}"
    args = [key_id, int(Role.ISSUER), _NO_LOG, claim.issuer, cose, proof]
    if not transactions.known(connection, submitted):
        signer = production.signer_of(gln)
        transactions.submit(connection, signer, "KeyRegistry", "register", args, submitted)
    return Enrolled(company["address"], key_id, submitted)


def open_log(connection: Connection, context: Context, hosted: HostedLog, steward: Gln) -> None:
    """This server's log on the chain: opened by the steward, written by the anchor's account."""
    trust, folder = context.settings.trust(), context.settings.keys_folder
    signers, signer = Signers(folder), production.signer_of(steward)
    address, log_id = address_of(signers.get(signer)), hosted.log.ref.log_id
    if address != context.settings.owner():
        raise InvalidInput("log_owner", f"is not the account of the steward {steward}")
    anchor = address_of(signers.get("anchor"))
    transactions.submit(connection, signer, "TransparencyLog", "open", [hosted.name], f"open:{log_id.hex()}")
    appointment = f"appoint:{log_id.hex()}:{anchor.hex()}"
    transactions.submit(connection, signer, "TransparencyLog", "appoint", [log_id, anchor], appointment)
    _register(connection, trust, steward, address, hosted.key, Role.LOG, log_id, party_uri(steward))


def _register(
    connection: Connection,
    trust: Trust,
    operator: Gln,
    address: bytes,
    key: SigningKey,
    role: Role,
    log_id: bytes,
    issuer: str,
) -> str:
    submitted = f"key:{key.public.key_id.hex()}"
    if transactions.known(connection, submitted):
        return submitted  # an ES256 proof is another one each time
    proof = prove(key, _claim(trust, address, role, log_id, issuer))
    args = [key.public.key_id, int(role), log_id, issuer, key.public.cose, proof]
    signer = production.signer_of(operator)
    transactions.submit(connection, signer, "KeyRegistry", "register", args, submitted)
    return submitted


def _claim(trust: Trust, operator: bytes, role: Role, log_id: bytes, issuer: str) -> Claim:
    registry = trust.contracts["KeyRegistry"].address_bytes
    return Claim(trust.chain_id, registry, operator, role, log_id, issuer)
