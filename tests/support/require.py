"""Parts that a user's machine may lack: a test skips with the reason, or fails where all are required."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]


def need(condition: bool, reason: str) -> None:
    """Skip the test unless `condition`; under LEAFPROOF_REQUIRE=all that is a failure."""
    if condition:
        return
    if os.environ.get("LEAFPROOF_REQUIRE") == "all":
        pytest.fail(f"required here, but {reason}")
    pytest.skip(reason)


def shared() -> Path:
    """The folder with data and vectors: `LEAFPROOF_SHARED`, or `shared` beside the checkout."""
    return Path(os.environ.get("LEAFPROOF_SHARED") or _ROOT.parent / "shared")
