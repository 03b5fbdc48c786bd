"""Secrets that look like secrets and are none: those that the public knows, and repetitions."""

import hashlib
import os
from binascii import b2a_base64
from functools import cache

from app.tokens.encoding import base64url_encode

_KNOWN_SECRETS = f"{os.path.dirname(__file__)}/known_secrets.txt"


@cache
def known_secret_digests() -> frozenset[str]:
    """SHA-256, in hex, of each well-known secret of 32 bytes and more."""
    with open(_KNOWN_SECRETS, encoding="ascii") as lines:
        return frozenset(line.rstrip() for line in lines if not line.startswith("#"))


def is_well_known(secret: bytes) -> bool:
    """Whether an HMAC secret stands on the public list, as it is or in base64 or hex.

    People put the decoded bytes of a listed text into `k` as often as the text itself.
    """
    spellings = (
        secret,
        b2a_base64(secret, newline=False),
        b2a_base64(secret, newline=False).rstrip(b"="),
        base64url_encode(secret).encode(),
        secret.hex().encode(),
        secret.hex().upper().encode(),
    )
    digests = (hashlib.sha256(spelling).hexdigest() for spelling in spellings)
    return not known_secret_digests().isdisjoint(digests)


def is_repetition(secret: bytes) -> bool:
    """Whether a secret is one shorter text written several times, such as 32 zero bytes."""
    return secret in (secret + secret)[1:-1]
