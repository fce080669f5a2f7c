"""What happens on the stage: companies and gateways are enrolled, readings stream, lots are made and handed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from backend.demo import cast, gateways, plants
from backend.demo.cast import COIL_TONNES, FABRICATOR, STEEL, TOWER, Company, Period
from backend.demo.front_door import FrontDoor
from backend.demo.narrator import Narrator
from backend.demo.stage import DemoFailed, Stage, wait_for
from leafproof.values import Lot

CHAIN_SECONDS = 60.0
LOT_SECONDS = 3.0  # a lot's share of the waiting: signing, anchoring and minting on a busy small machine


@dataclass(frozen=True, slots=True)
class Played:
    """What the story leaves behind."""

    coils: list[Lot]
    balance: dict[str, Any]


class Story:
    """The acts, in order."""

    def __init__(self, stage: Stage, door: FrontDoor, period: Period, narrator: Narrator) -> None:
        self._stage, self._door, self._period, self._narrator = stage, door, period, narrator

    def play(self) -> Played:
        """All acts."""
        self.enrol()
        coils = self._steel()
        self._fabricate(coils[: cast.SECTION_COILS])
        with self._narrator.act("All gateways find all that they sent in the head that the chain holds"):
            for name in (*STEEL.gateways, *FABRICATOR.gateways):
                wait_for(self._stage, "the anchored head", CHAIN_SECONDS, lambda n=name: self._witnessed(n))
        return Played(coils, self._balance())

    def enrol(self) -> None:
        """The first act: both companies with all that describes them, and their gateways' keys and folders."""
        with self._narrator.act("Two companies and their gateways are enrolled on the chain"):
            for company in (STEEL, FABRICATOR):
                self._enrol_company(company)
            keys = {name: self._enrol_gateway(c, name) for c in (STEEL, FABRICATOR) for name in c.gateways}
            self.await_transactions([f"key:{key}" for key in keys.values()])
            for company in (STEEL, FABRICATOR):
                self._describe(company, keys)

    def _enrol_company(self, company: Company) -> None:
        enrolled = self._door.post("/v1/operators", gln=str(company.gln), name=company.name)
        self.await_transactions([enrolled["transaction"]])

    def _enrol_gateway(self, company: Company, name: str) -> str:
        """Make the gateway's key with its own command, register it; the key id, hexadecimal."""
        place = self._door.get(f"/v1/operators/{company.gln}/enrolment")
        folder = self._stage.folder / name
        stage = self._stage
        where = gateways.Where(
            place["chain_id"], place["contract"], place["log_id"], place["log_key"], stage.broker.port,
            stage.url, stage.trust_file, stage.node.url,
        )  # fmt: skip
        made = self._stage.command_json(
            "gateway", "init", str(folder), "--name", name,
            "--operator", str(company.gln), "--facility", str(company.facility),
            "--chain-id", str(where.chain_id), "--contract", where.contract,
            "--log-id", where.log_id, "--log-key", where.log_key,
            "--registry", place["registry"], "--operator-address", place["operator_address"],
            "--json",
        )  # fmt: skip
        gateways.write(folder / "gateway.toml", name, company, where, self._sources(company, name, folder))
        enrolled = self._door.post(
            "/v1/gateways",
            operator=str(company.gln),
            name=name,
            cose_key=made["cose_key"],
            proof=made["possession"]["proof"],
        )
        return str(enrolled["key_id"])

    def _sources(self, company: Company, name: str, folder: Path) -> str:
        if name == company.yard:
            return gateways.yard(folder, company, self._period, cast.steel_orders(self._period))
        return gateways.meters(company, self._period, self._stage.options.readings if company is STEEL else None)

    def _describe(self, company: Company, keys: dict[str, str]) -> None:
        """Facility, product and metering plan; `keys` by gateway."""
        self._door.post(
            "/v1/facilities",
            gln=str(company.facility),
            company=str(company.gln),
            name=company.facility_name,
            country=company.country,
            zone=company.zone,
            region=company.country,
        )
        facility = f"/v1/facilities/{company.facility}"
        for chosen in plants.factors(company):
            self._door.put(f"{facility}/factors", **chosen)
        self._door.put(f"{facility}/profiles", profiles=list(cast.PROFILES))
        self._door.post(
            "/v1/products",
            gtin=company.product_gtin,
            name=company.product,
            company=str(company.gln),
            disclosure="open",
        )
        facts = {"cn_code": company.cn_code, "process": company.process}
        self._door.put(f"/v1/products/{company.product_gtin}/method", facts=facts)
        self._door.post(
            f"{facility}/metering-plans",
            facility=str(company.facility),
            zone=company.zone,
            version=1,
            valid_from=f"{cast.FIRST_DAY.year - 1}-12-31T00:00:00Z",
            points=plants.points(company, keys),
        )

    def _steel(self) -> list[Lot]:
        orders = cast.steel_orders(self._period)
        source = self._stage.options.readings
        kind = "recorded readings of a real steel plant" if source else "simulated readings"
        days = self._period.days
        with self._narrator.act(f"The steel plant sends {days} days of {kind}, simulated gas, and coils weighed"):
            self._run_gateways(STEEL)
        with self._narrator.act(f"{len(orders)} runs close: records, footprints, one transaction a lot"):
            self._door.orders(STEEL, cast.steel_csv(orders))
            lots = [Lot.parse(STEEL.product_gtin, order.lot) for order in orders]
            self._await_lots(lots)
        with self._narrator.act("The period closes: energy outside runs is shared out over its good output"):
            self.close_steel_period()
        return lots

    def close_steel_period(self) -> None:
        """Close the steel plant's period, or close it anew after a correction."""
        self._close_period(STEEL, cast.FIRST_DAY, self._period.last_day)

    def _fabricate(self, coils: list[Lot]) -> None:
        with self._narrator.act("Two coils are handed over, and welded into a wind tower section"):
            for coil in coils:
                path = f"/v1/lots/{coil.gtin}/{coil.code}/transfers"
                self._door.post(path, to=str(FABRICATOR.gln), quantity=str(COIL_TONNES), unit="t")
            wait_for(self._stage, "the transfers", CHAIN_SECONDS, lambda: self._handed_over(coils))
            self._run_gateways(FABRICATOR)
            self._door.orders(FABRICATOR, cast.fabricator_csv(self._period, coils))
            self._await_lots([TOWER])
            day = self._period.last_day
            self._close_period(FABRICATOR, day, day + timedelta(days=1))

    def _close_period(self, company: Company, first: date, after: date) -> None:
        """From the start of one local day to the start of another."""
        span = {"from": f"{first}T00:00:00", "to": f"{after}T00:00:00"}
        self._door.post(f"/v1/facilities/{company.facility}/energy-periods", **span)

    def _handed_over(self, coils: list[Lot]) -> bool:
        found = [t for c in coils for t in self._door.get(f"/v1/lots/{c.gtin}/{c.code}/transfers")]
        return len(found) == len(coils) and all(t["state"] == "final" for t in found)

    def _run_gateways(self, company: Company) -> None:
        started = {name: self._stage.gateway(self._stage.folder / name) for name in company.gateways}
        for gateway in started.values():
            gateway.start()
        try:
            for name, gateway in started.items():
                wait_for(self._stage, f"gateway {name}", 300.0, lambda one=gateway: not one.running)
        finally:
            for gateway in started.values():
                gateway.stop()
        for name, gateway in started.items():
            status = self._stage.command_json("gateway", "status", "--json", "--config", self._config(name))
            if status["unacknowledged"]:
                raise DemoFailed(f"gateway {name} ended early{gateway.log_tail()}")

    def _config(self, gateway: str) -> str:
        return str(self._stage.folder / gateway / "gateway.toml")

    def _witnessed(self, gateway: str) -> bool:
        """Whether the gateway let all its frames go; raises `DemoFailed` where it misses one."""
        config = self._config(gateway)
        found = self._stage.command_json("gateway", "witness", "--json", "--config", config)
        return not found["waiting"]

    def await_transactions(self, keys: list[str]) -> None:
        """Until each is final; raises `DemoFailed` for one that the chain refuses."""
        for key in keys:
            wait_for(self._stage, key, CHAIN_SECONDS, lambda key=key: self._final(key))

    def await_told(self, keys: list[str]) -> None:
        """Until all are final, and the server has read them from the chain."""
        self.await_transactions(keys)
        block = max(self._door.get(f"/v1/transactions/{key}")["block_number"] for key in keys)
        what = "the server's reading of the chain"
        wait_for(self._stage, what, CHAIN_SECONDS, lambda: self._door.get("/v1/chain")["read_to_block"] >= block)

    def _final(self, key: str) -> bool:
        found = self._door.get(f"/v1/transactions/{key}")
        if found["state"] == "failed":
            raise DemoFailed(f"the chain refused {found['contract']}.{found['function']}: {found['error']}")
        return bool(found["state"] == "final")

    def _await_lots(self, lots: list[Lot]) -> None:
        with self._narrator.progress("lots on the chain", len(lots)) as advance:
            for lot in lots:
                seconds = CHAIN_SECONDS + LOT_SECONDS * len(lots)
                wait_for(self._stage, f"lot {lot}", seconds, lambda lot=lot: self.is_current(lot))
                advance()

    def is_current(self, lot: Lot, version: int = 1) -> bool:
        """Whether the chain points the lot to its record of that version."""
        try:
            found = self._door.get(f"/v1/lots/{lot.gtin}/{lot.code}/versions")["versions"]
        except DemoFailed:
            return False  # not recorded yet
        return any(v["version"] == version and v["state"] == "current" for v in found)

    def _balance(self) -> dict[str, Any]:
        end = self._period.last_day
        query = {"from": f"{cast.FIRST_DAY}T00:00:00", "to": f"{end}T00:00:00"}
        found: dict[str, Any] = self._door.get(f"/v1/facilities/{STEEL.facility}/energy-balance", **query)
        return found
