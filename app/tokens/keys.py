"""Keys that verify, each bound to one algorithm, and their set: kid → key (RFC 7517, 7518).

The three kinds of keys are in modules of their own: rsa_key, ec_key, hmac_key.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from app.tokens.errors import quoted

_LOG = logging.getLogger("ostiary.keys")

ALGORITHMS = frozenset(
    f"{family}{size}" for family in ("HS", "RS", "ES") for size in ("256", "384", "512")
)


class Key(Protocol):
    """What checks one signature, made once and used for every token."""

    @property
    def kid(self) -> str: ...

    @property
    def alg(self) -> str: ...

    @property
    def public_jwk(self) -> Mapping[str, str] | None:
        """What a JWKS may show of it: nothing, for a secret."""

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's over `signing_input` (RFC 7518 §3)."""


class SigningKey(NamedTuple):
    """The key that signs, as the JWK with its private members."""

    kid: str
    alg: str
    jwk: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"SigningKey(kid={self.kid!r}, alg={self.alg!r})"


class RemoteSigningKey(NamedTuple):
    """The key that signs, where its private half never leaves a service.

    `sign` takes the signing input and gives the signature as a JWS holds it (RFC 7518 §3), or
    raises KeysUnavailable.
    """

    kid: str
    alg: str
    sign: Callable[[bytes], bytes]


class TrustedKeys(Protocol):
    """Whoever knows the key set that counts at this moment: a KeySet, or a KeyRing."""

    def current(self) -> "KeySet":
        """The set to sign and verify with now; KeysUnavailable where none can be had."""

    def after_unknown_kid(self) -> "KeySet":
        """The set to trust when a kid is not in the current one: perhaps a newer one."""


class KeySet(NamedTuple):
    """The keys that verify, by kid; the one that signs, where the set has its private half."""

    keys: Mapping[str, Key]
    signing: SigningKey | RemoteSigningKey | None = None
    asymmetric_private_kids: tuple[str, ...] = ()

    def current(self) -> "KeySet":
        """Itself: a set that was handed over is never read again."""
        return self

    def after_unknown_kid(self) -> "KeySet":
        """Itself, too."""
        return self

    @property
    def holds_secrets(self) -> bool:
        """Whether somebody who sees the set's document could sign with it."""
        shared = any(key.public_jwk is None for key in self.keys.values())
        return shared or bool(self.asymmetric_private_kids)

    def jwks(self) -> dict[str, list[Mapping[str, str]]]:
        """The JWK Set to publish (RFC 7517 §5): public halves only, and no `oct` key at all."""
        public = (key.public_jwk for key in self.keys.values())
        return {"keys": [jwk for jwk in public if jwk is not None]}

    def summary(self) -> str:
        """Which of its keys signs, and which verify, for people."""
        signs = f"{quoted(self.signing.kid)} signs, " if self.signing else ""
        return f"{signs}{', '.join(map(quoted, self.keys))} verify"

    def verifying(self) -> "KeySet":
        """The same set without what it signs with."""
        return KeySet(self.keys)

    def warn_of_mixture(self) -> None:
        """Say at start what a set allows that few mean to allow (ASVS 9.1.2)."""
        families = {key.alg[:2] for key in self.keys.values()}
        if len(families) > 1:
            _LOG.warning(
                "The key set mixes the families %s. That is meant for a migration: take the old "
                "family out once its last token has expired.",
                ", ".join(sorted(families)),
            )
        if "HS" in families:
            _LOG.warning(
                "The key set holds an HMAC secret: whatever can verify these tokens can also "
                "forge them. RS256 and ES256 do not share that."
            )
