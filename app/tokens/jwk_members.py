"""The members of a JWK, read and refused alike for every family of keys."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from app.tokens.encoding import base64url_decode
from app.tokens.errors import KeySetError, quoted

# RFC 7518 §6.2.2 and §6.3.2. The `k` of a secret is all that it has.
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})


def is_kid(value: object) -> TypeGuard[str]:
    """Whether it may name a key: 1 to 255 printable characters, not all of them blank."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= 255
        and value.isprintable()
        and not value.isspace()
    )


def octets(kid: str, jwk: Mapping[str, Any], member: str) -> bytes:
    """The bytes that a member holds in base64url; KeySetError for anything else."""
    value = jwk.get(member)
    try:
        if isinstance(value, str):
            return base64url_decode(value.encode("ascii"))
    except ValueError:
        pass
    raise refusal(kid, f"its {member!r} must be base64url without padding")


def public_jwk(jwk: Mapping[str, Any], *members: str) -> Mapping[str, str]:
    """What a JWKS shows of a key: the members that all have, and these of its family."""
    return {name: jwk[name] for name in ("kty", "kid", "alg", "use", *members)}


def refusal(kid: str, why: str) -> KeySetError:
    """The error that names the key."""
    return KeySetError(f"the key {quoted(kid)} is refused: {why}")
