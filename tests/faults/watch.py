"""Two who look on: how the log grows, and what the log has promised to gateways."""

from __future__ import annotations

import contextlib
import threading
import time
from itertools import pairwise
from typing import Any

import httpx
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from leafproof.envelope import LogRef
from leafproof.errors import LeafproofError
from leafproof.keys import PublicKey
from leafproof.notice import read_acknowledgement
from tests.support.waiting import eventually

_LOOK_SECONDS = 0.05


class Growth:
    """Looks at the log's size all the time, over HTTP as any reader does."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._grown: list[tuple[float, int]] = []  # when it was seen to be larger, and how large
        self.size = 0
        self.shrunk: str | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def wait_beyond(self, size: int, seconds: float) -> None:
        """Until the log has more entries than `size`."""
        eventually(lambda: self.size > size, f"a log of more than {size} entries", seconds)

    def wait_flowing(self, seconds: float = 60.0) -> None:
        """Until it grows now."""
        for _ in range(2):
            self.wait_beyond(self.size, seconds)

    def longest_pause(self, since: float) -> float:
        """The longest time in seconds without a new entry, from `since` to the newest one."""
        moments = [since, *(at for at, _ in list(self._grown) if at > since)]
        return max((b - a for a, b in pairwise(moments)), default=0.0)

    def _look(self) -> None:
        with httpx.Client(timeout=2.0, trust_env=False) as client:
            while not self._ended.wait(_LOOK_SECONDS):
                try:
                    found = int(client.get(f"{self._url}/v1/logs").json()["logs"][0]["size"])
                except (httpx.HTTPError, ValueError, LookupError):
                    continue  # it is away, or the database is: the log does not grow meanwhile
                if found < self.size:
                    self.shrunk = f"the log had {self.size} entries and then {found}"
                if found > self.size:
                    self.size = found
                    self._grown.append((time.monotonic(), found))


class Promises:
    """Every acknowledgement that the log ever published, as far as the broker passed it on."""

    def __init__(self, port: int, key: PublicKey, ref: LogRef) -> None:
        self._key, self._ref, self._port = key, ref, port
        self.highest: dict[tuple[bytes, int], tuple[int, int]] = {}  # gateway, epoch: sequence, entry
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "onlooker")
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Begin to listen."""
        self._client.connect_async("127.0.0.1", self._port, keepalive=5)
        self._client.loop_start()

    def stop(self) -> None:
        """Listen no more."""
        self._client.disconnect()
        self._client.loop_stop()

    def newest(self, gateway: bytes) -> tuple[int, int]:
        """Epoch and sequence of the last frame of a gateway that the log acknowledged."""
        return self.newest_of({gateway}).get(gateway, (0, 0))

    def newest_of(self, gateways: set[bytes]) -> dict[bytes, tuple[int, int]]:
        """The same of several; nothing of those that were never heard."""
        found: dict[bytes, tuple[int, int]] = {}
        for (key, epoch), (sequence, _) in list(self.highest.items()):
            if key in gateways:
                found[key] = max(found.get(key, (0, 0)), (epoch, sequence))
        return found

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        client.subscribe("leafproof/v1/+/+/+/+/ack", qos=1)

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        with contextlib.suppress(LeafproofError):
            ack = read_acknowledgement(bytes(message.payload), self._key, self._ref)
            known = self.highest.get((ack.gateway, ack.epoch), (-1, -1))
            self.highest[ack.gateway, ack.epoch] = max(known, (ack.sequence, ack.index))
