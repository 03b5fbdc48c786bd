"""Refresh tokens: 256 random bits that mean something to the database alone, and their successors.

Only the SHA-256 of one is ever stored, which is enough for what cannot be guessed. The successor of
a spent token is derived and never stored: HMAC-SHA-256 with the token as key over a salt from the
database. So neither the database alone nor the old token alone yields it.
"""

import hashlib
import hmac
import secrets

from app.tokens.encoding import base64url_decode, base64url_encode

TOKEN_BYTES = 32
SALT_BYTES = 32


def new_token() -> str:
    """A token of 43 characters."""
    return base64url_encode(secrets.token_bytes(TOKEN_BYTES))


def new_salt() -> bytes:
    """What a successor is derived with."""
    return secrets.token_bytes(SALT_BYTES)


def hash_of(token: str) -> bytes:
    """What a token is known by, 32 bytes; ValueError for what was never a token of ours."""
    return hashlib.sha256(_secret(token)).digest()


def successor_of(token: str, salt: bytes) -> str:
    """The one token that takes the place of `token`, with this salt."""
    return base64url_encode(hmac.digest(_secret(token), salt, "sha256"))


def _secret(token: str) -> bytes:
    secret = base64url_decode(token.encode("ascii"))
    if len(secret) != TOKEN_BYTES:
        raise ValueError(f"a token of {TOKEN_BYTES} bytes was expected, not of {len(secret)}")
    return secret
