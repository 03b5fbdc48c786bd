"""What every contender is given: one key set, the same settings, tokens that none has seen."""

import json
import os
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from app.tokens.generate import generate_key
from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set

ALGORITHMS = ("RS256", "ES256", "HS256")
ROOT = Path(__file__).parent.parent
ISSUER = "https://auth.example.com"
AUDIENCE = "example"
METHOD_ARN = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/prod/GET/notes"
# Of a few roles, as they come to a real authorizer: each policy turns up often, and none alone.
SCOPES = (
    ("account:read", "account:write", "notes:read", "notes:write"),
    ("account:read", "notes:read"),
    ("notes:read", "notes:write", "users:read"),
)
_SUB = "0b8f3f3e-5a5d-4c58-9d0e-6f6f2f0b7c11"
# Longer than any run takes, so that no token expires on the way.
_LIFETIME_SECONDS = 6 * 3600


class Material:
    """A key for each algorithm, tokens signed by them in turn, and the environment to verify in."""

    def __init__(self, *algs: str) -> None:
        self.jwks = [generate_key(alg) for alg in algs]
        self._issuers = cycle([_issuer_with(jwk) for jwk in self.jwks])
        self._scopes = cycle(SCOPES)

    def tokens(self, count: int) -> list[str]:
        """New tokens, each with its own `jti`, such as a login gives."""
        return [self.issue(scopes) for scopes in islice(self._scopes, count)]

    def issue(self, scopes: Sequence[str]) -> str:
        """A new token with these scopes, by the next of the keys."""
        return next(self._issuers).issue(
            sub=_SUB, client_id="ostiary", scopes=scopes, auth_time=1_750_000_000, amr=("pwd",)
        )

    def environment(self) -> dict[str, str]:
        """The settings of all contenders, ours being those of a Lambda function."""
        # Nothing of the caller's but PATH: NODE_EXTRA_CA_CERTS alone costs Node 45 ms at its start.
        return {"PATH": os.environ.get("PATH", os.defpath)} | {
            "JWKS": json.dumps({"keys": [_for_verifying(jwk) for jwk in self.jwks]}),
            "ISSUER": ISSUER,
            "AUDIENCE": AUDIENCE,
            "ROUTES": str(ROOT / "authorizer" / "routes.json"),
            "METHOD_ARN": METHOD_ARN,
            "OSTIARY_KEYS": "env:JWKS",
            "OSTIARY_ISSUER": ISSUER,
            "OSTIARY_AUDIENCE": AUDIENCE,
            "OSTIARY_STATUS_LISTS": "off",
            "AWS_LAMBDA_FUNCTION_NAME": "authorizer",
        }


def _key_set(jwk: Mapping[str, Any]) -> bytes:
    return json.dumps({"keys": [jwk]}).encode()


def _issuer_with(jwk: Mapping[str, Any]) -> Issuer:
    keys = parse_key_set(_key_set(jwk))
    return Issuer(keys, issuer=ISSUER, audience=AUDIENCE, lifetime=_LIFETIME_SECONDS)


def _for_verifying(jwk: Mapping[str, Any]) -> Mapping[str, Any]:
    """The public half, or the secret where there is none."""
    public = parse_key_set(_key_set(jwk)).jwks()["keys"]
    return public[0] if public else jwk
