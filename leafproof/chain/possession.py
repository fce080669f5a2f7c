"""Proof of possession: a key's own signature that it belongs to this operator, in this role, on this registry.

Checked off chain by every reader (a P-256 check on chain would cost more than the rest of the registration),
which is why the registry stores keys per operator: whoever squats on a key id cannot prove it.
"""

from __future__ import annotations

from dataclasses import dataclass

from leafproof import cbor
from leafproof.chain.view import Address, Role
from leafproof.errors import Malformed, SignatureInvalid
from leafproof.keys import PublicKey, SigningKey


@dataclass(frozen=True, slots=True)
class Claim:
    """What the key signs: chain, registry, operator, role, log (zero for issuers) and issuer name."""

    chain_id: int
    registry: Address
    operator: Address
    role: Role
    log_id: bytes
    issuer: str

    def message(self) -> bytes:
        """The bytes to be signed."""
        return cbor.encode(
            [
                "leafproof key possession",
                self.chain_id,
                self.registry,
                self.operator,
                int(self.role),
                self.log_id,
                self.issuer,
            ]
        )


def prove(key: SigningKey, claim: Claim) -> bytes:
    """The signature to be registered with the key."""
    return key.sign(claim.message())


def holds(cose: bytes, claim: Claim, proof: bytes) -> bool:
    """Whether `proof` is the key's own word for `claim`."""
    try:
        PublicKey.from_cose(cose).verify(proof, claim.message())
    except (Malformed, SignatureInvalid):
        return False
    return True
