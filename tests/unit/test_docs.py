"""Documents tell the truth: commands parse, links lead somewhere, tables say what the code says."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.access.service import SCOPES
from backend.bootstrap import ROUTERS
from backend.settings import Settings
from leafproof.replay.report import KINDS, NOTES
from leafproof.trust import Trust
from leafproof.verification import report
from leafproof.verification.messages import CHECK_NAMES
from leafproof.verification.report import Status

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "deploy" / "README.md", *(ROOT / "docs").rglob("*.md")]
)
OWN = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs/howto").glob("*.md"))]

# Run in a process of its own: the command line loads a group only when it is asked for, or for everything.
TREE = """
import json, typer
from leafproof.cli.main import _application
def tree(command):
    options = [o for p in command.params for o in (*p.opts, *p.secondary_opts) if o.startswith("-")]
    return {"options": [*options, "--help"], "commands": {n: tree(c) for n, c in getattr(command, "commands", {}).items()}}
print(json.dumps(tree(typer.main.get_command(_application([])))))
"""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of a table, without its rules."""
    for line in text.splitlines():
        if line.startswith("|") and not set(line) <= set("|-: "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def section(name: str, title: str) -> str:
    """What stands under a heading of the second level."""
    parts = re.split(r"^## ", text_of(name), flags=re.MULTILINE)
    return next(part for part in parts if part.startswith(title))


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def commands(text: str) -> Iterator[list[str]]:
    """Every `leafproof ...` of a document, in a block or in a sentence, as words."""
    lines = text.replace("\\\n", " ").splitlines()
    found = [m[1] for line in lines if (m := re.match(r"(?:\S*/)?leafproof (\w.*)", line))]
    found += re.findall(r"`(?:\S*/)?leafproof (\w[^`]*)`", text)
    for line in found:
        yield shlex.split(line, comments=True)


def wrong_in(words: list[str], tree: dict[str, Any]) -> list[str]:
    """What of a command the command line does not know."""
    rest = list(words)
    while rest and tree["commands"]:
        if rest[0] in ("...", "init|check|run|status"):
            return []
        if rest[0] not in tree["commands"]:
            return [rest[0]]
        tree = tree["commands"][rest.pop(0)]
    return [w for w in rest if w.startswith("--") and w.partition("=")[0] not in tree["options"]]


@pytest.fixture(scope="module")
def command_line() -> Any:
    done = subprocess.run([sys.executable, "-c", TREE], capture_output=True, text=True, cwd=ROOT, check=True)
    return json.loads(done.stdout)


class TestCommands:
    @pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
    def test_each_command_and_option_of_a_document_exists(self, document: Path, command_line: Any) -> None:
        told = list(commands(document.read_text(encoding="utf-8")))
        assert [(words, wrong) for words in told if (wrong := wrong_in(words, command_line))] == []

    def test_the_documents_do_tell_commands(self) -> None:
        assert sum(len(list(commands(d.read_text(encoding="utf-8")))) for d in DOCUMENTS) > 30

    @pytest.mark.parametrize(
        "words",
        [["verify", "x", "--trsut", "y"], ["audit", "reply"], ["backend", "keys", "make"], ["demo", "--day", "2"]],
        ids=" ".join,
    )
    def test_a_command_that_is_wrong_is_noticed(self, words: list[str], command_line: Any) -> None:
        assert wrong_in(words, command_line)

    def test_the_wishes_of_the_demo_are_options_that_it_has(self, command_line: Any) -> None:
        told = re.findall(r'make demo ARGS="([^"]*)"', text_of("README.md"))
        assert len(told) > 3
        assert [wrong for text in told if (wrong := wrong_in(["demo", *shlex.split(text)], command_line))] == []

    def test_each_target_of_make_that_a_document_names_exists(self) -> None:
        makefiles = "".join(
            p.read_text(encoding="utf-8") for p in [ROOT / "Makefile", *(ROOT / "mk").glob("*.mk")]
        )
        targets = set(re.findall(r"^([a-z][a-z-]*):", makefiles, flags=re.MULTILINE))
        for document in DOCUMENTS:
            text = document.read_text(encoding="utf-8")
            named = re.findall(r"`make ([a-z][a-z-]*)", text) + re.findall(
                r"^make ([a-z][a-z-]*)", text, re.MULTILINE
            )
            assert set(named) <= targets, name_of(document)


class TestLinks:
    @pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
    def test_each_relative_link_leads_to_a_file(self, document: Path) -> None:
        text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
        links = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
        local = [link for link in links if link and not re.match(r"[a-z]+:", link)]
        assert [link for link in local if not (document.parent / link).exists()] == []

    @pytest.mark.parametrize("document", OWN, ids=name_of)
    def test_each_path_in_the_text_exists(self, document: Path) -> None:
        """Paths of this repository, told by their first folder."""
        first = r"(?:leafproof|iot_gateway|backend|contracts|scripts|tests|docs|mk)"
        told = re.findall(rf"`({first}/[\w./-]+)`", document.read_text(encoding="utf-8"))
        templates = ("leafproof/v1",)  # MQTT topics
        assert [p for p in told if not p.startswith(templates) and not (ROOT / p).exists()] == []

    def test_each_step_of_the_data_path_names_its_modules(self) -> None:
        table = list(rows(text_of("docs/data-path.md").partition("## ")[0]))[1:]
        assert len(table) >= 8
        for cells in table:
            paths = quoted(cells[-1])
            assert paths and all((ROOT / path).is_file() for path in paths), cells

    def test_each_decision_is_in_the_list(self) -> None:
        listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", text_of("docs/adr/README.md")))
        assert listed == {path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md")}


class TestVerification:
    NAME = "docs/verification.md"

    def test_the_checks_have_the_numbers_and_names_of_the_code(self) -> None:
        table = list(rows(section(self.NAME, "The eleven checks")))[1:]
        assert [(int(cells[0]), cells[1]) for cells in table] == list(enumerate(CHECK_NAMES))

    def test_the_statuses_are_those_of_the_code(self) -> None:
        table = list(rows(section(self.NAME, "What a check can say")))
        assert {cells[0] for cells in table if not cells[0].isdigit()} - {"status", "exit code"} == set(Status)

    def test_the_exit_codes_are_those_of_the_code(self) -> None:
        told = {int(cells[0]) for cells in rows(section(self.NAME, "What a check can say")) if cells[0].isdigit()}
        assert told == {value for name, value in vars(report).items() if name.startswith("EXIT_")}

    def test_the_members_of_the_trust_file_are_those_of_the_code(self) -> None:
        told = [name for cells in rows(section(self.NAME, "The trust file")) for name in quoted(cells[0])]
        assert sorted(told) == sorted(Trust.__struct_fields__)

    def test_the_kinds_of_discrepancy_and_their_words_are_those_of_the_code(self) -> None:
        table = list(rows(section(self.NAME, "Replay")))[1:]
        notes = table.index(["note", "what it says"])
        assert {cells[0].strip("`"): cells[1] for cells in table[:notes]} == KINDS
        assert {cells[0].strip("`"): cells[1] for cells in table[notes + 1 :]} == NOTES


class TestOperations:
    NAME = "docs/operations.md"

    def test_the_settings_are_those_of_the_code(self) -> None:
        told = [name for cells in rows(section(self.NAME, "Settings")) for name in quoted(cells[0])]
        assert sorted(told) == sorted(Settings.model_fields)

    def test_the_defaults_of_settings_are_those_of_the_code(self) -> None:
        for cells in list(rows(section(self.NAME, "Settings")))[1:]:
            for name in quoted(cells[0]):
                default = Settings.model_fields[name].default
                if default in (None, "", False, ()):
                    continue
                shown = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
                shown = shown.lower() if isinstance(default, bool) else shown
                assert shown in quoted(cells[1]), name

    def test_the_scopes_of_keys_are_those_of_the_code(self) -> None:
        table = list(rows(section(self.NAME, "API keys and tiers")))[1:]
        assert sorted(scope for cells in table for scope in quoted(cells[0])) == sorted(SCOPES)

    def test_each_address_is_served(self) -> None:
        served = {getattr(route, "path", "") for router in ROUTERS for route in router.routes} | {"/openapi.json"}
        told = {
            p
            for d in OWN
            for p in re.findall(r"`(?:GET |POST |PUT )?(/[\w/{}.-]+)`", d.read_text(encoding="utf-8"))
        }
        assert told
        assert {re.sub(r"{\w+}", "{}", p) for p in told} <= {re.sub(r"{\w+(:path)?}", "{}", p) for p in served}

    def test_each_metric_is_made(self) -> None:
        told = {name.removesuffix("_total") for name in re.findall(r"`(leafproof_\w+)`", text_of(self.NAME))}
        code = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "backend").rglob("*.py"))
        assert told and [name for name in told if f'"{name}"' not in code] == []
