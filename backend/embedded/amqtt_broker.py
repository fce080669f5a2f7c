"""The PyPI broker amqtt in a process of its own: `python -m backend.embedded.amqtt_broker HOST PORT`.

For machines without mosquitto: MQTT 3.1.1 only, sessions and retained messages in memory, anyone may connect.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from amqtt.broker import Broker


async def serve(host: str, port: int) -> None:
    """Run the broker until SIGTERM or SIGINT; raises `amqtt.errors.BrokerError` when the port cannot be had."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": bind}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await broker.start()
    await asked.wait()
    await broker.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
