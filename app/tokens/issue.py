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

from app.tokens.claims import AccessClaims, StatusReference
from app.tokens.errors import KeySetError, KeysUnavailable, StatusListError, TokenError, quoted
from app.tokens.keys import KeySet, RemoteSigningKey, SigningKey, TrustedKeys
from app.tokens.rsa_signing_key import is_whole, read_signing_key
from app.tokens.status_list import (
    LIFETIME_SECONDS,
    STATUS_LIST,
    TTL_SECONDS,
    status_list_payload,
)
from app.tokens.urls import check_issuer
from app.tokens.verify import ACCESS_TOKEN, MAX_LIFETIME_SECONDS, Verifier

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

    def sign(self, payload: dict[str, Any], typ: str) -> str:
        """A compact JWS of that type, which is what it is signed for (RFC 8725 §3.11)."""
        body = json.dumps(payload, separators=(",", ":")).encode()
        header = {"typ": typ, "kid": self.kid}
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
        rsa = is_whole(signing.jwk)
        key = read_signing_key(signing.kid, signing.jwk) if rsa else dict(signing.jwk)
        return jose_jwk.construct(key, signing.alg)
    except Exception as error:  # jose lets through whatever a strange member leads to
        raise _mismatch(signing.kid, error) from None


def _mismatch(kid: str, error: Exception) -> KeySetError:
    return KeySetError(
        f"the key {quoted(kid)} is refused: its private half does not sign what its "
        f"public half verifies ({type(error).__name__})"
    )


class Issuer:
    """Signs access tokens (RFC 9068 §2), and the status lists of their sessions."""

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

    @property
    def name(self) -> str:
        """The `iss` of what it signs."""
        return self._issuer

    def issue(
        self,
        *,
        sub: str,
        client_id: str,
        scopes: Iterable[str],
        auth_time: int | None = None,
        amr: tuple[str, ...] | None = None,
        sid: str | None = None,
        status: StatusReference | None = None,
        expires_at: int | None = None,
    ) -> str:
        """A signed access token, valid from now for `lifetime` seconds.

        `auth_time` is when the holder authenticated, `amr` by what means (RFC 8176); `sid` names
        his session, `status` where its status stands. It ends at `expires_at` at the latest,
        seconds since the epoch; a ValueError where that leaves it no life. A TokenError where
        `verify` would not accept the claims; KeysUnavailable where no key can be had now.
        """
        payload = self._payload(sub, client_id, scopes) | {
            "auth_time": auth_time,
            "amr": None if amr is None else list(amr),
            "sid": sid,
            "status": None if status is None else {"status_list": status._asdict()},
        }
        if expires_at is not None:
            payload["exp"] = min(payload["exp"], expires_at)
        if payload["exp"] <= payload["iat"]:
            raise ValueError(f"a token that ends at {expires_at} has no life left")
        return self._current_signer().sign(self._checked(payload), ACCESS_TOKEN.typ)

    def sign_status_list(self, *, uri: str, raw: bytes) -> str:
        """The signed list named `uri`, of one bit a session, for the next LIFETIME_SECONDS.

        StatusListError where no verifier would take so long a one; KeysUnavailable where no key
        can be had now.
        """
        payload = status_list_payload(
            issuer=self._issuer,
            uri=uri,
            raw=raw,
            now=int(self._clock()),
            ttl=TTL_SECONDS,
            lifetime=LIFETIME_SECONDS,
        )
        token = self._current_signer().sign(payload, STATUS_LIST.typ)
        if len(token) > STATUS_LIST.max_bytes:
            raise StatusListError(
                f"a signed list has at most {STATUS_LIST.max_bytes} bytes, not {len(token)}"
            )
        return token

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
            probe = signer.sign(
                self._checked(self._payload("probe", "probe", ())), ACCESS_TOKEN.typ
            )
            Verifier(keys, issuer=self._issuer, audience=self._audience, clock=self._clock).verify(
                probe
            )
        except (JOSEError, TokenError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise _mismatch(signer.kid, error) from None
        return signer
