"""Tokens that get as far as a header can get them: a known `kid`, and a signature that is none."""

import json
import random
import secrets
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from typing import Any

from app.tokens.encoding import base64url_encode

_SIGNATURE_BYTES = {"RS256": 256, "ES256": 64, "HS256": 32}
# Some that a verifier must refuse by name, beside those that nobody has heard of.
_NAMES = ("crit", "jku", "x5c", "zip", "cty", "nonce", "ppt", "url")


def hostile_tokens(jwks: Sequence[Mapping[str, Any]], count: int) -> list[str]:
    """Tokens of which no two share a header, a payload or a signature."""
    return [_token(jwk["kid"], jwk["alg"]) for jwk in islice(cycle(jwks), count)]


def _token(kid: str, alg: str) -> str:
    header = {"typ": "at+jwt", "alg": alg, "kid": kid} | _extra_members()
    payload = {"sub": secrets.token_hex(8), **_extra_members()}
    parts = (
        json.dumps(header).encode(),
        json.dumps(payload).encode(),
        secrets.token_bytes(_SIGNATURE_BYTES[alg]),
    )
    return ".".join(map(base64url_encode, parts))


def _extra_members() -> dict[str, Any]:
    extra: dict[str, Any] = {
        secrets.token_hex(random.randint(1, 20)): random.choice(  # noqa: S311 (no secret)
            (secrets.token_urlsafe(30), random.random(), [random.getrandbits(70)], None)  # noqa: S311
        )
        for _ in range(random.randint(1, 6))  # noqa: S311
    }
    if random.random() < 0.2:  # noqa: S311
        extra[random.choice(_NAMES)] = secrets.token_hex(8)  # noqa: S311
    return extra
