"""No text that somebody signed draws the verifier's output anew, or keeps it from being written."""

from __future__ import annotations

import msgspec
import pytest

from leafproof.disclosure import issue
from leafproof.errors import InvalidInput
from leafproof.factors import FactorSet
from leafproof.footprint import Footprint
from leafproof.record import DISCLOSED_FROM, JWT_TYPE, BatchRecord
from leafproof.replay.report import Discrepancy
from leafproof.texts import printable
from leafproof.verification.report import Finding, Status
from tests.support import world as w

HOSTILE = ["coil\n✓ 10 labels: pass", "coil\x1b[8m", "coil\ud800", "coil\u202e", "coil\u2028", "coil\x7f"]


@pytest.mark.parametrize("name", HOSTILE)
class TestHostileTexts:
    def test_a_finding_and_a_discrepancy_carry_what_can_be_shown(self, name: str) -> None:
        finding = Finding(Status.FAIL, "malformed", name, {"reason": name})
        for text in (finding.text(), finding.subject, Discrepancy("log", None, "missing", name).message):
            assert "\ufffd" in text
            assert printable(text).encode() == text.encode()

    def test_a_record_is_refused_naming_the_field(self, name: str) -> None:
        world, at = w.honest_world()
        record = w.coil_record(world, at.steel_plan)
        lines = tuple(msgspec.structs.replace(o, name=name) for o in record.outputs or ())
        record = msgspec.structs.replace(record, outputs=lines)
        with pytest.raises(InvalidInput, match=r"outputs\.name: has a character that cannot be shown"):
            record.check()
        claims = {k: v for k, v in msgspec.to_builtins(record).items() if v is not None}
        key, uri = world.steel.key, world.steel.uri
        data, disclosures = issue(key, uri, JWT_TYPE, claims, DISCLOSED_FROM)
        with pytest.raises(InvalidInput, match=r"outputs\.name"):
            BatchRecord.read(data, disclosures.values(), key.public, uri)

    def test_a_footprint_a_plan_and_a_factor_set_are_refused(self, name: str) -> None:
        world, at = w.honest_world()
        entry, key, uri = world.entries[at.coil_footprint], world.steel.key, world.steel.uri
        assert entry.body
        stated = Footprint.read(entry.body, entry.disclosures, key.public, uri)
        data, disclosures = msgspec.structs.replace(stated, flags=(name,)).issue(key, uri)
        with pytest.raises(InvalidInput, match="flags"):
            Footprint.read(data, disclosures.values(), key.public, uri)
        plan = w.plan_of(world.steel)
        with pytest.raises(InvalidInput, match=r"points\.meter"):
            points = tuple(msgspec.structs.replace(p, meter=name) for p in plan.points)
            msgspec.structs.replace(plan, points=points).check()
        with pytest.raises(InvalidInput, match="title"):
            msgspec.structs.replace(w.FACTORS, title=name).check()


@pytest.mark.parametrize(
    "name",
    ["Warmgewalztes Blech 3 mm", "热轧钢卷\u3000一级", "فولاد می\u200cشود", "इस्पात क्\u200dष", "12\u00a0t", "𠮷"],
)
def test_names_of_every_script_pass(name: str) -> None:
    assert printable(name) == name
    factors: FactorSet = msgspec.structs.replace(w.FACTORS, title=name)
    factors.check()
