"""Selective disclosure: bodies as SD-JWT (RFC 9901), so that single members can be withheld.

The statement's body is `[salt, issuer-signed JWT]`; it holds only digests of the members that may be
withheld. The disclosures travel beside it, each given out or not. A member that is not disclosed is simply
absent. The JWT is signed by the same key as the envelope, so that any SD-JWT tool can read it.

RFC 9901 allows more than a fact may: digests deep inside a member, so that a reader cannot see that a line is
withheld; and several digests of one member, so that two readers are shown two values under one signature. Here
only the members that a statement lists may be withheld, each by one digest at the top, and nothing below it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from leafproof import body
from leafproof.errors import Malformed
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
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), object_pairs_hook=_members)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member twice")
    return found


def _hides_nothing_below(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_hides_nothing_below, value))
    if isinstance(value, dict):
        return not value.keys() & {"_sd", "...", "_sd_alg"} and all(map(_hides_nothing_below, value.values()))
    return True


def _check_digests(payload: dict[str, Any], opened: Mapping[str, Any], withheld: set[str]) -> None:
    """Each member that may be withheld has one place: in the clear, or one digest."""
    digests = payload.get("_sd", [])
    if not isinstance(digests, list) or len(digests) + len(withheld & payload.keys()) > len(withheld):
        raise Malformed("body", "has more digests than members that may be withheld")
    if not opened.keys() <= withheld:
        raise Malformed("disclosure", "of a member that may not be withheld")
    plain = [v for k, v in payload.items() if k not in ("_sd", "_sd_alg")]
    if not _hides_nothing_below([*plain, *opened.values()]):
        raise Malformed("body", "withholds parts of a member")


def read(
    data: bytes, disclosures: Iterable[str], key: PublicKey, issuer: str, kind: str, withheld: Iterable[str]
) -> dict[str, Any]:
    """The members that `disclosures` open, checked against the body's digests and the JWT's signature; `withheld`
    are the members that may be withheld.

    Raises `Malformed` for a body, a signature or a disclosure that does not fit.
    """
    from jwcrypto.jwk import JWK
    from sd_jwt.verifier import SDJWTVerifier

    (jwt,) = body.decode(data, 1)
    given = list(disclosures)
    if not isinstance(jwt, str) or "~" in jwt or len(given) > MAX_DISCLOSURES:
        raise Malformed("body", "not an issuer-signed JWT")
    if any(not isinstance(d, str) or "~" in d or len(d) > MAX_DISCLOSURE for d in given):
        raise Malformed("disclosure", "not a disclosure's text")
    try:
        verifier = SDJWTVerifier("~".join([jwt, *given, ""]), lambda *_: JWK.from_pem(key.pem().encode()))
        claims: dict[str, Any] = verifier.get_verified_payload()
        header, payload = (_decode(part) for part in jwt.split(".")[:2])
        opened = dict(_opened(text) for text in given)
        _check_digests(payload, opened, set(withheld))
    except Malformed:
        raise
    except Exception as error:  # the library raises errors of many kinds on hostile input
        raise Malformed("body", f"not a valid SD-JWT ({type(error).__name__})") from error
    if header != {"alg": _ALGORITHM[key.algorithm], "typ": kind} or claims.pop("iss", None) != issuer:
        raise Malformed("body", "the SD-JWT is of another kind, or by another issuer")
    if any(name not in claims for name in opened):
        raise Malformed("disclosure", "fits no digest of the body")
    return claims
