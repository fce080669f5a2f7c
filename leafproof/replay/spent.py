"""Input lots: the shares that the chain holds as spent on a lot are those that its record takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container

from leafproof.chain.view import LotRecord, lot_id
from leafproof.errors import InvalidInput
from leafproof.footprint import Footprint
from leafproof.record import BatchRecord, Input, shares_for
from leafproof.replay.known import Known
from leafproof.replay.report import ReplayReport
from leafproof.values import Lot
from leafproof.verification.statements import Statement


class Spent:
    """Judges one lot after the other, when the whole log was taken; `absent`: footprints of input lots that nobody
    handed over."""

    def __init__(
        self, report: ReplayReport, operator: Callable[[Statement], bytes], known: Known, absent: Container[str]
    ) -> None:
        self._report, self._operator, self._absent = report, operator, absent
        self._statements, self._withheld = known.statements, known.withheld

    def judge(self, lot: Lot, newest: tuple[Statement, BatchRecord], on_chain: LotRecord) -> None:
        """The inputs of a lot's newest record, against the chain's."""
        statement, record = newest
        if record.inputs is None or self._withheld_upstream(record.inputs):
            return
        spent: dict[bytes, int] = defaultdict(int)
        for consumption in on_chain.inputs:
            spent[consumption.parent] += consumption.shares
        uncounted: set[bytes] = set()
        stated: dict[bytes, int] = defaultdict(int)
        for line in record.inputs:
            if line.parent is None:
                continue
            used = self._used(line)
            if used is None and line.footprint in self._absent:
                uncounted.add(_token(line, line.parent))
                continue
            if used is None:
                message = f"lot {line.parent} has no record in this log: its shares were not recomputed"
                self._report.add("input-unspent", statement.index, message)
                continue
            maker = self._operator(used[0])
            if line.operator != "0x" + maker.hex():
                message = f"lot {line.parent} is said to be {line.operator}'s, its evidence is by 0x{maker.hex()}"
                self._report.add("input-maker", statement.index, message)
            try:
                shares = shares_for(line.amount.to("t"), used[1].product_mass())
                stated[lot_id(maker, line.parent)] += shares
            except InvalidInput as error:
                self._report.add("overdrawn", statement.index, f"lot {line.parent}: {error.message}")
        for token in stated.keys() | spent.keys() | uncounted:
            if token in uncounted and token in spent:
                continue
            if token not in spent:
                message = f"lot {lot}: no shares of 0x{token.hex()} are spent on it"
                self._report.add("input-unspent", statement.index, message)
            elif stated[token] != spent[token]:
                message = f"lot {lot}: {spent[token]} shares are spent, its record takes {stated[token]}"
                self._report.add("input-shares", statement.index, message)

    def _withheld_upstream(self, lines: tuple[Input, ...]) -> bool:
        """Whether an input lot's footprint, record or output is withheld: shares are counted by these."""
        for line in lines:
            printed = self._statements.get(line.footprint or "")
            record_id = printed.content.record if printed and isinstance(printed.content, Footprint) else ""
            used = self._used(line)
            if {line.footprint, record_id} & self._withheld.keys() or (used and used[1].outputs is None):
                return True
        return False

    def _used(self, line: Input) -> tuple[Statement, BatchRecord] | None:
        """The input lot's record on which the footprint that the line names was computed."""
        printed = self._statements.get(line.footprint or "")
        if printed is None or not isinstance(printed.content, Footprint) or printed.content.of != line.parent:
            return None
        record = self._statements.get(printed.content.record)
        return (record, record.content) if record and isinstance(record.content, BatchRecord) else None


def _token(line: Input, parent: Lot) -> bytes:
    """The input lot on chain, by what the record says of its maker."""
    try:
        return lot_id(bytes.fromhex(str(line.operator).removeprefix("0x")), parent)
    except ValueError:
        return b""
