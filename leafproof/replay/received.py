"""What a log's owner received of other companies: evidence of input lots, in logs that are not replayed here.

Each received lot comes as a bundle, and is verified as any bundle is (`leafproof.verification`), against the
chain. What fails no check is taken as said: footprints and shares that rest on it are recomputed. It shows that
the supplier said so, in his log, and no more: that he left nothing out, a replay of his log tells.
"""

from __future__ import annotations

from collections.abc import Iterable

from leafproof.bundle import Bundle
from leafproof.chain.view import ChainView
from leafproof.envelope import LogRef
from leafproof.errors import LeafproofError
from leafproof.keys import public_key
from leafproof.replay.known import Known
from leafproof.replay.report import ReplayReport
from leafproof.trust import Trust
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement
from leafproof.verification.verify import verify


def take(
    bundles: Iterable[bytes], own: LogRef, trust: Trust, chain: ChainView, known: Known, report: ReplayReport
) -> None:
    """Verify what was received, and let the log's own statements rest on it."""
    for number, data in enumerate(bundles):
        try:
            bundle = Bundle.decode(data)
        except LeafproofError as error:
            report.add("received", None, f"received bundle {number}: {error.message}")
            continue
        found = verify(bundle, trust, chain)
        if found.status is Status.FAIL:
            report.add("received", None, f"received lot {bundle.lot}: {found.verdict()}")
            continue
        report.received += 1
        report.received_unchecked += found.status is Status.NOT_CHECKED
        _keep(bundle, own, known)


def _keep(bundle: Bundle, own: LogRef, known: Known) -> None:
    keys = {key.key_id: key for key in map(public_key, bundle.keys)}
    for item in bundle.items:
        statement = Statement.parse(item.envelope, item.index, item.body, item.disclosures)
        if statement.envelope.header.log == own:
            continue  # the log itself says it
        statement.read(keys[statement.envelope.key_id])
        target = known.withheld if statement.content is None else known.statements
        target.setdefault(statement.id, statement)
