"""Enrolment over HTTP. An answer comes before the chain has spoken: `/v1/transactions/{key}` tells how it went."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from backend.access.dependencies import require
from backend.access.service import ADMIN, WRITE_GATEWAYS, ApiKey
from backend.anchor import transactions
from backend.context import Context, context_of
from backend.database import reading, transaction
from backend.enrolment import service
from backend.log.schemas import Hex
from backend.production import service as production
from leafproof.errors import InvalidInput
from leafproof.keys import MAX_COSE_KEY, SIGNATURE_SIZE
from leafproof.values import Gln, party, party_uri

router = APIRouter(prefix="/v1", tags=["enrolment"])
Shared = Annotated[Context, Depends(context_of)]


class OperatorIn(BaseModel, extra="forbid"):
    """A company that makes things: party GLN and name."""

    gln: str = Field(max_length=13)
    name: str = Field(min_length=1, max_length=200)


class VerifierIn(BaseModel, extra="forbid"):
    """Who signs at home, a verifier or certifier, say: name, and party GLN or LEI (ISO 17442)."""

    gln: str = Field(max_length=20)
    name: str = Field(min_length=1, max_length=200)


class GatewayIn(BaseModel, extra="forbid"):
    """A gateway's key as `leafproof gateway init` prints it; hexadecimal. `partition` says which of this server's
    logs the gateway signs for: that of its facility."""

    operator: str = Field(max_length=13)
    name: str = Field(min_length=1, max_length=63)
    cose_key: str = Field(max_length=2 * MAX_COSE_KEY)
    proof: str = Field(max_length=2 + 2 * SIGNATURE_SIZE)
    partition: int = Field(default=0, ge=0, lt=2**31)


class VerifierKeyIn(BaseModel, extra="forbid"):
    """A verifier's key as `leafproof opinion key` prints it; hexadecimal."""

    cose_key: str = Field(max_length=2 * MAX_COSE_KEY)
    proof: str = Field(max_length=2 + 2 * SIGNATURE_SIZE)


class AdmittedOut(BaseModel):
    """The verifier's account, and what else his key's proof has to name."""

    address: str
    registry: str
    chain_id: int
    issuer: str


class PlaceOut(BaseModel):
    """What a gateway of an operator is set up with: the options of `leafproof gateway init`, in their form."""

    chain_id: int
    contract: str
    log_id: str
    log_key: str
    registry: str
    operator_address: str


class EnrolledOut(BaseModel):
    """The account on chain, the key id, and the name of the transaction that registers it."""

    address: Hex
    key_id: Hex
    transaction: str


class TransactionOut(BaseModel):
    """`state`: queued, sent, final or failed; `error` says why it failed, or what it waits for."""

    key: str
    contract: str
    function: str
    state: str
    error: str | None
    block_number: int | None


@router.post("/operators", status_code=202, dependencies=[Depends(require(ADMIN))])
def add_operator(context: Shared, operator: OperatorIn) -> EnrolledOut:
    """Admit an operator, with an account and an issuer key that this server keeps."""
    with transaction(context.engine) as connection:
        found = service.admit_operator(connection, context, Gln.parse(operator.gln, "gln"), operator.name)
    return EnrolledOut(address=found.address, key_id=found.key_id, transaction=found.transaction)


@router.post("/verifiers", status_code=202, dependencies=[Depends(require(ADMIN))])
def add_verifier(context: Shared, verifier: VerifierIn) -> AdmittedOut:
    """Admit a verifier, with an account that this server keeps; his key never comes here."""
    gln = party(verifier.gln, "gln")
    with transaction(context.engine) as connection:
        address = service.admit_verifier(connection, context, gln, verifier.name)
    trust = context.settings.trust()
    registry = trust.contracts["KeyRegistry"].address
    return AdmittedOut(
        address="0x" + address.hex(), registry=registry, chain_id=trust.chain_id, issuer=party_uri(gln)
    )


@router.post("/verifiers/{gln}/keys", status_code=202, dependencies=[Depends(require(ADMIN))])
def add_verifier_key(context: Shared, gln: str, key: VerifierKeyIn) -> EnrolledOut:
    """Register a verifier's own key in his name."""
    verifier = party(gln, "gln")
    cose, proof = _bytes(key.cose_key, "cose_key"), _bytes(key.proof, "proof")
    with transaction(context.engine) as connection:
        found = service.register_verifier(connection, context, verifier, cose, proof)
    return EnrolledOut(address=found.address, key_id=found.key_id, transaction=found.transaction)


@router.get("/operators/{gln}/enrolment")
def get_enrolment(context: Shared, gln: str, partition: int = Query(default=0, ge=0, lt=2**31)) -> PlaceOut:
    """What a gateway of this operator has to know of the chain and of its partition's log; public."""
    operator = party(gln, "gln")
    trust, hosted = context.settings.trust(), context.logs.of_partition(partition)
    with reading(context.engine) as connection:
        address = bytes(production.company(connection, operator)["address"])
    return PlaceOut(
        chain_id=trust.chain_id,
        contract=trust.contracts["TransparencyLog"].address,
        log_id="0x" + hosted.log.ref.log_id.hex(),
        log_key=hosted.key.public.cose.hex(),
        registry=trust.contracts["KeyRegistry"].address,
        operator_address="0x" + address.hex(),
    )


@router.post("/gateways", status_code=202)
def add_gateway(
    context: Shared, gateway: GatewayIn, caller: Annotated[ApiKey, Depends(require(WRITE_GATEWAYS))]
) -> EnrolledOut:
    """Register a gateway's key in its operator's name."""
    operator = Gln.parse(gateway.operator, "operator")
    cose, proof = _bytes(gateway.cose_key, "cose_key"), _bytes(gateway.proof, "proof")
    with transaction(context.engine) as connection:
        found = service.register_gateway(
            connection, context, caller, operator, gateway.name, cose, proof, gateway.partition
        )
    return EnrolledOut(address=found.address, key_id=found.key_id, transaction=found.transaction)


@router.get("/transactions/{key:path}", dependencies=[Depends(require(ADMIN))])
def get_transaction(context: Shared, key: str) -> TransactionOut:
    """How a transaction stands that was submitted under this name."""
    with reading(context.engine) as connection:
        found = transactions.status(connection, key)
    return TransactionOut(
        key=found.key,
        contract=found.contract,
        function=found.function,
        state=found.state,
        error=found.error,
        block_number=found.block_number,
    )


def _bytes(text: str, field: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise InvalidInput(field, "not hexadecimal") from None
