"""The authorizer that one writes with PyJWT."""

from typing import Any

import jwt

from benchmarks.contenders.usual import (
    AUDIENCE,
    ISSUER,
    JWKS,
    LEEWAY_SECONDS,
    REQUIRED,
    policy_for,
    token_in,
    unauthorized,
)

_KEYS = {key.key_id: key for key in jwt.PyJWKSet.from_json(JWKS)}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The policy for the token in a TOKEN event."""
    token = token_in(event)
    try:
        header = jwt.get_unverified_header(token)
        key = _KEYS.get(header.get("kid"))
        if key is None or header.get("typ") != "at+jwt":
            raise unauthorized()
        claims = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
    except jwt.PyJWTError:
        raise unauthorized() from None
    return policy_for(claims, event)
