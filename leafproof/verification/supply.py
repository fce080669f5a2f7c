"""The supply tree of a bundle: lots made from lots made from lots, in logs of as many companies as there are.

1. A bundle is a flat list. Each lot in it is checked once, however many lots were made from it, and no check walks
   the tree: its depth costs nothing.
2. A bundle of more than `MAX_RECORDS` batch records is not judged: the checks' work must have a bound.
3. No lot can be made from itself. Each record cites footprints that were signed before it, and a lot's inputs are
   fixed when it is minted; a correction that names a later lot breaks this, and check 9 names the whole path.
4. A lot without evidence counts by a secondary factor and says so. Where its evidence is in the bundle, and is not
   counted, check 9 says that too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from leafproof import body
from leafproof.footprint import Footprint, parents_used
from leafproof.values import Lot
from leafproof.verification.reading import Maker, Reading
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement

MAX_RECORDS = 2000  # a wind farm's towers, coil by coil; some seconds of work
_SHOWN = 20  # lots of a path that are named
_Node = tuple[Maker, Lot]


def too_many(statements: list[Statement]) -> bool:
    """Whether a bundle has more records than are judged."""
    kinds = (statement.envelope.header.content_type for statement in statements)
    return sum(kind == body.BATCH_RECORD for kind in kinds) > MAX_RECORDS


def check_cycle(reading: Reading) -> None:
    """9: no lot is made from itself; the first path that comes back to its start is named."""
    path = _cycle(_edges(reading))
    if path is not None:
        lots = [str(lot) for _, lot in path]
        if len(lots) > _SHOWN:
            lots[_SHOWN // 2 : -_SHOWN // 2] = ["…"]
        named = " <- ".join(lots)
        reading.report[9].add(Status.FAIL, "input-cycle", str(path[0][1]), path=named)


def check_left_aside(reading: Reading) -> None:
    """9: a lot is not counted by a secondary factor while its footprint by the profile is here."""
    printed = {(reading.maker(by), one.of, one.profile.id) for by, one in reading.footprints.values()}
    of_record: dict[str, list[Footprint]] = defaultdict(list)
    for _, one in reading.footprints.values():
        of_record[one.record].append(one)
    for lot, statement, record in reading.used():
        lines = [line for line in record.inputs or () if line.material is not None and line.parent is not None]
        makers = {line.parent: reading.footprints.get(line.footprint or "") for line in lines}
        for stated in of_record[statement.id] if lines else ():
            if stated.of != lot or stated.components is None:
                continue
            counted = parents_used(stated)
            for parent, cited in makers.items():
                here = cited is not None and (reading.maker(cited[0]), parent, stated.profile.id) in printed
                if here and str(parent) not in counted:
                    params = {"lot": str(parent), "profile": stated.profile.id}
                    reading.report[9].add(Status.WARNING, "input-secondary", str(lot), **params)


def _edges(reading: Reading) -> dict[_Node, list[_Node]]:
    """From each lot to those that any of its records names as inputs, as far as their footprints are here."""
    found: dict[_Node, list[_Node]] = {}
    for node, versions in reading.records.items():
        edges = found.setdefault(node, [])
        for line in (line for _, record in versions for line in record.inputs or ()):
            named = reading.footprints.get(line.footprint or "")
            if named is not None and line.parent is not None:
                edges.append((reading.maker(named[0]), line.parent))
    return found


def _cycle(edges: dict[_Node, list[_Node]]) -> list[_Node] | None:
    """The first cycle that is met, from the lot at which it closes back to that lot; None where there is none.
    Without recursion: a tree may be deeper than a program's stack."""
    done: set[_Node] = set()
    for start, first in edges.items():
        if start in done:
            continue
        path: dict[_Node, Iterator[_Node]] = {start: iter(first)}
        while path:
            node = next(reversed(path))
            below = next(path[node], None)
            if below is None:
                done.add(node)
                del path[node]
            elif below in path:
                names = list(path)
                return [*names[names.index(below) :], below]
            elif below not in done:
                path[below] = iter(edges.get(below, ()))
    return None
