"""Trade statistics of UN Comtrade, tagged with the categories that their codes may be of.

A file has the columns `classificationCode` and `cmdCode` (Comtrade's bulk and preview downloads name them so); the
former counts the Harmonized System's editions as H3 (2007), H4 (2012), H5 (2017) and H6 (2022).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from leafproof.classification import LivingList
from leafproof.errors import InvalidInput

EDITIONS = {"H3": "HS 2007", "H4": "HS 2012", "H5": "HS 2017", "H6": "HS 2022"}
COLUMN = "candidates"
_NEEDED = ("classificationCode", "cmdCode")


def tagged(rules: LivingList, source: TextIO) -> Iterator[list[str]]:
    """The rows of a file, its header first, each with its candidates, joined by semicolons.

    Raises `InvalidInput` naming the column that is missing, or the line at fault.
    """
    reader = csv.reader(source, strict=True)
    try:
        header = next(reader, [])
        for name in _NEEDED:
            if name not in header:
                raise InvalidInput("columns", f"there is no column {name}")
        edition, code = (header.index(name) for name in _NEEDED)
        yield [*header, COLUMN]
        for row in reader:
            if len(row) != len(header):
                raise InvalidInput("columns", f"line {reader.line_num} has {len(row)}, the header {len(header)}")
            named = EDITIONS.get(row[edition])
            found = rules.candidates(named, row[code]) if named else ()
            yield [*row, ";".join(sorted({one.category for one in found}))]
    except csv.Error as error:
        raise InvalidInput("columns", f"line {reader.line_num}: {error}") from error
