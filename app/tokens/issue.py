"""The only place that signs. What leaves here, `verify` accepts; a test and the start hold that."""

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from jose import backends, jws
from jose import jwk as jose_jwk
from jose.backends.base import Key as JoseKey
from jose.exceptions import JOSEError

from app.tokens.claims import AccessClaims
from app.tokens.errors import KeySetError, KeysUnavailable, TokenError, quoted
from app.tokens.keys import KeySet, RemoteSigningKey, SigningKey, TrustedKeys
from app.tokens.urls import check_issuer
from app.tokens.verify import MAX_LIFETIME_SECONDS, Verifier

# jose falls back in silence to pure-Python arithmetic, whose timing tells the key (CVE-2024-23342).
for _backend in (backends.RSAKey, backends.ECKey, backends.HMACKey):
    if "cryptography_backend" not in _backend.__module__:
        raise ImportError(
            f"jose signs with {_backend.__module__}; install `python-jose[cryptography]`"
        )

_LOG = logging.getLogger("ostiary.keys")
_TOKEN_ID_BYTES = 16


class _RemoteKey(JoseKey):  # type: ignore[misc]  # jose has no types
    """A key of jose whose private half is elsewhere."""

    def __init__(self, key: RemoteSigningKey) -> None:
        super().__init__(key, key.alg)
        self._key = key

    def sign(self, msg: bytes) -> bytes:
        return self._key.sign(msg)


class _Signer:
    """Signs with the signing key of one key set."""

    def __init__(self, keys: KeySet) -> None:
        """Raises KeySetError when the set cannot sign."""
        if keys.signing is None:
            raise KeySetError("no key of the set has its private half, so it signs nothing")
        self.key_set = keys
        self.kid, self._alg = keys.signing.kid, keys.signing.alg
        self._key = _jose_key(keys.signing)

    def sign(self, payload: dict[str, Any]) -> str:
        """A compact JWS of the type `at+jwt` (RFC 9068 §2.1)."""
        body = json.dumps(payload, separators=(",", ":")).encode()
        header = {"typ": "at+jwt", "kid": self.kid}
        try:
            token: str = jws.sign(body, self._key, headers=header, algorithm=self._alg)
        except JOSEError as error:
            if error.args and isinstance(error.args[0], KeysUnavailable):
                raise error.args[0] from None  # jose wraps whatever a key raises
            raise
        return token

    def is_verified_by(self, keys: KeySet) -> bool:
        """Whether that set knows this very key: a kid may come to name another one."""
        return keys.keys.get(self.kid) == self.key_set.keys[self.kid]


def _jose_key(signing: SigningKey | RemoteSigningKey) -> JoseKey:
    if isinstance(signing, RemoteSigningKey):
        return _RemoteKey(signing)
    try:
        return jose_jwk.construct(dict(signing.jwk), signing.alg)
    except Exception as error:  # jose lets through whatever a strange member leads to
        raise _mismatch(signing.kid, error) from None


def _mismatch(kid: str, error: Exception) -> KeySetError:
    return KeySetError(
        f"the key {quoted(kid)} is refused: its private half does not sign what its "
        f"public half verifies ({type(error).__name__})"
    )


class Issuer:
    """Signs access tokens (RFC 9068 §2) with the signing key of a set."""

    def __init__(
        self,
        keys: TrustedKeys,
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
        self.lifetime = lifetime
        self._issuer = check_issuer(issuer)
        self._audience = audience
        self._clock = clock
        self._keys = keys
        self._signer = self._tried_signer(keys.current())

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
        where `verify` would not accept the claims; KeysUnavailable where no key can be had now.
        """
        payload = self._payload(sub, client_id, scopes) | {
            "auth_time": auth_time,
            "amr": None if amr is None else list(amr),
        }
        return self._current_signer().sign(self._checked(payload))

    def _payload(self, sub: str, client_id: str, scopes: Iterable[str]) -> dict[str, Any]:
        now = int(self._clock())
        return {
            "iss": self._issuer,
            "sub": sub,
            "aud": self._audience,
            "exp": now + self.lifetime,
            "iat": now,
            "jti": secrets.token_urlsafe(_TOKEN_ID_BYTES),
            "client_id": client_id,
            "scope": " ".join(sorted(scopes)),
        }

    def _checked(self, payload: dict[str, Any]) -> dict[str, Any]:
        """What `verify` would refuse is not signed."""
        given = {name: value for name, value in payload.items() if value is not None}
        return AccessClaims.from_payload(given).to_payload()

    def _current_signer(self) -> _Signer:
        keys = self._keys.current()
        if keys is not self._signer.key_set:
            try:
                self._signer = self._tried_signer(keys)
            except KeySetError as error:
                # A set that cannot sign must not end the logins while the old key still verifies.
                if isinstance(error, KeysUnavailable) or not self._signer.is_verified_by(keys):
                    raise
                _LOG.error("The new key set cannot sign, so the old key goes on signing: %s", error)
                self._signer.key_set = keys
        return self._signer

    def _tried_signer(self, keys: KeySet) -> _Signer:
        """Has signed one token that the same set verifies."""
        signer = _Signer(keys)
        try:
            probe = signer.sign(self._checked(self._payload("probe", "probe", ())))
            Verifier(keys, issuer=self._issuer, audience=self._audience, clock=self._clock).verify(
                probe
            )
        except (JOSEError, TokenError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise _mismatch(signer.kid, error) from None
        return signer
