"""The only door to trust: an access token is verified here, or it is worth nothing (RFC 9068 §4).

Its signature is judged by `jws`, as that of every signed document is; here, what it says.
"""

import time
from collections.abc import Callable

from app.tokens.claims import AccessClaims
from app.tokens.errors import (
    LifetimeTooLong,
    TokenExpired,
    TokenNotYetValid,
    WrongAudience,
    WrongIssuer,
    quoted,
)
from app.tokens.jws import JwsVerifier, Kind
from app.tokens.keys import TrustedKeys
from app.tokens.urls import check_issuer

MAX_TOKEN_BYTES = 8192
MAX_LIFETIME_SECONDS = 86_400
LEEWAY_SECONDS = 5
ACCESS_TOKEN = Kind("at+jwt", "RFC 9068 §4", MAX_TOKEN_BYTES)


class Verifier:
    """Verifies access tokens of one issuer for one audience. Safe to share between threads."""

    def __init__(
        self,
        keys: TrustedKeys,
        *,
        issuer: str,
        audience: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives seconds since the epoch. Raises ValueError on an unfit issuer."""
        if not audience:
            raise ValueError("the audience must not be empty")
        self._jws = JwsVerifier(keys, ACCESS_TOKEN)
        self._issuer = check_issuer(issuer)
        self._audience = audience
        self._clock = clock

    def verify(self, token: str | bytes) -> AccessClaims:
        """The claims of a compact JWS (RFC 7515 §7.1), or a TokenError; never anything else.

        But for KeysUnavailable, which says nothing of the token: there are no keys to judge it by.
        """
        claims = AccessClaims.from_payload(self._jws.payload(token))
        self._check_parties(claims)
        self._check_times(claims)
        return claims

    def _check_parties(self, claims: AccessClaims) -> None:
        if claims.iss != self._issuer:
            raise WrongIssuer(f"iss was expected to be {self._issuer!r}, not {quoted(claims.iss)}")
        if claims.aud != self._audience:
            raise WrongAudience(
                f"aud was expected to be {self._audience!r}, not {quoted(claims.aud)}"
            )

    def _check_times(self, claims: AccessClaims) -> None:
        now = self._clock()
        if claims.exp + LEEWAY_SECONDS <= now:
            raise TokenExpired(f"exp was {quoted(claims.exp)}, and it is {now:.0f}")
        if claims.exp > now + MAX_LIFETIME_SECONDS + LEEWAY_SECONDS:
            raise LifetimeTooLong(
                f"exp {quoted(claims.exp)} is over {MAX_LIFETIME_SECONDS} s ahead of {now:.0f}"
            )
        latest = now + LEEWAY_SECONDS
        if claims.iat > latest:
            raise TokenNotYetValid(f"iat is {quoted(claims.iat)}, and it is {now:.0f}")
        if claims.nbf is not None and claims.nbf > latest:
            raise TokenNotYetValid(f"nbf is {quoted(claims.nbf)}, and it is {now:.0f}")
