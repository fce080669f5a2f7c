# SPDX-License-Identifier: Apache-2.0
"""Compile the contracts with the settings of brownie-config.yaml and write ABI and bytecode for the runtime.

    python scripts/artifacts.py           rewrite leafproof/chain/artifacts
    python scripts/artifacts.py --check   exit with 1 if they are not what the sources give

Needs node and node_modules, not brownie. The bytecode ends with the compiler's hash of all sources and settings,
so paths and remappings are part of it: this script and brownie give the same bytes, and a test holds them to it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
ARTIFACTS = ROOT / "leafproof" / "chain" / "artifacts"
CONTRACTS = (
    "CertificateClaims",
    "Classification",
    "KeyRegistry",
    "LabelRegistry",
    "LotRegistry",
    "TransparencyLog",
)


def compiler_settings() -> dict[str, Any]:
    """The settings of standard JSON that decide over bytecode, from brownie's own configuration."""
    compiler = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]
    return {
        "evmVersion": compiler["evm_version"],
        "optimizer": compiler["solc"]["optimizer"],
        "remappings": compiler["solc"]["remappings"],
    }


def find_node() -> str | None:
    """The node that came as a Python package with this environment, or the machine's own."""
    ours = Path(sys.executable).with_name("node")
    return str(ours) if ours.exists() else shutil.which("node")


def _solc(*arguments: str, stdin: str = "") -> str:
    command = [find_node() or "node", str(ROOT / "scripts" / "solc.mjs"), *arguments]
    done = subprocess.run(command, input=stdin, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout


def compile_artifacts() -> dict[str, str]:
    """The text of each artifact by contract name; raises `RuntimeError` with the compiler's message."""
    settings = compiler_settings()
    selection = ["abi", "metadata", "evm.bytecode.object", "evm.deployedBytecode.object"]
    paths = [f"contracts/{name}.sol" for name in CONTRACTS]
    standard_json = {
        "language": "Solidity",
        "sources": {path: {"content": (ROOT / path).read_text()} for path in paths},
        "settings": {**settings, "outputSelection": {path: {"*": selection} for path in paths}},
    }
    output = json.loads(_solc("--standard-json", stdin=json.dumps(standard_json)))
    if problems := output.get("errors"):  # warnings too: there are to be none
        raise RuntimeError("\n".join(problem["formattedMessage"] for problem in problems))
    return {
        name: _artifact(name, settings, output["contracts"][path][name])
        for name, path in zip(CONTRACTS, paths, strict=True)
    }


def _artifact(name: str, settings: dict[str, Any], compiled: dict[str, Any]) -> str:
    metadata = json.loads(compiled["metadata"])
    artifact = {
        "contractName": name,
        "abi": compiled["abi"],
        "bytecode": "0x" + compiled["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + compiled["evm"]["deployedBytecode"]["object"],
        "compiler": {"version": metadata["compiler"]["version"], "settings": settings},
        "sourceSha256": {
            path: hashlib.sha256((ROOT / path).read_bytes()).hexdigest() for path in metadata["sources"]
        },
    }
    return json.dumps(artifact, indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write the artifacts, or with `--check` compare them; returns the exit code."""
    stale = []
    for name, text in compile_artifacts().items():
        path = ARTIFACTS / f"{name}.json"
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale:
        print(("stale: " if "--check" in arguments else "wrote: ") + ", ".join(stale))
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
