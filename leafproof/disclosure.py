"""Selective disclosure: bodies as SD-JWT (RFC 9901), so that single members can be withheld.

The statement's body is `[salt, issuer-signed JWT]`; it holds only digests of the members that may be
withheld. The disclosures travel beside it, each given out or not. A member that is not disclosed is simply
absent. The JWT is signed by the same key as the envelope, so that any SD-JWT tool can read it.

RFC 9901 allows more than a fact may: digests deep inside a member, so that a reader cannot see that a line is
withheld; and several digests of one member, so that two readers are shown two values under one signature. Here
only the members that a statement lists may be withheld, each by one digest at the top, and nothing below it.

Issuing is the library's (`sd_jwt`). Reading is done here: under these rules little is left to do, a reader needs
half as long for a bundle, and a command that only reads loads no library for it. Tests hold both readers together.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leafproof import body
from leafproof.errors import Malformed, SignatureInvalid
from leafproof.keys import EDDSA, PublicKey, SigningKey

MAX_DISCLOSURES = 64
MAX_DISCLOSURE = 1 << 20
_ALGORITHM = {-7: "ES256", EDDSA: "EdDSA"}


def issue(
    key: SigningKey, issuer: str, kind: str, claims: Mapping[str, Any], withheld: Iterable[str]
) -> tuple[bytes, dict[str, str]]:
    """Body and disclosures (by member) of `claims`, of which the members `withheld` can be withheld.

    `claims` are JSON values without floats; `kind` is the JWT's `typ`.
    """
    from jwcrypto.jwk import JWK
    from sd_jwt.common import SDObj
    from sd_jwt.issuer import SDJWTIssuer

    hidden = set(withheld)
    issuer_ = SDJWTIssuer(
        {"iss": issuer, **{SDObj(name) if name in hidden else name: value for name, value in claims.items()}},
        JWK.from_pem(key.pem()),
        sign_alg=_ALGORITHM[key.public.algorithm],
        extra_header_parameters={"typ": kind},
    )
    jwt, *disclosures, _ = issuer_.sd_jwt_issuance.split("~")
    return body.encode(jwt), {_opened(d)[0]: d for d in disclosures}


def member(disclosure: str) -> str:
    """Which member a disclosure discloses; raises `Malformed`."""
    return _opened(disclosure)[0]


def _opened(disclosure: str) -> tuple[str, Any]:
    """Member and value; parts of the value that are withheld in turn stand in it as digests."""
    try:
        value = _decode(disclosure)
    except (ValueError, UnicodeError, RecursionError) as error:
        raise Malformed("disclosure", "not base64url of JSON") from error
    match value:
        case [str(), str(name), opened]:
            return name, opened
    raise Malformed("disclosure", "not [salt, member, value]")


def _decode(part: str) -> Any:
    """JSON in base64url; a member that is given twice has no one value, so that ValueError is raised."""
    return _JSON.decode(_bytes(part).decode("utf-8"))


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member twice")
    return found


_JSON = json.JSONDecoder(object_pairs_hook=_members)


def _hides_nothing_below(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_hides_nothing_below, value))
    if isinstance(value, dict):
        return not value.keys() & {"_sd", "...", "_sd_alg"} and all(map(_hides_nothing_below, value.values()))
    return True


def _check_digests(payload: dict[str, Any], opened: Sequence[tuple[str, Any]], withheld: set[str]) -> None:
    """Each member that may be withheld has one place: in the clear, or one digest."""
    if payload.get("_sd_alg", "sha-256") != "sha-256":  # RFC 9901 4.1.1: also where it is not named
        raise Malformed("body", "not an SD-JWT with SHA-256")
    digests = payload.get("_sd", [])
    if not isinstance(digests, list) or len(digests) + len(withheld & payload.keys()) > len(withheld):
        raise Malformed("body", "has more digests than members that may be withheld")
    if not {name for name, _ in opened} <= withheld:
        raise Malformed("disclosure", "of a member that may not be withheld")
    plain = [v for k, v in payload.items() if k not in ("_sd", "_sd_alg")]
    if not _hides_nothing_below([*plain, *(value for _, value in opened)]):
        raise Malformed("body", "withholds parts of a member")


def read(
    data: bytes, disclosures: Iterable[str], key: PublicKey, issuer: str, kind: str, withheld: Iterable[str]
) -> dict[str, Any]:
    """The members that `disclosures` open, checked against the body's digests and the JWT's signature; `withheld`
    are the members that may be withheld.

    Raises `Malformed` for a body, a signature or a disclosure that does not fit.
    """
    (jwt,) = body.decode(data, 1)
    given = list(disclosures)
    if not isinstance(jwt, str) or "~" in jwt or len(given) > MAX_DISCLOSURES:
        raise Malformed("body", "not an issuer-signed JWT")
    if any(not isinstance(d, str) or "~" in d or len(d) > MAX_DISCLOSURE for d in given):
        raise Malformed("disclosure", "not a disclosure's text")
    try:
        header, payload = _signed_parts(jwt, key)
        opened = [_opened(text) for text in given]
        claims = _unpacked(payload, given, opened, set(withheld))
    except Malformed:
        raise
    except SignatureInvalid as error:
        raise Malformed("body", "not a valid SD-JWT (InvalidJWSSignature)") from error
    except Exception as error:  # hostile JSON raises errors of many kinds
        raise Malformed("body", f"not a valid SD-JWT ({type(error).__name__})") from error
    if header != {"alg": _ALGORITHM[key.algorithm], "typ": kind} or claims.pop("iss", None) != issuer:
        raise Malformed("body", "the SD-JWT is of another kind, or by another issuer")
    if any(name not in claims for name, _ in opened):
        raise Malformed("disclosure", "fits no digest of the body")
    return claims


def _signed_parts(jwt: str, key: PublicKey) -> tuple[Any, dict[str, Any]]:
    """Header and claims (RFC 7515 5.2); whoever calls still compares the header, which names the algorithm."""
    head, payload, signature = jwt.split(".")
    # JWS knows no lower half of s; the text that holds it is fixed by the envelope's hash of the body.
    key.verify(_bytes(signature), f"{head}.{payload}".encode("ascii"), low_s=False)
    claims = _decode(payload)
    if not isinstance(claims, dict):
        raise Malformed("body", "its claims are no JSON object")
    return _decode(head), claims


def _unpacked(
    payload: dict[str, Any], given: Sequence[str], opened: Sequence[tuple[str, Any]], withheld: set[str]
) -> dict[str, Any]:
    """The claims with what `given` opens (RFC 9901 7.1), by the stricter rules above."""
    _check_digests(payload, opened, withheld)
    digests = payload.get("_sd", [])
    found = [base64.urlsafe_b64encode(hashlib.sha256(text.encode("ascii")).digest()) for text in given]
    fitting = [digest.rstrip(b"=").decode("ascii") for digest in found]
    if len(set(digests)) != len(digests) or len(set(fitting)) != len(fitting):
        raise Malformed("body", "one digest twice")
    claims = {name: value for name, value in payload.items() if name not in ("_sd", "_sd_alg")}
    for digest, (name, value) in zip(fitting, opened, strict=True):
        if digest not in digests:
            continue
        if name in claims:
            raise Malformed("body", "one member twice")
        claims[name] = value
    return claims
