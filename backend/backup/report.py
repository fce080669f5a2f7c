"""What a person reads after a restore: what came back, what the chain says, what is to be done."""

from __future__ import annotations

from collections.abc import Iterator

from backend.backup.service import Compared, Restored
from leafproof import clock


def lines(done: Restored) -> Iterator[str]:
    """One sentence a line."""
    yield f"Restored the backup of {clock.utc_text(done.manifest.made_at)}."
    for one in done.logs:
        yield from _log(one)
    for finding in done.findings:
        place = "" if finding.index is None else f", entry {finding.index}"
        yield f"log {finding.log}{place}: {finding.kind}: {finding.text}"
    if done.withdrawn:
        yield (
            f"{done.withdrawn} transfers of shares waited to be sent when the backup was made, and may have been "
            "sent since: they are not sent again. Look at the chain, and ask for what is missing."
        )
    if not done.manifest.with_keys:
        yield "The backup has no private keys: put the keys folder back before `leafproof backend serve`."


def _log(one: Compared) -> Iterator[str]:
    log = one.log
    if one.anchored is None:
        yield f"log {log.name}: {log.size} entries; {one.trouble}."
        yield "  The server compares it when it starts, and takes nothing before."
    elif one.trouble is None:
        yield f"log {log.name}: {log.size} entries; the chain holds a head of {one.anchored} of them."
        yield (
            "  What was logged after the backup and not anchored is sent again by gateways that are witnesses; "
            "records are to be made again."
        )
    elif one.anchored > log.size:
        yield f"log {log.name}: {log.size} entries; OLDER THAN THE CHAIN, which holds a head of {one.anchored}."
        yield (
            f"  The entries {log.size} to {one.anchored - 1} are anchored and not in this backup. Look for a "
            "newer one, an archive of the database, or an export. Without them the server stops this log with an "
            "alarm, and goes on in a successor."
        )
    else:
        yield f"log {log.name}: {log.size} entries; {one.trouble}: this is not the log that was anchored."
