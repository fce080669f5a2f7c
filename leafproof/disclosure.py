"""Selective disclosure: bodies as SD-JWT (RFC 9901), so that single members can be withheld.

The statement's body is `[salt, issuer-signed JWT]`; it holds only digests of the members that may be
withheld. The disclosures travel beside it, each given out or not. A member that is not disclosed is simply
absent. The JWT is signed by the same key as the envelope, so that any SD-JWT tool can read it.
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
    return body.encode(jwt), {_member(d): d for d in disclosures}


def _member(disclosure: str) -> str:
    try:
        value = json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
    except (ValueError, UnicodeError, RecursionError) as error:
        raise Malformed("disclosure", "not base64url of JSON") from error
    match value:
        case [str(), str(name), _]:
            return name
    raise Malformed("disclosure", "not [salt, member, value]")


def _header(jwt: str) -> dict[str, Any]:
    first = jwt.split(".", 1)[0]
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    return header


def read(data: bytes, disclosures: Iterable[str], key: PublicKey, issuer: str, kind: str) -> dict[str, Any]:
    """The members that `disclosures` open, checked against the body's digests and the JWT's signature.

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
        header = _header(jwt)
    except Exception as error:  # the library raises errors of many kinds on hostile input
        raise Malformed("body", f"not a valid SD-JWT ({type(error).__name__})") from error
    if header.get("typ") != kind or claims.pop("iss", None) != issuer:
        raise Malformed("body", "the SD-JWT is of another kind, or by another issuer")
    if any(_member(d) not in claims for d in given):
        raise Malformed("disclosure", "fits no digest of the body")
    return claims
