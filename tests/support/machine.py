"""The machine that measured something, for the tables."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> str:
    """Processors, kernel and Python."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    model = next(models, platform.machine())
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, Python {platform.python_version()}"
