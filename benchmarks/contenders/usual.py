"""What every hand-made authorizer has around its library: the settings, the token, the policy."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

JWKS = os.environ["JWKS"]
ISSUER = os.environ["ISSUER"]
AUDIENCE = os.environ["AUDIENCE"]
LEEWAY_SECONDS = 5
SENT_ON = ("sub", "client_id", "scope", "jti")
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope"]


def _load_routes() -> Sequence[Mapping[str, str]]:
    # `pathlib` would be one more import of a cold start.
    with open(os.environ["ROUTES"], encoding="utf-8") as table:  # noqa: PTH123
        routes: Sequence[Mapping[str, str]] = json.load(table)["routes"]
    return routes


_ROUTES = _load_routes()


def unauthorized() -> Exception:
    """What API Gateway answers 401 to."""
    return Exception("Unauthorized")


def token_in(event: Mapping[str, Any]) -> str:
    """The bearer token of a TOKEN event."""
    scheme, _, token = event["authorizationToken"].partition(" ")
    if scheme.lower() != "bearer":
        raise unauthorized()
    return str(token)


def policy_for(claims: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the token may call, for API Gateway caches the policy for the token."""
    if not all(isinstance(claims[name], str) for name in SENT_ON):
        raise unauthorized()
    stage = "/".join(event["methodArn"].split("/")[:2])
    scopes = set(claims["scope"].split())
    resources = [f"{stage}/{route['resource']}" for route in _ROUTES if route["scope"] in scopes]
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if resources else "Deny",
        "Resource": resources or [f"{stage}/*"],
    }
    return {
        "principalId": claims["sub"],
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {name: claims[name] for name in SENT_ON},
    }
