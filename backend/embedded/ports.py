"""Ports for the embedded parts: given by the caller, or found free."""

from __future__ import annotations

import socket

from backend.embedded.errors import PartFailed

# From a base, this many ports are tried before giving up.
_TRIES = 100


def free_port(base: int | None = None, host: str = "127.0.0.1") -> int:
    """A port that nobody listens on: the first one from `base` on, or any; raises `PartFailed` if none is free, or
    where `host` is no address of this machine.

    Another program may take it before it is used; who starts a server on it must be ready to ask again.
    """
    try:
        _bind(0, host)
    except OSError as error:
        raise PartFailed(f"cannot listen on {host}: {error.strerror or error}") from error
    if base is None:
        return _bind(0, host)
    for port in range(base, min(base + _TRIES, 65536)):
        try:
            return _bind(port, host)
        except OSError:
            continue
    raise PartFailed(f"no free port on {host} from {base} on; name another base port")


def accepts(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def _bind(port: int, host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])
