"""What every signed document goes through (RFC 7515 §5.2), whatever it says afterwards.

Nothing of it is believed before its signature holds. The header is read only to find the key by its
`kid`; the key, not the header, says which algorithm it is for (RFC 8725 §3.1). A document is taken
for one purpose alone, the one that its `typ` names (RFC 8725 §3.11).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.tokens.encoding import base64url_decode, parse_json_object
from app.tokens.errors import (
    BadSignature,
    ForbiddenHeader,
    MalformedClaims,
    MalformedToken,
    TokenTooLarge,
    UnknownKey,
    WrongAlgorithm,
    WrongType,
    quoted,
)
from app.tokens.keys import Key, KeySet, TrustedKeys

MAX_KNOWN_HEADERS = 16

# Members that change what is signed, compress it, encrypt it, or bring the key along.
FORBIDDEN_MEMBERS = frozenset(
    {
        *("crit", "b64", "zip", "enc", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"),
        *("jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"),
    }
)


class Kind(NamedTuple):
    """What a document is signed for: its `typ`, where that is laid down, and its greatest size."""

    typ: str
    laid_down: str
    max_bytes: int


class _KnownHeaders:
    """The header segments that were read already, and the key of each, under one key set."""

    __slots__ = ("key_set", "keys")

    def __init__(self, key_set: KeySet | None) -> None:
        self.key_set = key_set
        self.keys: dict[bytes, Key] = {}


class JwsVerifier:
    """Verifies documents of one kind. Safe to share between threads."""

    def __init__(self, keys: TrustedKeys, kind: Kind) -> None:
        self._keys = keys
        self._kind = kind
        self._max_bytes = kind.max_bytes
        # The prefix may be left out, and mostly is (RFC 7515 §4.1.9).
        self._types = frozenset({kind.typ, f"application/{kind.typ}"})
        self._known = _KnownHeaders(None)

    def payload(self, token: str | bytes) -> dict[str, Any]:
        """The payload of a compact JWS (RFC 7515 §7.1), a JSON object, or a TokenError.

        KeysUnavailable, where there are no keys to judge it by.
        """
        header_segment, payload_segment, signature_segment = self._split(token)
        known = self._known_key(header_segment)
        key = known or self._key_for(self._read_header(header_segment))
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
            return parse_json_object(payload)
        except ValueError as error:
            raise MalformedClaims(f"the payload is no set of claims: {error}") from None

    def _split(self, token: str | bytes) -> list[bytes]:
        if not isinstance(token, (str, bytes)):
            raise MalformedToken(f"a token is a string, not a {type(token).__name__}")
        if len(token) > self._max_bytes:
            raise TokenTooLarge(f"a token has at most {self._max_bytes} bytes, not {len(token)}")
        try:
            raw = token if isinstance(token, bytes) else token.encode("ascii")
        except UnicodeEncodeError:
            raise MalformedToken("a token is ASCII") from None
        segments = raw.split(b".")
        if len(segments) != 3:
            raise MalformedToken(f"a token has 3 segments, not {len(segments)}")
        return segments

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

    def _read_header(self, segment: bytes) -> Mapping[str, Any]:
        try:
            header = parse_json_object(base64url_decode(segment))
        except ValueError as error:
            raise MalformedToken(f"the header is no JOSE header: {error}") from None
        if not FORBIDDEN_MEMBERS.isdisjoint(header):
            named = ", ".join(sorted(FORBIDDEN_MEMBERS.intersection(header)))
            raise ForbiddenHeader(f"the header must not carry {named}")
        typ = header.get("typ")
        if not isinstance(typ, str) or typ not in self._types:
            raise WrongType(
                f"typ was expected to be {self._kind.typ!r} ({self._kind.laid_down}), "
                f"not {quoted(typ)}"
            )
        return header

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
