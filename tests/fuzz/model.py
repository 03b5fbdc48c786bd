"""The rules for an access token, stated a second time: nothing of the code under test is used.

RFC 9068 §4 and docs/reasons.md, over the token itself, with the standard library and no haste.
Where this and `verify` differ, one of them is wrong.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from tests.support import ALGORITHMS, AUDIENCE, ISSUER

LARGEST = 8192
DEEPEST = 64
LEEWAY = 5
DAY = 86_400
BANNED = {
    *("crit", "b64", "zip", "enc", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"),
    *("jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"),
}
TEXTS = ("iss", "aud", "scope")
IDENTIFIERS = ("sub", "jti", "client_id")
TIMES = ("exp", "iat")
OPTIONAL_TIMES = ("nbf", "auth_time")
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


def accepts(token: str | bytes, alg: str, kid: str, now: int) -> bool:
    """Whether a token that this key has signed is to be accepted."""
    raw = token if isinstance(token, bytes) else token.encode("utf-8", "surrogatepass")
    segments = raw.split(b".")
    if len(raw) > LARGEST or len(segments) != 3 or not all(map(is_canonical, segments)):
        return False
    header, claims = (strict_json(decoded(segment)) for segment in segments[:2])
    if header is None or claims is None or BANNED.intersection(header):
        return False
    named = (header.get("alg"), header.get("kid"))
    typed = header.get("typ") in ("at+jwt", "application/at+jwt")
    return named == (alg, kid) and typed and fits(claims, now)


def fits(claims: Mapping[str, Any], now: int) -> bool:
    """Whether these claims, well signed, open the door at this moment."""
    typed = (
        all(isinstance(claims.get(name), str) for name in TEXTS)
        and all(is_identifier(claims.get(name)) for name in IDENTIFIERS)
        and all(type(claims.get(name)) is int for name in TIMES)
        and all(type(claims.get(name, 0)) is int for name in OPTIONAL_TIMES)
        and is_identifier(claims.get("sid", "absent"))
        and isinstance(claims.get("amr", []), list)
        and all(is_identifier(method) for method in claims.get("amr", []))
        and is_status(claims.get("status", {}))
    )
    return (
        typed
        and is_scope(claims["scope"])
        and (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
        and now - LEEWAY < claims["exp"] <= now + DAY + LEEWAY
        and claims["iat"] <= now + LEEWAY
        and claims.get("nbf", now) <= now + LEEWAY
    )


def is_identifier(value: object) -> bool:
    """1 to 255 characters that can be shown, not all of them blank."""
    return (
        isinstance(value, str)
        and 1 <= len(value) <= 255
        and all(character.isprintable() for character in value)
        and any(not character.isspace() for character in value)
    )


def is_status(value: object) -> bool:
    """An object which, where it names a status list, names a place in it and its uri."""
    if not isinstance(value, dict):
        return False
    place = value.get("status_list", {"idx": 0, "uri": "absent"})
    return (
        isinstance(place, dict)
        and type(place.get("idx")) is int
        and place["idx"] >= 0
        and is_identifier(place.get("uri"))
    )


def is_scope(text: str) -> bool:
    """Empty, or scope-tokens parted by single spaces (RFC 6749 §3.3)."""
    allowed = {0x21, *range(0x23, 0x5C), *range(0x5D, 0x7F)}
    tokens = text.split(" ") if text else []
    return all(token and allowed.issuperset(map(ord, token)) for token in tokens)


def is_canonical(text: bytes) -> bool:
    """Whether this is the one spelling in base64url of some bytes (RFC 7515 §2, RFC 4648 §5)."""
    if not re.fullmatch(rb"[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        return False
    return base64.urlsafe_b64encode(decoded(text)).rstrip(b"=") == text


def decoded(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def strict_json(raw: bytes) -> dict[str, Any] | None:
    """The JSON object in `raw`, or None where there is none that every reader reads alike."""

    def unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in members}) != len(members):
            raise ValueError("two members of one name")
        return dict(members)

    try:
        # `int` refuses NaN and Infinity, which Python reads and JSON does not have.
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=unique, parse_constant=int)
        fit = isinstance(value, dict) and depth(value) <= DEEPEST
    except (ValueError, RecursionError):
        return None
    return value if fit else None


def depth(value: Any) -> int:
    """How many arrays and objects stand within each other."""
    if not isinstance(value, dict | list):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max((depth(item) for item in inner), default=0)


def tells_secrets(document: bytes) -> bool:
    """Whether who sees this key set could sign with it."""
    taken = strict_json(document)
    assert taken is not None
    return any(jwk["kty"] == "oct" or (PRIVATE - {"k"}) & jwk.keys() for jwk in taken["keys"])


def check_published(jwks: Mapping[str, Any], document: bytes) -> None:
    """Raises AssertionError where a published key set tells of what is private."""
    taken = strict_json(document)
    assert taken is not None
    published = jwks["keys"]
    kids = [jwk["kid"] for jwk in taken["keys"] if jwk["kty"] != "oct"]
    assert [jwk["kid"] for jwk in published] == kids
    for jwk in published:
        assert not PRIVATE.intersection(jwk)
        assert (jwk["use"], jwk["alg"] in ALGORITHMS) == ("sig", True)
        assert all(isinstance(value, str) for value in jwk.values())
