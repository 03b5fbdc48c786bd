"""The only door to trust: an access token is verified here, or it is worth nothing (RFC 9068 §4).

Nothing of a token is believed before its signature holds. The header is read only to find the key
by its `kid`; the key, not the header, says which algorithm it is for (RFC 8725 §3.1).
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from app.tokens.claims import AccessClaims, check_issuer
from app.tokens.encoding import base64url_decode, parse_json_object
from app.tokens.errors import (
    BadSignature,
    ForbiddenHeader,
    LifetimeTooLong,
    MalformedClaims,
    MalformedToken,
    TokenExpired,
    TokenNotYetValid,
    TokenTooLarge,
    UnknownKey,
    WrongAlgorithm,
    WrongAudience,
    WrongIssuer,
    WrongType,
    quoted,
)
from app.tokens.keys import Key, KeySet

MAX_TOKEN_BYTES = 8192
MAX_LIFETIME_SECONDS = 86_400
LEEWAY_SECONDS = 5
TYPES = frozenset({"at+jwt", "application/at+jwt"})

# Members that change what is signed, compress it, encrypt it, or bring the key along.
FORBIDDEN_MEMBERS = frozenset(
    {
        *("crit", "b64", "zip", "enc", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"),
        *("jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"),
    }
)


class Verifier:
    """Verifies access tokens of one issuer for one audience. Safe to share between threads."""

    def __init__(
        self, keys: KeySet, *, issuer: str, audience: str, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` gives seconds since the epoch. Raises ValueError on an unfit issuer."""
        if not audience:
            raise ValueError("the audience must not be empty")
        self._keys = keys
        self._issuer = check_issuer(issuer)
        self._audience = audience
        self._clock = clock

    def verify(self, token: str | bytes) -> AccessClaims:
        """The claims of a compact JWS (RFC 7515 §7.1), or a TokenError; never anything else."""
        header_segment, payload_segment, signature_segment = _split(token)
        key = self._key_for(_read_header(header_segment))
        signature = _decode_segment("signature", signature_segment)
        payload = _decode_segment("payload", payload_segment)
        if not key.verifies(header_segment + b"." + payload_segment, signature):
            raise BadSignature(f"the signature is not the one of key {quoted(key.kid)}")
        try:
            claims = AccessClaims.from_payload(parse_json_object(payload))
        except ValueError as error:
            raise MalformedClaims(f"the payload is no set of claims: {error}") from None
        self._check_parties(claims)
        self._check_times(claims)
        return claims

    def _key_for(self, header: Mapping[str, Any]) -> Key:
        kid = header.get("kid")
        key = self._keys.keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise UnknownKey(f"no key of the set has the kid {quoted(kid)}")
        if header.get("alg") != key.alg:
            raise WrongAlgorithm(
                f"key {quoted(key.kid)} is for {key.alg}, "
                f"and the header says {quoted(header.get('alg'))}"
            )
        return key

    def _check_parties(self, claims: AccessClaims) -> None:
        if claims.iss != self._issuer:
            raise WrongIssuer(f"iss was expected to be {self._issuer!r}, not {quoted(claims.iss)}")
        if claims.aud != self._audience:
            raise WrongAudience(
                f"aud was expected to be {self._audience!r}, not {quoted(claims.aud)}"
            )

    def _check_times(self, claims: AccessClaims) -> None:
        now = self._clock()
        if claims.exp + LEEWAY_SECONDS <= now:
            raise TokenExpired(f"exp was {quoted(claims.exp)}, and it is {now:.0f}")
        if claims.exp > now + MAX_LIFETIME_SECONDS + LEEWAY_SECONDS:
            raise LifetimeTooLong(
                f"exp {quoted(claims.exp)} is over {MAX_LIFETIME_SECONDS} s ahead of {now:.0f}"
            )
        for name, moment in (("iat", claims.iat), ("nbf", claims.nbf)):
            if moment is not None and moment > now + LEEWAY_SECONDS:
                raise TokenNotYetValid(f"{name} is {quoted(moment)}, and it is {now:.0f}")


def _split(token: str | bytes) -> list[bytes]:
    if not isinstance(token, str | bytes):
        raise MalformedToken(f"a token is a string, not a {type(token).__name__}")
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenTooLarge(f"a token has at most {MAX_TOKEN_BYTES} bytes, not {len(token)}")
    try:
        raw = token.encode("ascii") if isinstance(token, str) else token
    except UnicodeEncodeError:
        raise MalformedToken("a token is ASCII") from None
    segments = raw.split(b".")
    if len(segments) != 3:
        raise MalformedToken(f"a token has 3 segments, not {len(segments)}")
    return segments


def _read_header(segment: bytes) -> Mapping[str, Any]:
    try:
        header = parse_json_object(_decode_segment("header", segment))
    except ValueError as error:
        raise MalformedToken(f"the header is no JOSE header: {error}") from None
    if not FORBIDDEN_MEMBERS.isdisjoint(header):
        named = ", ".join(sorted(FORBIDDEN_MEMBERS.intersection(header)))
        raise ForbiddenHeader(f"the header must not carry {named}")
    typ = header.get("typ")
    if not isinstance(typ, str) or typ not in TYPES:
        raise WrongType(f"typ was expected to be 'at+jwt' (RFC 9068 §4), not {quoted(typ)}")
    return header


def _decode_segment(name: str, segment: bytes) -> bytes:
    try:
        return base64url_decode(segment)
    except ValueError as error:
        raise MalformedToken(f"the {name} is not canonical base64url: {error}") from None
