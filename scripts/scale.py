"""Write docs/scale.md: what a group with 100,000 gateways would run, and what it would cost a month.

    .venv/bin/python scripts/scale.py        (after `make bench`, and `make gas` where contracts changed)

Capacity comes from the row `scale_out` of benchmarks/latest.json, gas from docs/gas.md; what nobody measured here
is an assumption, and stands at the top of the page.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MONTH = 30 * 86_400  # seconds
ROW = "scale_out"
PARTS = ("rate", "workers", "postgres", "broker", "stored")
EXTEND, MINT = "extend at 2^30, costliest proof, by an anchor key", "mint a lot from 2 inputs"


class Unusable(Exception):
    """A file that the page is computed from lacks something; the text says which and what."""


@dataclass(frozen=True)
class Assumptions:
    """What was not measured. Prices are in euro a month, unless they say otherwise."""

    gateways: int = 100_000
    readings_a_frame: int = 256  # as `scale_out` measures
    seconds_a_frame: int = 300  # from one frame of a gateway to its next
    years_kept: int = 10
    catch_up: float = 4.0  # times the usual load, so that an hour's outage is over in 20 minutes
    busy: float = 0.5  # of a machine's processors at that load: the rest is for peaks, vacuum, repair
    cores: int = 8  # of a machine
    connections: int = 50_000  # a broker node keeps, one node may fail
    copies: int = 2  # of the database: primary and replica
    validators: int = 7  # QBFT: two may fail
    other_machines: int = 4  # two servers for readers, two nodes of the chain that do not validate
    anchor_seconds: int = 600
    lots: int = 500_000  # a month
    machine_price: float = 200.0
    terabyte_price: float = 80.0
    eth_price: float = 2_500.0
    gwei_layer_two: float = 0.02
    gwei_mainnet: float = 2.0


@dataclass(frozen=True)
class Measured:
    """Frames a second of one worker, the processor seconds of each part for a frame, a reading's place on disk."""

    rate: float
    speed_up: float
    workers: float
    postgres: float
    broker: float
    stored: float  # bytes of the database a reading
    where: str


def measured(text: str) -> Measured:
    """The row `scale_out` of benchmarks/latest.json. Raises `Unusable`."""
    try:
        rows: list[dict[str, Any]] = json.loads(text)
        row = next((one for one in rows if one["name"] == ROW), None)
        if row is None:
            raise Unusable(f"the benchmarks have no row {ROW}; run make bench")
        one, two = (
            {part: float(row[f"{label}_{part}"]) for part in PARTS} for label in ("one_worker", "two_workers")
        )
        if one["rate"] <= 0 or two["rate"] <= 0:
            raise Unusable(f"the row {ROW} says that nothing moved")
        cost = {part: two[part] / two["rate"] for part in PARTS[1:-1]}
        where = f"{row['machine']}; {row['date']}"
        return Measured(one["rate"], float(row["value"]), **cost, stored=two["stored"], where=where)
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise Unusable(f"the benchmarks cannot be read: {type(error).__name__} {error}") from None


def gas(text: str) -> dict[str, int]:
    """Gas of each transaction in docs/gas.md: the larger of its own and its floor (EIP-7623).
    Raises `Unusable`."""
    found = {}
    for name, *figures in re.findall(r"^\| ([^|]+) \| ([\d,]+) \| [\d,]+ \| ([\d,]*) \|$", text, re.MULTILINE):
        found[name] = max(int(figure.replace(",", "")) for figure in figures if figure)
    for name in (EXTEND, MINT):
        if name not in found:
            raise Unusable(f"docs/gas.md has no row {name!r}")
    return found


@dataclass(frozen=True)
class Plan:
    """What follows from figures and assumptions."""

    given: Assumptions
    figures: Measured
    gas: dict[str, int]

    @property
    def frames(self) -> float:
        """A second, usually."""
        return self.given.gateways / self.given.seconds_a_frame

    @property
    def peak(self) -> float:
        """Frames a second while a backlog is worked off."""
        return self.frames * self.given.catch_up

    @property
    def partitions(self) -> int:
        """Logs: two for each worker process that the peak needs, so that shares stay even when one dies."""
        return 2 * ceil(self.peak / (self.figures.rate * self.given.busy))

    @property
    def terabytes_a_year(self) -> float:
        """Of one copy of the database."""
        return self.frames * self.given.readings_a_frame * self.figures.stored * 365 * 86_400 / 1e12

    @property
    def machines(self) -> dict[str, int]:
        """How many of each part; one more where the loss of one must not be felt."""
        given = self.given
        return {
            "broker cluster": max(
                self._by_processor(self.figures.broker), ceil(given.gateways / given.connections)
            )
            + 1,
            "ingest workers": self._by_processor(self.figures.workers) + 1,
            "PostgreSQL": self._by_processor(self.figures.postgres) * given.copies,
            "validators": given.validators,
            "readers' servers, chain nodes": given.other_machines,
        }

    def _by_processor(self, seconds_a_frame: float) -> int:
        return ceil(self.peak * seconds_a_frame / self.given.busy / self.given.cores)

    @property
    def gas_a_month(self) -> tuple[int, int]:
        """Of anchors and of lots."""
        anchors = self.partitions * MONTH // self.given.anchor_seconds
        return anchors * self.gas[EXTEND], self.given.lots * self.gas[MINT]


def page(plan: Plan) -> str:
    """The whole page."""
    return "\n".join([_introduction(plan), _assumed(plan), _machines(plan), _chain(plan)])


def _introduction(plan: Plan) -> str:
    given, figures = plan.given, plan.figures
    total = sum(plan.machines.values())
    workers = f"ingest workers, {plan.partitions} logs"
    every = f"an anchor a log every {given.anchor_seconds // 60} minutes"
    return f"""\
# A group with {given.gateways:,} gateways

Written by `scripts/scale.py` from `benchmarks/latest.json` and [the gas table](gas.md); do not edit. What was
measured was measured on one small machine ({figures.where}), and a machine of {given.cores} cores is taken for
{given.cores} such cores. Nobody has run this at full size: it says what to plan for, not what was seen.

**{total} machines, {_euro(_monthly(plan))} a month** once all years are on disk, and no gas on a network
of one's own. On a public layer two the gas would cost {_euro(_fees(plan, given.gwei_layer_two))} a month more,
on Ethereum's main network {_euro(_fees(plan, given.gwei_mainnet))}.

```
{given.gateways:,} gateways -> broker cluster -> {workers} -> PostgreSQL -> servers -> readers
                                                                           |
                         {given.validators} validators <- {every} -+
```
"""


def _assumed(plan: Plan) -> str:
    given = plan.given
    rows = [
        ("a gateway sends", f"a frame of {given.readings_a_frame} readings every {given.seconds_a_frame} s"),
        (
            "readings are kept",
            f"for {given.years_kept} years, {given.copies} copies",
        ),
        ("after an outage", f"{given.catch_up:g} times the usual load, processors {given.busy:.0%} busy"),
        ("a machine", f"{given.cores} cores, {_euro(given.machine_price)} a month"),
        ("disk", f"{_euro(given.terabyte_price)} a terabyte and month"),
        ("a broker node", f"keeps {given.connections:,} connections; one node may fail"),
        ("the chain", f"{given.validators} validators, an anchor a log every {given.anchor_seconds} s"),
        ("lots", f"{given.lots:,} a month, each from 2 others"),
        ("gas", f"{given.gwei_layer_two:g} gwei on a layer two, {given.gwei_mainnet:g} on the main network"),
        ("ether", _euro(given.eth_price)),
    ]
    return "## Assumptions\nChange them in the script, and write the page anew.\n\n" + _table(("", ""), rows)


def _machines(plan: Plan) -> str:
    given, figures = plan.given, plan.figures
    rows = [(part, str(count), _euro(count * given.machine_price)) for part, count in plan.machines.items()]
    kept = plan.terabytes_a_year * given.years_kept * given.copies
    rows.append((f"disk, when full: {kept:,.0f} TB", "", _euro(kept * given.terabyte_price)))
    rows.append(("**together**", str(sum(plan.machines.values())), f"**{_euro(_monthly(plan))}**"))
    usual = f"{plan.frames:,.0f} frames and {plan.frames * given.readings_a_frame:,.0f} readings a second"
    costs = ", ".join(
        f"{seconds * 1e3:.2f} ms in {part}"
        for part, seconds in (
            ("the worker", figures.workers),
            ("PostgreSQL", figures.postgres),
            ("the broker", figures.broker),
        )
    )
    return f"""\
## Machines
Usually {usual}; {plan.peak:,.0f} frames a second while a backlog is worked off.

Measured: one worker takes {figures.rate:,.0f} frames a second, two on the same two cores {figures.speed_up:.2f}
times as many. A frame costs this much of a processor: {costs}.
A reading takes {figures.stored:.1f} bytes of the database: frame, indexes, tiles and rollups.

{_table(("", "machines", "a month"), rows)}
- **Broker**: mosquitto is one process. A cluster (EMQX, VerneMQ, HiveMQ) takes its place; gateways and workers
  speak plain MQTT 5.
- **Partitions**: {plan.partitions} logs. A gateway's partition is in its topics: choose the number once.
- **PostgreSQL**: {plan.terabytes_a_year:,.0f} TB a year. Every large table begins its key with the log, the
  gateway or the series: split `entries`, `bodies` and `tiles` by log, `frames` by gateway, `rollups` by series, or
  give each group of logs a database of its own.
- **Lost**: what is under way when a part dies is sent again; a worker's partitions rest for a lease of 10 seconds.
"""


def _chain(plan: Plan) -> str:
    given = plan.given
    anchors, lots = plan.gas_a_month
    networks = (("layer two", given.gwei_layer_two), ("main network", given.gwei_mainnet))
    rows = [
        (what, f"{count:,}", f"{used / 1e9:,.1f}", *(_euro(_cost(used, price, given)) for _, price in networks))
        for what, count, used in (
            ("anchors", anchors // plan.gas[EXTEND], anchors),
            ("lots", given.lots, lots),
        )
    ]
    return f"""\
## Gas
An anchor costs at most {plan.gas[EXTEND]:,} gas (a log of 2^30 entries), a lot made from two others
{plan.gas[MINT]:,}. Together {(anchors + lots) / MONTH:,.0f} gas a second. More gateways in a log cost no gas.

{_table(("", "transactions a month", "gas, billions", *(name for name, _ in networks)), rows)}"""


def _monthly(plan: Plan) -> float:
    given = plan.given
    disk = plan.terabytes_a_year * given.years_kept * given.copies * given.terabyte_price
    return sum(plan.machines.values()) * given.machine_price + disk


def _fees(plan: Plan, gwei: float) -> float:
    return _cost(sum(plan.gas_a_month), gwei, plan.given)


def _cost(used: int, gwei: float, given: Assumptions) -> float:
    return used * gwei / 1e9 * given.eth_price


def _euro(amount: float) -> str:
    """Three digits are as many as these figures are worth."""
    return f"€ {float(f'{amount:.3g}'):,.0f}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" if not number else "---:" for number in range(len(head))), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(arguments: list[str]) -> int:
    """Write the page; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, default=ROOT / "benchmarks" / "latest.json")
    parser.add_argument("--gas", type=Path, default=ROOT / "docs" / "gas.md")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "scale.md")
    given = parser.parse_args(arguments)
    try:
        plan = Plan(Assumptions(), measured(given.bench.read_text()), gas(given.gas.read_text()))
    except (OSError, Unusable) as error:
        print(error, file=sys.stderr)
        return 1
    given.out.write_text(page(plan), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
