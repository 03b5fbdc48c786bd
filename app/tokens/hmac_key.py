"""HMAC secrets (RFC 7518 §3.2). Loaded only where a key set has one: it brings hashlib along."""

import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.tokens.jwk_members import octets, refusal
from app.tokens.weak_secrets import is_repetition, is_well_known

# As long as the hash, and no shorter.
SECRET_BYTES: Mapping[str, int] = {"HS256": 32, "HS384": 48, "HS512": 64}


class HmacKey(NamedTuple):
    """HS256, HS384, HS512 (RFC 7518 §3.2). Whoever can verify with it can sign with it."""

    kid: str
    alg: str
    secret: bytes
    public_jwk: None = None

    def __repr__(self) -> str:
        return f"HmacKey(kid={self.kid!r}, alg={self.alg!r})"

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        expected = hmac.digest(self.secret, signing_input, f"sha{self.alg[2:]}")
        return hmac.compare_digest(expected, signature)


def read_hmac_key(kid: str, alg: str, jwk: Mapping[str, Any]) -> HmacKey:
    """The key in a JWK of the kty `oct`; KeySetError for a secret that is short or no secret."""
    secret = octets(kid, jwk, "k")
    least = SECRET_BYTES[alg]
    if len(secret) < least:
        raise refusal(
            kid,
            f"its secret has {len(secret)} bytes, and {alg} needs {least} (RFC 7518 §3.2); "
            f"make one with `ostiary keys generate --alg {alg}`",
        )
    if is_repetition(secret):
        raise refusal(
            kid,
            f"its secret is one text repeated; make one with `ostiary keys generate --alg {alg}`",
        )
    if is_well_known(secret):
        raise refusal(
            kid,
            "its secret stands on a public list of JWT secrets; "
            f"make one with `ostiary keys generate --alg {alg}`",
        )
    return HmacKey(kid, alg, secret)
