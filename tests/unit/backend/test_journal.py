"""The server's log: one JSON object a line, no secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from backend import journal

KEY = "leafproof_0123456789abcdef_" + "ab" * 32


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield capsys
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    logging.getLogger("uvicorn.access").disabled = False


def test_ours_and_a_librarys_lines_have_one_form(lines: pytest.CaptureFixture[str]) -> None:
    journal.configure("info")
    structlog.get_logger("ours").info("anchored", size=7)
    logging.getLogger("theirs").warning("odd %s", "thing")
    first, second = (json.loads(line) for line in lines.readouterr().err.splitlines())
    assert (first["event"], first["size"], first["level"], first["logger"]) == ("anchored", 7, "info", "ours")
    assert (second["event"], second["level"], second["logger"]) == ("odd thing", "warning", "theirs")


@pytest.mark.parametrize(
    ("event", "members"),
    [
        (f"key {KEY} came", {}),
        ("x", {"headers": {"Authorization": "Bearer abababab"}}),
        ("x", {"mqtt_password": "abababab"}),
        ("connecting to postgresql://user:abababab@db/x", {}),
        ("x", {"nested": [{"url": "https://u:abababab@node"}]}),
        ("authorization: Bearer abababab", {}),
        ("-----BEGIN PRIVATE KEY-----\nabababab\n-----END PRIVATE KEY-----", {}),
    ],
)
def test_a_secret_is_taken_out_wherever_it_stands(
    lines: pytest.CaptureFixture[str], event: str, members: dict[str, object]
) -> None:
    journal.configure("info")
    structlog.get_logger("ours").warning(event, **members)
    written = lines.readouterr().err
    assert "abab" not in written
    assert journal.HIDDEN in written


def test_a_traceback_is_one_line_and_hides_secrets_too(lines: pytest.CaptureFixture[str]) -> None:
    journal.configure("info")
    try:
        raise ValueError(f"bad key {KEY}")
    except ValueError:
        structlog.get_logger("ours").exception("failed")
    (line,) = lines.readouterr().err.splitlines()
    assert "ValueError" in json.loads(line)["exception"]
    assert "abab" not in line
