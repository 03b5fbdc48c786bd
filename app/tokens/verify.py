"""The only door to trust: an access token is verified here, or it is worth nothing (RFC 9068 §4).

Nothing of a token is believed before its signature holds. The header is read only to find the key
by its `kid`; the key, not the header, says which algorithm it is for (RFC 8725 §3.1).
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from app.tokens.claims import AccessClaims
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
from app.tokens.keys import Key, KeySet, TrustedKeys
from app.tokens.urls import check_issuer

MAX_TOKEN_BYTES = 8192
MAX_LIFETIME_SECONDS = 86_400
LEEWAY_SECONDS = 5
TYPES = frozenset({"at+jwt", "application/at+jwt"})
MAX_KNOWN_HEADERS = 16

# Members that change what is signed, compress it, encrypt it, or bring the key along.
FORBIDDEN_MEMBERS = frozenset(
    {
        *("crit", "b64", "zip", "enc", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"),
        *("jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"),
    }
)


class _KnownHeaders:
    """The header segments that were read already, and the key of each, under one key set."""

    __slots__ = ("key_set", "keys")

    def __init__(self, key_set: KeySet | None) -> None:
        self.key_set = key_set
        self.keys: dict[bytes, Key] = {}


class Verifier:
    """Verifies access tokens of one issuer for one audience. Safe to share between threads."""

    def __init__(
        self,
        keys: TrustedKeys,
        *,
        issuer: str,
        audience: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives seconds since the epoch. Raises ValueError on an unfit issuer."""
        if not audience:
            raise ValueError("the audience must not be empty")
        self._keys = keys
        self._known = _KnownHeaders(None)
        self._issuer = check_issuer(issuer)
        self._audience = audience
        self._clock = clock

    def verify(self, token: str | bytes) -> AccessClaims:
        """The claims of a compact JWS (RFC 7515 §7.1), or a TokenError; never anything else.

        But for KeysUnavailable, which says nothing of the token: there are no keys to judge it by.
        """
        header_segment, payload_segment, signature_segment = _split(token)
        known = self._known_key(header_segment)
        key = known or self._key_for(_read_header(header_segment))
        try:
            signature = base64url_decode(signature_segment)
            payload = base64url_decode(payload_segment)
        except ValueError as error:
            raise MalformedToken(f"a segment is not canonical base64url: {error}") from None
        if not key.verifies(header_segment + b"." + payload_segment, signature):
            raise BadSignature(f"the signature is not the one of key {quoted(key.kid)}")
        if not known:
            self._remember(header_segment, key)
        try:
            claims = AccessClaims.from_payload(parse_json_object(payload))
        except ValueError as error:
            raise MalformedClaims(f"the payload is no set of claims: {error}") from None
        self._check_parties(claims)
        self._check_times(claims)
        return claims

    def _known_key(self, header_segment: bytes) -> Key | None:
        """The key that a good token with this very header was signed with.

        All tokens of a key have one header: it need be read once. The key set must still be the
        one under which it was read.
        """
        known = self._known
        key = known.keys.get(header_segment)
        return key if key and known.key_set is self._keys.current() else None

    def _remember(self, header_segment: bytes, key: Key) -> None:
        """Only headers whose signature held are remembered: a stranger cannot fill the memory."""
        keys, known = self._keys.current(), self._known
        if known.key_set is not keys:
            self._known = known = _KnownHeaders(keys)
        if len(known.keys) < MAX_KNOWN_HEADERS and keys.keys.get(key.kid) is key:
            known.keys[header_segment] = key

    def _key_for(self, header: Mapping[str, Any]) -> Key:
        kid = header.get("kid")
        key = self._find(kid) if isinstance(kid, str) else None
        if key is None:
            raise UnknownKey(f"no key of the set has the kid {quoted(kid)}")
        if header.get("alg") != key.alg:
            raise WrongAlgorithm(
                f"key {quoted(key.kid)} is for {key.alg}, "
                f"and the header says {quoted(header.get('alg'))}"
            )
        return key

    def _find(self, kid: str) -> Key | None:
        key = self._keys.current().keys.get(kid)
        return key or self._keys.after_unknown_kid().keys.get(kid)

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
        latest = now + LEEWAY_SECONDS
        if claims.iat > latest:
            raise TokenNotYetValid(f"iat is {quoted(claims.iat)}, and it is {now:.0f}")
        if claims.nbf is not None and claims.nbf > latest:
            raise TokenNotYetValid(f"nbf is {quoted(claims.nbf)}, and it is {now:.0f}")


def _split(token: str | bytes) -> list[bytes]:
    if not isinstance(token, (str, bytes)):
        raise MalformedToken(f"a token is a string, not a {type(token).__name__}")
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenTooLarge(f"a token has at most {MAX_TOKEN_BYTES} bytes, not {len(token)}")
    try:
        raw = token if isinstance(token, bytes) else token.encode("ascii")
    except UnicodeEncodeError:
        raise MalformedToken("a token is ASCII") from None
    segments = raw.split(b".")
    if len(segments) != 3:
        raise MalformedToken(f"a token has 3 segments, not {len(segments)}")
    return segments


def _read_header(segment: bytes) -> Mapping[str, Any]:
    try:
        header = parse_json_object(base64url_decode(segment))
    except ValueError as error:
        raise MalformedToken(f"the header is no JOSE header: {error}") from None
    if not FORBIDDEN_MEMBERS.isdisjoint(header):
        named = ", ".join(sorted(FORBIDDEN_MEMBERS.intersection(header)))
        raise ForbiddenHeader(f"the header must not carry {named}")
    typ = header.get("typ")
    if not isinstance(typ, str) or typ not in TYPES:
        raise WrongType(f"typ was expected to be 'at+jwt' (RFC 9068 §4), not {quoted(typ)}")
    return header
