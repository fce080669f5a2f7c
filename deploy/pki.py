"""A certificate authority for one deployment's broker: P-256, one certificate a gateway, its name as common name.

A gateway's name is `operator/facility/gateway`, as in its topics: two operators may call their gateways alike.

What must hold: a private key is written once, never over another; the authority's key signs certificates and
nothing else, and is mounted into no container; a client's certificate cannot serve, and a server's is no client's.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from backend.embedded.mosquitto import BACKEND_USER
from leafproof.errors import InvalidInput
from leafproof.values import Gln, point_name

_AUTHORITY_DAYS = 3650
# Two years: a gateway on a wall is visited about as often.
_LEAF_DAYS = 730
_LONGEST_NAME = 64  # ub-common-name, RFC 5280 appendix A.1
# Clocks of new machines lag.
_BEFORE = datetime.timedelta(hours=1)


def gateway_name(text: str) -> str:
    """`operator/facility/gateway`, checked; raises `InvalidInput`."""
    parts = text.split("/")
    if len(parts) != 3:
        raise InvalidInput("gateway", f"{text!r} is not operator/facility/gateway")
    Gln.parse(parts[0], "gateway: operator")
    Gln.parse(parts[1], "gateway: facility")
    point_name(parts[2], "gateway")
    if len(text) > _LONGEST_NAME:
        raise InvalidInput("gateway", f"{text!r} is longer than the {_LONGEST_NAME} characters of a common name")
    return text


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that must not exist yet; raises `FileExistsError` rather than replace a secret."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)


@dataclass(frozen=True)
class Authority:
    """The key and certificate that all others are checked against."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, name: str) -> Authority:
        """A new authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        builder = _dated(key, subject, subject, _AUTHORITY_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        return cls(key, builder.sign(key, hashes.SHA256()))

    @classmethod
    def load(cls, key: Path, certificate: Path) -> Authority:
        """The authority kept in two files; raises `InvalidInput` when its key is not one this module makes."""
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise InvalidInput(str(key), "not an elliptic curve key")
        return cls(private, x509.load_pem_x509_certificate(certificate.read_bytes()))

    def save(self, key: Path, certificate: Path) -> None:
        """Keep it in two files that must not exist yet."""
        write_new(key, _private_pem(self.key), 0o600)
        write_new(certificate, self.certificate.public_bytes(serialization.Encoding.PEM), 0o644)

    def server(self, names: list[str]) -> tuple[bytes, bytes]:
        """Certificate and key, in PEM, of a server reached by these host names or addresses."""
        alternative = x509.SubjectAlternativeName([_general_name(name) for name in names])
        return self._issue(names[0], ExtendedKeyUsageOID.SERVER_AUTH, alternative)

    def gateway(self, name: str) -> tuple[bytes, bytes]:
        """Certificate and key of a gateway; raises `InvalidInput` where `name` is not `operator/facility/gateway`,
        or too long for a common name."""
        return self._issue(gateway_name(name), ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def backend(self) -> tuple[bytes, bytes]:
        """Certificate and key of the backend or of one of its ingest workers: each may have its own, all have one
        name, by which the access list knows them."""
        return self._issue(BACKEND_USER, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def revocations(self, revoked: Iterable[x509.Certificate]) -> bytes:
        """The list (RFC 5280) of certificates that count no more, in PEM; good as long as the authority is, since
        TLS lets nobody in by a list that is out of date."""
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now - _BEFORE).next_update(self.certificate.not_valid_after_utc)
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(now - _BEFORE).build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _issue(
        self, name: str, purpose: x509.ObjectIdentifier, alternative: x509.SubjectAlternativeName | None
    ) -> tuple[bytes, bytes]:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _dated(key, _name(name), self.certificate.subject, _LEAF_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        if alternative is not None:
            builder = builder.add_extension(alternative, critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM), _private_pem(key)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _dated(
    key: ec.EllipticCurvePrivateKey, subject: x509.Name, issuer: x509.Name, days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - _BEFORE).not_valid_after(now + datetime.timedelta(days=days))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
