"""Make what the compose file mounts: `python -m deploy.prepare --gateway OPERATOR/FACILITY/NAME ...`.

Run again, it makes only what is missing (a new gateway, say), and replaces nothing. See deploy/README.md.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from cryptography import x509
from eth_keys.datatypes import PrivateKey

from backend.embedded.mosquitto import (
    BrokerSecurity,
    MosquittoSettings,
    TlsFiles,
    render_acl,
    render_config,
)
from deploy.pki import Authority, gateway_name, write_new
from deploy.qbft import enode, genesis
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.values import point_name

CHAIN_ID = 31_500
# As docker-compose.yml gives them; Besu's static nodes want addresses.
VALIDATOR_HOSTS = ["172.30.91.11", "172.30.91.12", "172.30.91.13", "172.30.91.14"]
GATEWAY_PORT, BACKEND_PORT = 8883, 8884  # the second is not published beyond the host
_HERE = Path(__file__).resolve().parent


def stem(gateway: str) -> str:
    """The name of a gateway's files, without their endings. Raises `InvalidInput`."""
    return f"gateway-{gateway_name(gateway).replace('/', '-')}"


class Preparation:
    """One deployment's folder: `authority` (keep it offline), `secrets` and `generated` (mounted)."""

    def __init__(self, folder: Path, chain_id: int = CHAIN_ID) -> None:
        self._authority = folder / "authority"
        self._secrets = folder / "secrets"
        self._generated = folder / "generated"
        self._chain_id = chain_id

    def make(
        self,
        gateways: Sequence[str],
        broker_names: Sequence[str],
        *,
        workers: Sequence[str] = (),
        revoke: Sequence[str] = (),
    ) -> list[Path]:
        """Everything that is missing, with the paths made. Certificates of the gateways named by `revoke` count no
        more once the broker has started again, and are moved aside, so that new ones can be made. Raises
        `InvalidInput` on a bad name."""
        # Containers run as accounts of their own and must read the files: the folder keeps others out.
        self._secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._secrets.chmod(0o700)
        made = self._certificates(gateways, broker_names, workers, revoke)
        made += self._database()
        made += self._chain()
        return made + self._broker()

    def _certificates(
        self, gateways: Sequence[str], broker_names: Sequence[str], workers: Sequence[str], revoke: Sequence[str]
    ) -> list[Path]:
        key, certificate = self._authority / "ca.key", self._secrets / "ca.pem"
        made = []
        if not key.exists():
            Authority.create("Leafproof broker authority").save(key, certificate)
            made += [key, certificate]
        authority = Authority.load(key, certificate)
        made += self._pair("broker", lambda: authority.server(["broker", *broker_names]))
        made += self._pair("backend", authority.backend)
        for name in workers:
            made += self._pair(f"worker-{point_name(name, 'worker')}", authority.backend)
        for name in revoke:
            self._set_aside(name)
        for name in gateways:
            made += self._pair(stem(name), functools.partial(authority.gateway, name))
        folder = self._authority / "revoked"
        revoked = [x509.load_pem_x509_certificate(path.read_bytes()) for path in sorted(folder.glob("*.pem"))]
        (self._secrets / "revoked.pem").write_bytes(authority.revocations(revoked))
        return made

    def _set_aside(self, name: str) -> None:
        certificate = self._secrets / f"{stem(name)}.pem"
        if not certificate.exists():
            raise InvalidInput("revoke", f"{certificate} is not there")
        serial = x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number
        folder = self._authority / "revoked"
        folder.mkdir(exist_ok=True)
        certificate.rename(folder / f"{serial:x}.pem")
        certificate.with_suffix(".key").unlink(missing_ok=True)

    def _pair(self, name: str, issue: Callable[[], tuple[bytes, bytes]]) -> list[Path]:
        certificate, key = self._secrets / f"{name}.pem", self._secrets / f"{name}.key"
        if certificate.exists() and key.exists():
            return []
        if certificate.exists() or key.exists():
            raise InvalidInput(
                name, f"only one of {certificate.name} and {key.name} is there; remove it or restore both"
            )
        pair = issue()
        write_new(key, pair[1], 0o444)
        write_new(certificate, pair[0], 0o444)
        return [certificate, key]

    def _database(self) -> list[Path]:
        password, url = self._secrets / "postgres-password", self._secrets / "database-url"
        made = self._new(password, secrets.token_urlsafe(32), 0o444)
        words = password.read_text(encoding="ascii")
        return made + self._new(url, f"postgresql+psycopg://leafproof:{words}@postgres/leafproof", 0o444)

    def _chain(self) -> list[Path]:
        made = []
        keys = []
        for number in range(1, len(VALIDATOR_HOSTS) + 1):
            path = self._secrets / f"validator-{number}.key"
            made += self._new(path, secrets.token_hex(32), 0o444)
            keys.append(PrivateKey(bytes.fromhex(path.read_text(encoding="ascii"))))
        addresses = [key.public_key.to_canonical_address() for key in keys]
        # Never rewritten: another genesis would be another chain.
        first = genesis(addresses, self._chain_id, int(time.time()))
        made += self._new(self._generated / "genesis.json", json.dumps(first, indent=2) + "\n", 0o644)
        peers = [enode(key, host) for key, host in zip(keys, VALIDATOR_HOSTS, strict=True)]
        return made + self._new(self._generated / "static-nodes.json", json.dumps(peers, indent=2) + "\n", 0o644)

    def _broker(self) -> list[Path]:
        mounted = PurePosixPath("/run/secrets")
        tls = TlsFiles(mounted / "ca.pem", mounted / "broker.pem", mounted / "broker.key")
        acl, revoked = PurePosixPath("/mosquitto/config/acl"), mounted / "revoked.pem"
        security = BrokerSecurity(tls, acl, revoked, BACKEND_PORT)
        data = PurePosixPath("/mosquitto/data")
        config = render_config(MosquittoSettings("0.0.0.0", GATEWAY_PORT, data, "mosquitto", security))  # noqa: S104 - in its own container
        paths = [self._generated / "mosquitto.conf", self._generated / "acl"]
        # No secrets: these follow the template with each release.
        for path, text in zip(paths, (config, render_acl()), strict=True):
            path.write_text(text, encoding="utf-8")
        return paths

    @staticmethod
    def _new(path: Path, text: str, mode: int) -> list[Path]:
        if path.exists():
            return []
        write_new(path, text.encode(), mode)
        return [path]


def main(arguments: list[str]) -> int:
    """The command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.prepare", description=__doc__)
    gateway = "OPERATOR/FACILITY/NAME"
    parser.add_argument("--gateway", action="append", default=[], metavar=gateway, help="as in its topics")
    parser.add_argument("--revoke", action="append", default=[], metavar=gateway, help="its certificate is lost")
    parser.add_argument("--worker", action="append", default=[], metavar="NAME", help="a further ingest worker")
    parser.add_argument("--broker-name", action="append", default=[], metavar="HOST", help="as gateways reach it")
    parser.add_argument("--chain-id", type=int, default=CHAIN_ID, help=f"of the new chain (default {CHAIN_ID})")
    parser.add_argument("--folder", type=Path, default=_HERE, help="default: this folder")
    given = parser.parse_args(arguments)
    os.umask(0o022)
    try:
        made = Preparation(given.folder, given.chain_id).make(
            given.gateway, given.broker_name, workers=given.worker, revoke=given.revoke
        )
    except LeafproofError as error:
        sys.stderr.write(f"{error.message}\n")
        return 2
    for path in made:
        sys.stdout.write(f"made {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
