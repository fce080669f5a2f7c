"""The document about tampering says what the tests try, and nothing else."""

from __future__ import annotations

import os
import re

from leafproof.replay.report import KINDS
from tests.e2e import table


def test_the_document_has_the_table_that_the_tests_give() -> None:
    text = table.DOCUMENT.read_text(encoding="utf-8")
    head, begin, rest = text.partition(table.BEGIN)
    _, end, tail = rest.partition(table.END)
    assert begin and end
    written = f"{head}{begin}\n{table.table()}\n{end}{tail}"
    if os.environ.get("LEAFPROOF_WRITE_DOCS") == "1":
        table.DOCUMENT.write_text(written, encoding="utf-8")
    else:
        assert text == written, "run this with LEAFPROOF_WRITE_DOCS=1"


def test_each_row_names_a_test_that_exists_and_kinds_that_replay_knows() -> None:
    for _, detectors, path, test in table.rows():
        assert f"def {test}(" in (table.ROOT / path).read_text(encoding="utf-8"), (path, test)
        for named in re.findall(r"replay: ([a-z, -]+)", detectors):
            for kind in named.strip().split(", "):
                assert kind in KINDS, kind
