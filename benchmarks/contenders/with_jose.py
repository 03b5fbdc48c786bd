"""The authorizer that one writes with python-jose."""

import json
from typing import Any

from jose import jwk, jwt
from jose.exceptions import JOSEError

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

# A key that is constructed once: from a dictionary, jose would make it anew for every token.
_KEYS = {key["kid"]: (jwk.construct(key), key["alg"]) for key in json.loads(JWKS)["keys"]}
_OPTIONS: dict[str, Any] = {
    f"require_{name}": True for name in ("aud", "iat", "exp", "iss", "sub", "jti")
}
_OPTIONS["leeway"] = LEEWAY_SECONDS


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The policy for the token in a TOKEN event."""
    token = token_in(event)
    try:
        header = jwt.get_unverified_header(token)
        if header.get("kid") not in _KEYS or header.get("typ") != "at+jwt":
            raise unauthorized()
        key, alg = _KEYS[header["kid"]]
        claims = jwt.decode(
            token, key, algorithms=[alg], options=_OPTIONS, audience=AUDIENCE, issuer=ISSUER
        )
    except JOSEError:
        raise unauthorized() from None
    if not all(name in claims for name in REQUIRED):
        raise unauthorized()
    return policy_for(claims, event)
