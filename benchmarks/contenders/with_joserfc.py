"""The authorizer that one writes with joserfc."""

import json
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

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

_JWKS = json.loads(JWKS)
_KEYS = KeySet.import_key_set(_JWKS)
_ALGORITHMS = [jwk["alg"] for jwk in _JWKS["keys"]]
_WANTED: dict[str, Any] = {name: {"essential": True} for name in REQUIRED}
_WANTED["iss"] = {"essential": True, "value": ISSUER}
_WANTED["aud"] = {"essential": True, "value": AUDIENCE}
_CLAIMS = jwt.JWTClaimsRegistry(leeway=LEEWAY_SECONDS, **_WANTED)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The policy for the token in a TOKEN event."""
    try:
        token = jwt.decode(token_in(event), _KEYS, algorithms=_ALGORITHMS)
        _CLAIMS.validate(token.claims)
    except (JoseError, ValueError):
        raise unauthorized() from None
    # Without a kid, joserfc takes the key that fits the algorithm.
    if token.header.get("typ") != "at+jwt" or "kid" not in token.header:
        raise unauthorized()
    return policy_for(token.claims, event)
