"""What the issuer says of itself (OpenID Connect Discovery 1.0 §3, RFC 8414 §2)."""

from collections.abc import Iterable
from typing import Any

from app.tokens.keys import KeySet


def metadata(issuer: str, keys: KeySet, scopes: Iterable[str]) -> dict[str, Any]:
    """The members of both metadata documents, for an issuer of access tokens alone.

    `issuer` stands in it as it stands in every token. No endpoint is named that is not there; why
    two lists are empty and yet written, docs/decisions/0011-discovery.md says.
    """
    published = keys.jwks()["keys"]
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer.rstrip('/')}/.well-known/jwks.json",
        "scopes_supported": sorted(scopes),
        "response_types_supported": [],
        "grant_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": sorted({jwk["alg"] for jwk in published}),
    }
