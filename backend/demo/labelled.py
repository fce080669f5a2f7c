"""One certification, accepted in a second market, and not in a third: the tower section's label.

A scheme's owner states criteria, and accredits a certifier; the second market's authority signs that it recognises
the scheme. The certifier runs every check that a reader runs, and signs with a key that the server never has.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.demo.cast import TOWER, Party, party
from backend.demo.front_door import FrontDoor
from backend.demo.stage import Stage
from backend.demo.story import Story
from leafproof import clock

SCHEME = "Known footprint (demonstration)"
GOODS = "wind power equipment"
ATTESTED = "The certifier recomputed the footprint from the readings"
HOME, SECOND, THIRD = "CN", "EU", "BR"
YEAR = 365 * 86400
OWNER = party("952000000201", "Demo Scheme Owner")
CERTIFIER = party("952000000301", "Demo Certification")
AUTHORITIES = {
    HOME: party("952000000401", "Demo Market CN"),
    SECOND: party("952000000402", "Demo Market EU"),
    THIRD: party("952000000403", "Demo Market BR"),
}


@dataclass
class Labelling:
    """The stage, its server's door, and its story, for a label."""

    stage: Stage
    door: FrontDoor
    story: Story
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.stage.folder / "labels"
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def play(self) -> dict[str, Any]:
        """Everything; where the label counts, and where not, and why."""
        self._enrol()
        self._state()
        label = self._issue()
        told = {
            market: self.door.get(f"/v1/verify/labels/{label}", market=market) for market in (SECOND, HOME, THIRD)
        }
        return {
            "id": label,
            "scheme": SCHEME,
            "market": SECOND,
            "valid": told[SECOND]["valid"],
            "agreement": told[SECOND]["agreement"],
            "markets": {market: found["valid"] for market, found in told.items()},
            "refused": told[THIRD]["reason"],
        }

    def _enrol(self) -> None:
        everybody = [OWNER, CERTIFIER, *AUTHORITIES.values()]
        found = [self.door.post("/v1/verifiers", gln=str(one.gln), name=one.name) for one in everybody]
        self.story.await_transactions([f"admit:{one.gln}" for one in everybody])
        keys = [self.stage.command("backend", "labels", "admit-scheme", SCHEME, "--owner", str(OWNER.gln))]
        for market, one in AUTHORITIES.items():
            words = ("backend", "labels", "admit-market", market, "--authority", str(one.gln))
            keys.append(self.stage.command(*words))
        for one, admitted in zip(everybody, found, strict=True):
            keys.append(self._register(one, admitted["address"]))
        self.story.await_told([key.strip() for key in keys])

    def _register(self, one: Party, address: str) -> str:
        """A key of the party's own, registered in its name; the transaction's key."""
        words = ("--trust", str(self.stage.trust_file), *self._by(one)[:-2], "--address", address)
        made = self.stage.command_json("opinion", "key", *words)
        path = f"/v1/verifiers/{one.gln}/keys"
        return str(self.door.post(path, cose_key=made["cose_key"], proof=made["proof"])["transaction"])

    def _state(self) -> None:
        """Criteria; then who may certify, and which markets recognise it."""
        until = clock.utc_text(int(time.time()) + 2 * YEAR)
        times = f'start = "2018-01-01T00:00:00Z"\nuntil = "{until}"\n'
        profile = self.door.get(f"/v1/verify/footprints/{TOWER.gtin}/{TOWER.code}")["footprint"]["profile"]
        criteria = (
            f'name = "{SCHEME}"\nowner = "{OWNER.gln}"\ntitle = "A footprint that is known and bounded"\n'
            f'categories = ["{GOODS}"]\n'
            f'[[criteria]]\nkind = "footprint"\nprofile = "{profile["id"]}"\nat_most = "5000"\n'
            f'[[criteria]]\nkind = "primary share"\nprofile = "{profile["id"]}"\nat_least = "0.0001"\n'
            f'[[criteria]]\nkind = "attested"\ntext = "{ATTESTED}"\n'
        )
        self.story.await_told([self._said("scheme", criteria, OWNER)])
        allowed = (
            f'scheme = "{SCHEME}"\ncertifier = "{CERTIFIER.gln}"\nby = "an invented accreditation body"\n'
            f'number = "1"\ncategories = []\n{times}'
        )
        keys = [self._said("accreditation", allowed, OWNER)]
        for market in (HOME, SECOND):
            agreed = (
                f'market = "{market}"\nscheme = "{SCHEME}"\ncategory = "{GOODS}"\n'
                f'accepts = ["verification", "certificate"]\n{times}'
            )
            keys.append(self._said("recognition", agreed, AUTHORITIES[market]))
        self.story.await_told(keys)

    def _said(self, what: str, text: str, by: Party) -> str:
        file = self.folder / f"{what}-{by.gln}.toml"
        file.write_text(text, encoding="utf-8")
        return _transaction(self.stage.command("label", "state", what, str(file), *self._by(by)))

    def _issue(self) -> str:
        """The label's id, once the chain has it."""
        now = int(time.time())
        file, bundle = self.folder / "label.toml", self.folder / "tower.bundle"
        file.write_text(
            f'scheme = "{SCHEME}"\ncertifier = "{CERTIFIER.gln}"\ncategory = "{GOODS}"\nmarkets = ["{SECOND}"]\n'
            f'start = "{clock.utc_text(now - 3600)}"\nuntil = "{clock.utc_text(now + YEAR)}"\n'
            f'[[attested]]\ncriterion = "{ATTESTED}"\nevidence = "leafproof verify, on all readings"\n',
            encoding="utf-8",
        )
        bundle.write_bytes(self.door.bundle(TOWER))
        trust = ("--trust", str(self.stage.trust_file), "--rpc", self.stage.node.url)
        words = ("label", "issue", str(bundle), *trust, "--label", str(file), *self._by(CERTIFIER))
        issued = self.stage.command(*words)
        self.story.await_told([_transaction(issued)])
        return issued.partition(", label ")[2].split()[0]

    def _by(self, one: Party) -> tuple[str, ...]:
        key = str(self.folder / f"{one.gln}.pem")
        return ("--key", key, "--gln", str(one.gln), "--server", self.stage.url)


def _transaction(said: str) -> str:
    return said.rpartition("by transaction ")[2].split()[0]
