"""What counts once: a certificate is used by one lot, and a coil is sold once.

Each is tried a second time, at the server's door and then past it, at the contract: the chain is what refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from backend.anchor.chain import Reverted, address_of, connect
from backend.anchor.signers import Signers
from backend.demo.cast import BY_MARKET, FABRICATOR, FIRST_DAY, PROFILES, STEEL, STEWARD, WIND_FACTORS
from backend.demo.front_door import FrontDoor
from backend.demo.stage import DemoFailed, Stage, wait_for
from backend.demo.story import CHAIN_SECONDS, Story
from backend.production.service import signer_of
from leafproof.certificate import Cancellation, Days
from leafproof.chain.view import SHARES, lot_id
from leafproof.trust import Trust
from leafproof.values import Lot

REGISTRY = "I-REC(E)"
# Invented, as the companies are: 22 digits, as this registry's serials have.
CANCELLED = Cancellation(
    kind="I-REC",
    registry=REGISTRY,
    first="1000000000000000000001",
    last="1000000000000000000050",
    wh_per_serial=1_000_000,
    beneficiary=str(STEEL.gln),
    facility=str(STEEL.facility),
    period=Days(f"{FIRST_DAY.year}-01-01", f"{FIRST_DAY.year}-12-31"),
    plant="a wind park, invented for this demonstration",
    source="wind",
    country=STEEL.country,
    generated=Days(f"{FIRST_DAY.year}-01-01", f"{FIRST_DAY.year}-03-31"),
    cancelled=f"{FIRST_DAY.year}-05-31",
)


@dataclass(frozen=True, slots=True)
class Twice:
    """The stage, its server's door, and its story, for what is tried twice."""

    stage: Stage
    door: FrontDoor
    story: Story

    def certificate(self, coil: Lot) -> dict[str, Any]:
        """Cancel certificates for the steel plant, and claim one of them for a coil; who holds which serials, and
        what the coil's footprint is with them."""
        keys = self.stage.command("backend", "certificates", "admit", REGISTRY).split("\n")
        self.story.await_transactions([key for key in keys if key])
        stated = self.door.post("/v1/certificates", **msgspec.to_builtins(CANCELLED))
        asked = self.door.post(f"/v1/certificates/{stated['statement_id']}/claims", **self._serials(coil))
        self.story.await_transactions([asked["transaction"]])
        path = f"/v1/certificates/{stated['statement_id']}"
        wait_for(self.stage, "the claim", CHAIN_SECONDS, lambda: self.door.get(path)["standing"])
        return {
            "statement": stated["statement_id"],
            "registry": REGISTRY,
            "serials": [CANCELLED.first, CANCELLED.first],
            "wh": CANCELLED.wh_per_serial,
            "claimed_by": "0x" + self._account(STEEL.gln).hex(),
            "lot": str(coil),
            "footprints": self._counted(coil),
        }

    def _counted(self, coil: Lot) -> dict[str, str]:
        """From now on the plant counts its electricity by market too, this coil's at once; kg CO2e per tonne by
        profile."""
        plant, (wind, *added) = f"/v1/facilities/{STEEL.facility}", WIND_FACTORS
        self.door.put(f"{plant}/factors", subject="electricity-wind", factor=wind, added=added)
        self.door.put(f"{plant}/profiles", profiles=[*PROFILES, BY_MARKET])
        self.door.post(f"/v1/lots/{coil.gtin}/{coil.code}/footprints")
        found = self.door.get(f"/v1/verify/footprints/{coil.gtin}/{coil.code}")
        return {one["profile"]["id"]: one["per_tonne"] for one in (found["footprint"], *found["beside"])}

    def double_claim(self, statement: str, coil: Lot) -> str:
        """The same serials, for another coil; what the server says, and what the contract does."""
        said = self.door.refused(f"/v1/certificates/{statement}/claims", **self._serials(coil))
        some = bytes([1]) * 32
        subject = lot_id(self._account(FABRICATOR.gln), coil)
        serial = int(CANCELLED.first)
        args = [CANCELLED.registry_id, serial, serial, some, subject, some, 0]
        return f"refused: {self._revert('CertificateClaims', 'claim', args, FABRICATOR.gln)}; the server: {said}"

    def double_sale(self, coil: Lot, tonnes: Decimal) -> str:
        """A coil of `tonnes`, of which a part was handed over already, sold as a whole to somebody else."""
        path = f"/v1/lots/{coil.gtin}/{coil.code}/transfers"
        said = self.door.refused(path, to=str(STEWARD), quantity=str(tonnes), unit="t")
        seller, token = self._account(STEEL.gln), lot_id(self._account(STEEL.gln), coil)
        args = [seller, self._account(STEWARD), int.from_bytes(token, "big"), SHARES, b""]
        return f"refused: {self._revert('LotRegistry', 'safeTransferFrom', args, STEEL.gln)}; the server: {said}"

    def _serials(self, coil: Lot) -> dict[str, str]:
        return {"gtin": str(coil.gtin), "lot": str(coil.code), "first": CANCELLED.first, "last": CANCELLED.first}

    def _account(self, party: object) -> bytes:
        return address_of(Signers(self.stage.folder / "keys").get(signer_of(str(party))))

    def _revert(self, contract: str, function: str, args: list[Any], caller: object) -> str:
        """What the contract says to a call that goes past our server; raises `DemoFailed` if it would take it."""
        chain = connect(self.stage.node.url, Trust.decode(self.stage.trust_file.read_bytes()))
        try:
            chain.estimate(self._account(caller), chain.call_of(contract, function, args))
        except Reverted as refusal:
            return refusal.reason
        finally:
            chain.rpc.close()
        raise DemoFailed(f"{contract}.{function} would be taken a second time")
