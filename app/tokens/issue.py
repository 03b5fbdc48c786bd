"""The only place that signs. What leaves here, `verify` accepts; a test and the start hold that."""

import json
import secrets
import time
from collections.abc import Callable, Iterable

from jose import backends, jws
from jose import jwk as jose_jwk
from jose.exceptions import JOSEError

from app.tokens.claims import AccessClaims, check_issuer
from app.tokens.errors import KeySetError, TokenError, quoted
from app.tokens.keys import KeySet
from app.tokens.verify import MAX_LIFETIME_SECONDS, Verifier

# jose falls back in silence to pure-Python arithmetic, whose timing tells the key (CVE-2024-23342).
for _backend in (backends.RSAKey, backends.ECKey, backends.HMACKey):
    if "cryptography_backend" not in _backend.__module__:
        raise ImportError(
            f"jose signs with {_backend.__module__}; install `python-jose[cryptography]`"
        )

_TOKEN_ID_BYTES = 16


class Issuer:
    """Signs access tokens (RFC 9068 §2) with the signing key of a set."""

    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str,
        audience: str,
        lifetime: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`lifetime` in seconds, at most a day, or a ValueError.

        Raises KeySetError when the set cannot sign what it verifies.
        """
        if not 0 < lifetime <= MAX_LIFETIME_SECONDS:
            raise ValueError(f"a token lives 1 to {MAX_LIFETIME_SECONDS} seconds, not {lifetime}")
        if keys.signing is None:
            raise KeySetError("no key of the set has its private half, so it signs nothing")
        self.lifetime = lifetime
        self._issuer = check_issuer(issuer)
        self._audience = audience
        self._clock = clock
        self._kid, self._alg = keys.signing.kid, keys.signing.alg
        try:
            self._key = jose_jwk.construct(dict(keys.signing.jwk), self._alg)
            probe = self.issue(sub="probe", client_id="probe", scopes=())
            Verifier(keys, issuer=issuer, audience=audience, clock=clock).verify(probe)
        except (JOSEError, TokenError, ValueError, KeyError, TypeError) as error:
            raise KeySetError(
                f"the key {quoted(self._kid)} is refused: its private half does not sign what its "
                f"public half verifies ({type(error).__name__})"
            ) from None

    def issue(
        self,
        *,
        sub: str,
        client_id: str,
        scopes: Iterable[str],
        auth_time: int | None = None,
        amr: tuple[str, ...] | None = None,
    ) -> str:
        """A signed access token, valid from now for `lifetime` seconds.

        `auth_time` is when the holder authenticated, `amr` by what means (RFC 8176). A TokenError
        where `verify` would not accept the claims.
        """
        now = int(self._clock())
        payload = {
            "iss": self._issuer,
            "sub": sub,
            "aud": self._audience,
            "exp": now + self.lifetime,
            "iat": now,
            "jti": secrets.token_urlsafe(_TOKEN_ID_BYTES),
            "client_id": client_id,
            "scope": " ".join(sorted(scopes)),
            "auth_time": auth_time,
            "amr": None if amr is None else list(amr),
        }
        given = {name: value for name, value in payload.items() if value is not None}
        claims = AccessClaims.from_payload(given)  # what `verify` would refuse is not signed
        body = json.dumps(claims.to_payload(), separators=(",", ":")).encode()
        header = {"typ": "at+jwt", "kid": self._kid}
        token: str = jws.sign(body, self._key, headers=header, algorithm=self._alg)
        return token
