"""The whole demo, from an empty folder to a verdict."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend.demo import after_gate, cast, lies, listed
from backend.demo.cast import TOWER, Period
from backend.demo.front_door import FrontDoor
from backend.demo.labelled import Labelling
from backend.demo.narrator import Narrator
from backend.demo.stage import Options, Stage, wait_for
from backend.demo.story import CHAIN_SECONDS, Played, Story
from backend.demo.twice import Twice
from leafproof.tree import HASH_SIZE, Frontier
from leafproof.trust import Trust

API_KEY_FILE = "auditor.key"
RESULT = "demo.json"


@contextmanager
def opened(options: Options, narrator: Narrator) -> Iterator[tuple[Stage, dict[str, Any], int]]:
    """Play, and keep the stage up; the result's JSON object, and the verification's exit code.

    A folder in which a demo was played to its end is opened again without playing.
    """
    notice = cast.NOTICE_RECORDED if options.readings else cast.NOTICE
    with Stage(options, notice) as stage:
        with narrator.act(f"An EVM node and a {stage.broker.kind} broker start"):
            stage.start_parts()
        played_before = (stage.folder / RESULT).exists()
        if not played_before:
            with narrator.act("The contracts are deployed, the log is opened"):
                stage.deploy()
                stage.establish()
        with narrator.act("The backend serves, and a witness watches its log"):
            stage.serve()
            stage.watch()
        if played_before:
            narrator.say(f"  ✓ The demo in {stage.folder} is opened as it was played")
            found = json.loads((stage.folder / RESULT).read_bytes())
            found["passport_url"], found["rpc_url"] = _passport(stage), stage.node.url
            yield stage, found, found["exit_code"]
            return
        door = FrontDoor(stage.url, make_api_key(stage))
        try:
            found = _play(stage, door, Period(options.days), narrator)
        finally:
            door.close()
        (stage.folder / RESULT).write_text(json.dumps(found), encoding="utf-8")
        yield stage, found, found["exit_code"]


def make_api_key(stage: Stage) -> str:
    """A key for everything, into a file that its owner alone may read."""
    words = ("backend", "keys", "create", "demo", "--all-operators", "--scope", "admin")
    text = stage.command(*words).strip().splitlines()[-1]
    path = stage.folder / API_KEY_FILE
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")
    return text


def _play(stage: Stage, door: FrontDoor, period: Period, narrator: Narrator) -> dict[str, Any]:
    story = Story(stage, door, period, narrator)
    played = story.play()
    first, second = played.coils[:2]
    twice = Twice(stage, door, story)
    with narrator.act("Green certificates are cancelled, and one claimed for a coil, whose footprint counts it"):
        certificate = twice.certificate(first)
    by_place, _, by_market = certificate["footprints"].values()
    narrator.say(
        f"      {by_place} kg CO2e per tonne by the grid's electricity, {by_market} with the wind's", "yellow"
    )
    with narrator.act("The same certificate for another coil, and a coil sold twice"):
        claim = twice.double_claim(certificate["statement"], second)
        sale = twice.double_sale(first, cast.steel_orders(period)[0].output)
    narrator.say(f"      {claim}", "yellow")
    narrator.say(f"      {sale}", "yellow")
    with narrator.act("A certifier labels the section: recognised in a second market, and not in a third"):
        label = Labelling(stage, door, story).play()
    narrator.say(f"      {label['market']}: accepted; {label['refused']}", "yellow")
    with narrator.act("A list of green goods is proposed and adopted, and the section classified by it"):
        categories = listed.categories(stage, door, story)
    key_file = str(stage.folder / API_KEY_FILE)
    stage.await_witness()
    with narrator.act("A lie: one byte of a stored statement is altered"):
        byte = lies.altered_byte(stage, door, played.coils[0], key_file)
    narrator.say(f"      {byte}", "yellow")
    with narrator.act("A lie: one tonne more, by the owner's own hand"):
        tonne = lies.altered_tonne(stage, door, story, cast.steel_orders(period)[2])
    narrator.say(f"      {tonne}", "yellow")
    with narrator.act("Both are put back; the period closes anew, and the plants declare the mean of all lots"):
        story.close_steel_period()
        declared = after_gate.declare(door, period)
    with narrator.act("The section is shipped and erected; recycling is a scenario, and says so"):
        after_gate.attach(door)
        wait_for(stage, "the anchor", CHAIN_SECONDS, lambda: not door.get("/v1/chain")["logs"][0]["waiting"])
    with narrator.act("An export is written, and the passport is verified"):
        export = stage.folder / "export"
        stage.await_witness()
        stage.command("backend", "export", str(export))
        report, code = _verify(stage, door)
    return {
        **_facts(stage, played, export),
        **_footprint(door),
        "declared": declared,
        **report,
        "label": label,
        "categories": categories,
        "certificate": certificate,
        "double_claim": claim,
        "double_sale": sale,
        "altered_byte": byte,
        "altered_tonne": tonne,
        "exit_code": code,
    }


def _verify(stage: Stage, door: FrontDoor) -> tuple[dict[str, Any], int]:
    """The tower section's bundle, checked by the command that anyone has; what it says, and its exit code."""
    bundle = stage.folder / "tower.bundle"
    bundle.write_bytes(door.bundle(TOWER))
    words = ("verify", str(bundle), "--trust", str(stage.trust_file), "--rpc", stage.node.url, "--json")
    found = stage.command_json(*words, codes=range(5))
    report = {"bundle": str(bundle), "verdict": found["verdict"], "checks": found["checks"]}
    return report, int(found["exit_code"])


def _facts(stage: Stage, played: Played, export: Path) -> dict[str, Any]:
    manifest = json.loads((export / "manifest.json").read_bytes())
    trust = Trust.decode(stage.trust_file.read_bytes())
    leaves = (export / "leaves.bin").read_bytes()
    tree = Frontier()
    for start in range(0, len(leaves), HASH_SIZE):
        tree.append(leaves[start : start + HASH_SIZE])
    return {
        "passport_url": _passport(stage),
        "trust": str(stage.trust_file),
        "energy_kwh": played.balance["total"],
        "energy_lots_kwh": played.balance["lots"],
        "energy_idle_kwh": played.balance["idle"],
        "log_id": manifest["log"]["log_id"],
        "log_size": manifest["size"],
        "root": "0x" + tree.root().hex(),
        "witness": _witness(stage),
        "contract": trust.contracts["TransparencyLog"].address,
        "chain_id": trust.chain_id,
        "rpc_url": stage.node.url,
        "export": str(export),
    }


# How the line names what a component's data is.
_KINDS = {"primary": "measured", "secondary": "secondary", "supplier": "supplier-stated"}


def _footprint(door: FrontDoor) -> dict[str, Any]:
    """The tower section's footprint by its main profile, kg CO2e per tonne; its stages, of which those before the
    gate add up to it; and its footprints by all profiles."""
    found = door.get(f"/v1/verify/footprints/{TOWER.gtin}/{TOWER.code}")
    main = found["footprint"]
    rows = [(main["profile"], main["per_tonne"]), *((b["profile"], b["per_tonne"]) for b in found["beside"])]
    return {
        "footprint": main["per_tonne"],
        "stages": [
            *({"stage": s["stage"], "kind": _KINDS[s["kind"]], "value": s["emissions"]} for s in main["stages"]),
            *({"stage": s["stage"], "kind": s["basis"], "value": s["per_tonne"]} for s in found["after_the_gate"]),
        ],
        "profiles": [{"id": p["id"], "version": p["version"], "footprint": value} for p, value in rows],
    }


def _witness(stage: Stage) -> dict[str, Any]:
    """What the witness says by itself: its key, the entries that it cosigned, its alarms."""
    found = stage.command_json("witness", "status", str(stage.witness_folder), "--json")
    (log,) = found["logs"]
    return {"vkey": found["vkey"], "size": log["size"], "root": "0x" + log["root"], "alarms": len(log["alarms"])}


def _passport(stage: Stage) -> str:
    return f"{stage.public_url}/01/{TOWER.gtin}/10/{TOWER.code}"


def serve_until_stopped(stage: Stage, stop: threading.Event) -> None:
    """Stay up; raises `DemoFailed` when the backend ends by itself."""
    while not stop.wait(0.5):
        stage.check()
