"""An anchorer that somebody started beside the backend's own, by mistake: `python -m tests.faults.anchorer`.

It has the backend's settings (LEAFPROOF_CONFIG), and so its keys; LEAFPROOF_DATABASE_URL may name another database.
"""

from __future__ import annotations

import signal
import threading

from backend import database
from backend.anchor.workers import AnchorWorker, TransactionWorker
from backend.context import Context
from backend.log.hosting import open_logs
from backend.settings import load


def main() -> None:
    """Anchor and send until SIGTERM."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: ended.set())
    settings = load(None)
    engine = database.open_engine(settings)
    context = Context(settings, engine, open_logs(settings, engine))
    workers = (AnchorWorker(context), TransactionWorker(context))
    for worker in workers:
        worker.start()
    ended.wait()
    for worker in workers:
        worker.stop()


if __name__ == "__main__":
    main()
