"""Putting a legal entity's signed statement into the log, and reading one back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from backend.access.tiers import Tier
from backend.errors import Gone, LogDamaged, NotFound
from backend.log.schemas import Disclosure, NewEntry
from backend.log.service import HostedLogs, TransparencyLog
from backend.production import repository
from backend.production.keystore import Signer
from leafproof import body as bodies
from leafproof import envelope, tree
from leafproof.envelope import Envelope
from leafproof.keys import PublicKey, public_key
from leafproof.record import Tier as TierWord
from leafproof.values import Gln, party_uri


def facility_uri(facility: Gln) -> str:
    """A facility as a statement's subject: GS1 Digital Link of a physical location's GLN (AI 414)."""
    return f"https://id.gs1.org/414/{facility}"


@dataclass(frozen=True, slots=True)
class Logged:
    """Where a statement is in its log."""

    log: int
    index: int
    statement_id: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A statement read back: envelope, body and all its disclosures, and the issuer's key."""

    envelope: Envelope
    index: int
    body: bytes
    disclosures: tuple[Disclosure, ...]
    tier: Tier
    key: PublicKey

    @property
    def issuer(self) -> str:
        """As the envelope names it."""
        return self.envelope.header.issuer


@dataclass(frozen=True)
class Archive:
    """The logs of this server, for reading what issuers of this server stated."""

    logs: HostedLogs

    def log(self, number: int) -> TransparencyLog:
        """The log by its number in the database. Raises `NotFound`."""
        for hosted in self.logs:
            if hosted.log.number == number:
                return hosted.log
        raise NotFound(f"this server does not serve log number {number}")

    def of_partition(self, partition: int) -> TransparencyLog:
        """The log of a facility's partition. Raises `NotFound`."""
        return self.logs.of_partition(partition).log

    def read(self, connection: Connection, log_number: int, index: int) -> Opened:
        """A statement that an issuer of this server signed, checked against its hash and signature.

        Raises `NotFound`, `Gone` for a body that was deleted, and `LogDamaged` where what is stored is not what
        was signed.
        """
        log = self.log(log_number)
        signed = envelope.parse(log.entry(connection, index).envelope)
        stored = log.body(connection, index)
        if stored.body is None:
            raise Gone(f"the body of entry {index} was deleted")
        cose = repository.issuer_key(connection, signed.key_id)
        if cose is None:
            raise NotFound(f"the key of entry {index} is not one of this server's issuers")
        key = public_key(cose)
        try:
            bodies.check_hash(signed, stored.body)
            signed.verify(key)
        except Exception as error:
            raise LogDamaged(f"entry {index}: what is stored is not what was signed ({error})") from error
        return Opened(signed, index, stored.body, stored.disclosures, stored.tier, key)


@dataclass(frozen=True)
class Desk(Archive):
    """Where statements are signed and filed: an archive, the issuers' keys, and a clock (Unix seconds)."""

    signer: Signer
    now: Callable[[], int] = field(default=lambda: int(time.time()))

    def put(
        self,
        connection: Connection,
        log: TransparencyLog,
        issuer: Gln,
        subject: str,
        content_type: str,
        content: bytes,
        disclosures: Mapping[str, str] | None = None,
        tiers: Mapping[str, TierWord] | None = None,
    ) -> Logged:
        """Sign a statement in the issuer's name and append it; `disclosures` by member, `tiers` says from which
        tier on each is given out. Raises `NotFound` where the issuer's key is not here."""
        key = self.signer.key(issuer)
        header = envelope.Header(party_uri(issuer), subject, self.now(), content_type, log.ref)
        signed = envelope.parse(envelope.sign(key, header, content))
        listed = tuple(
            Disclosure(Tier[(tiers or {})[member].upper()], text) for member, text in (disclosures or {}).items()
        )
        repository.keep_issuer_key(connection, key.public.key_id, str(issuer), key.public.cose)
        (index,) = log.append(connection, [NewEntry(signed, content, listed)])
        return Logged(log.number, index, signed.statement_id, tree.leaf_hash(signed.raw))
