"""Tokens made by hand, byte for byte: nothing of the code under test helps to make them.

A Forge holds one private JWK and knows a good header and good claims; what a caller changes is all
that is wrong with the token. JSON and signature can be given as bytes, for what no library writes.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from tests.support import AUDIENCE, ISSUER, private_jwk

ABSENT: Final = object()
LIFETIME = 600
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
Sign = Callable[[bytes], bytes]


def b64(raw: bytes) -> str:
    """base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def changed(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`members` with `changes`; what is changed to ABSENT is left out."""
    merged = {**members, **changes}
    return {name: value for name, value in merged.items() if value is not ABSENT}


def as_bytes(part: Mapping[str, Any] | bytes) -> bytes:
    return part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()


def join(header: Mapping[str, Any] | bytes, payload: Mapping[str, Any] | bytes, sign: Sign) -> str:
    """A compact JWS (RFC 7515 §7.1) over exactly these parts."""
    signing_input = f"{b64(as_bytes(header))}.{b64(as_bytes(payload))}"
    return f"{signing_input}.{b64(sign(signing_input.encode()))}"


@dataclass(frozen=True)
class Forge:
    """Makes tokens with one private JWK, for one user, around one moment."""

    alg: str
    sub: str
    now: int
    key_name: tuple[str, ...] = ()

    @property
    def jwk(self) -> dict[str, Any]:
        return private_jwk(self.alg, *self.key_name)

    @property
    def public_jwk(self) -> dict[str, Any]:
        return {m: v for m, v in self.jwk.items() if m not in {"d", "p", "q", "dp", "dq", "qi"}}

    @property
    def stranger(self) -> "Forge":
        """One who has a key of the same kind, which nobody trusts."""
        return Forge(self.alg, self.sub, self.now, ("a stranger's",))

    @property
    def rsa_key(self) -> rsa.RSAPrivateKey:
        key = private_key(self.alg, *self.key_name)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key

    @property
    def ec_key(self) -> ec.EllipticCurvePrivateKey:
        key = private_key(self.alg, *self.key_name)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    def header(self, **changes: Any) -> dict[str, Any]:
        """A good header (RFC 9068 §2.1), changed."""
        return changed({"typ": "at+jwt", "alg": self.alg, "kid": self.jwk["kid"]}, changes)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Good claims (RFC 9068 §2.2), changed."""
        good = {
            "iss": ISSUER,
            "sub": self.sub,
            "aud": AUDIENCE,
            "exp": self.now + LIFETIME,
            "iat": self.now,
            "jti": "3b1f0a",
            "client_id": "ostiary",
            "scope": "account:read notes:read",
        }
        return changed(good, changes)

    def sign(self, signing_input: bytes, alg: str | None = None) -> bytes:
        """This key's signature, by the rules of `alg` (RFC 7518 §3)."""
        return sign_with(private_key(self.alg, *self.key_name), alg or self.alg, signing_input)

    def token(self, **claims: Any) -> str:
        """Good, but for the claims that are changed."""
        return join(self.header(), self.claims(**claims), self.sign)

    def headed(self, **members: Any) -> str:
        """Good, but for the header members that are changed."""
        return join(self.header(**members), self.claims(), self.sign)

    def signed(self, sign: Sign, **members: Any) -> str:
        """Good, but for what made its signature, and the header members that are changed."""
        return join(self.header(**members), self.claims(), sign)

    def segments(self) -> list[str]:
        """Header, payload and signature of a good token, as text."""
        return self.token().split(".")

    def resigned(self, header: str, payload: str) -> str:
        """A token over these two segments, taken as they are written."""
        return f"{header}.{payload}.{b64(self.sign(f'{header}.{payload}'.encode()))}"


@cache
def private_key(alg: str, *name: str) -> Any:
    """What signs: a private key of `cryptography`, or the bytes of a secret."""
    jwk = private_jwk(alg, *name)
    return unb64(jwk["k"]) if jwk["kty"] == "oct" else jwt.PyJWK(jwk, algorithm=alg).key


def sign_with(key: Any, alg: str, signing_input: bytes) -> bytes:
    """A signature by the rules of `alg`, whether or not the key is meant for it."""
    digest = HASHES[alg[2:]]
    if isinstance(key, bytes):
        return hmac.digest(key, signing_input, digest.name)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signing_input, padding.PKCS1v15(), digest)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = utils.decode_dss_signature(key.sign(signing_input, ec.ECDSA(digest)))
    half = (key.key_size + 7) // 8
    return r.to_bytes(half) + s.to_bytes(half)


def hmac_with(secret: bytes, size: str = "256") -> Sign:
    """Signs as HS256, HS384 or HS512 with these bytes."""
    return lambda signing_input: hmac.digest(secret, signing_input, f"sha{size}")


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
