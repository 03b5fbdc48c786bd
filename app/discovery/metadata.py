"""What the issuer says of itself (OpenID Connect Discovery 1.0 §3, RFC 8414 §2)."""

from collections.abc import Iterable
from typing import Any

from app.tokens.keys import KeySet

_CLIENT_METHODS = ["client_secret_basic", "client_secret_post"]
_ANY_CLIENT = ["none", *_CLIENT_METHODS]


def metadata(issuer: str, keys: KeySet, scopes: Iterable[str]) -> dict[str, Any]:
    """The members of both metadata documents.

    `issuer` stands in it as it stands in every token, and every address lies below it. No endpoint
    is named that is not there; why a list is empty and yet written,
    docs/decisions/0011-discovery.md says.
    """
    published, base = keys.jwks()["keys"], issuer.rstrip("/")
    return {
        "issuer": issuer,
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "scopes_supported": sorted(scopes),
        "response_types_supported": [],
        "grant_types_supported": ["refresh_token", "client_credentials"],
        "token_endpoint": f"{base}/auth/token",
        "token_endpoint_auth_methods_supported": _ANY_CLIENT,
        "revocation_endpoint": f"{base}/auth/revoke",
        "revocation_endpoint_auth_methods_supported": _ANY_CLIENT,
        "introspection_endpoint": f"{base}/auth/introspect",
        "introspection_endpoint_auth_methods_supported": _CLIENT_METHODS,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": sorted({jwk["alg"] for jwk in published}),
    }
