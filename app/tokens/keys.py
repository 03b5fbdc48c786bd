"""Keys that verify, each bound to one algorithm, and their set: kid → key (RFC 7517, 7518)."""

import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

_LOG = logging.getLogger("ostiary.keys")

HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
CURVES: Mapping[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}
ALGORITHMS = frozenset(f"{family}{size}" for family in ("HS", "RS", "ES") for size in HASHES)


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


@dataclass(frozen=True, slots=True)
class HmacKey:
    """HS256, HS384, HS512 (RFC 7518 §3.2). Whoever can verify with it can sign with it."""

    kid: str
    alg: str
    secret: bytes = field(repr=False)
    public_jwk: None = None

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        expected = hmac.digest(self.secret, signing_input, f"sha{self.alg[2:]}")
        return hmac.compare_digest(expected, signature)


@dataclass(frozen=True, slots=True)
class RsaKey:
    """RS256, RS384, RS512: RSASSA-PKCS1-v1_5 (RFC 7518 §3.3)."""

    kid: str
    alg: str
    public_key: rsa.RSAPublicKey
    public_jwk: Mapping[str, str]

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        try:
            self.public_key.verify(
                signature, signing_input, padding.PKCS1v15(), HASHES[self.alg[2:]]
            )
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class EcKey:
    """ES256, ES384, ES512: ECDSA, the signature being r and s side by side (RFC 7518 §3.4)."""

    kid: str
    alg: str
    public_key: ec.EllipticCurvePublicKey
    public_jwk: Mapping[str, str]

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        half = (self.public_key.key_size + 7) // 8
        if len(signature) != 2 * half:
            return False
        r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
        try:
            self.public_key.verify(
                utils.encode_dss_signature(r, s), signing_input, ec.ECDSA(HASHES[self.alg[2:]])
            )
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key that signs, as the JWK with its private members."""

    kid: str
    alg: str
    jwk: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys that verify, by kid; the one that signs, where the set has its private half."""

    keys: Mapping[str, Key]
    signing: SigningKey | None = field(default=None)
    asymmetric_private_kids: tuple[str, ...] = ()

    def jwks(self) -> dict[str, list[Mapping[str, str]]]:
        """The JWK Set to publish (RFC 7517 §5): public halves only, and no `oct` key at all."""
        public = (key.public_jwk for key in self.keys.values())
        return {"keys": [jwk for jwk in public if jwk is not None]}

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
