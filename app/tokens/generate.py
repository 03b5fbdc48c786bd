"""New keys, as private JWKs (RFC 7517) ready for a key set."""

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.tokens.ec_key import CURVES
from app.tokens.encoding import base64url_encode
from app.tokens.hmac_key import SECRET_BYTES
from app.tokens.keys import ALGORITHMS

DEFAULT_ALG = "RS256"  # both native JWT authorizers of API Gateway take it
RSA_BITS = 2048
_OCT_KID_BYTES = 16


def generate_key(alg: str) -> dict[str, Any]:
    """A private JWK for one of the nine algorithms; any other is a ValueError.

    The `kid` of a key pair is its RFC 7638 thumbprint. That of a secret is random: a thumbprint
    would let anyone test guesses at the secret against it.
    """
    if alg not in ALGORITHMS:
        raise ValueError(f"alg must be one of {', '.join(sorted(ALGORITHMS))}, not {alg!r}")
    if alg.startswith("HS"):
        secret = secrets.token_bytes(SECRET_BYTES[alg])
        kid = secrets.token_urlsafe(_OCT_KID_BYTES)
        return {"kty": "oct", "kid": kid, "alg": alg, "use": "sig", "k": base64url_encode(secret)}
    public, private = _new_rsa() if alg.startswith("RS") else _new_ec(CURVES[alg])
    return {"kid": thumbprint(public), "alg": alg, "use": "sig", **public, **private}


def thumbprint(required_members: dict[str, str]) -> str:
    """The SHA-256 JWK thumbprint (RFC 7638 §3) over the required public members."""
    canonical = json.dumps(required_members, sort_keys=True, separators=(",", ":"))
    return base64url_encode(hashlib.sha256(canonical.encode()).digest())


def public_members(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The members that make a public JWK (RFC 7518 §6.2.1, §6.3.1), and no others."""
    if isinstance(key, rsa.RSAPublicKey):
        modulus = key.public_numbers()
        return {"kty": "RSA", "n": _uint(modulus.n), "e": _uint(modulus.e)}
    point, size = key.public_numbers(), _octets(key.curve)
    return {
        "kty": "EC",
        "crv": f"P-{key.curve.key_size}",
        "x": base64url_encode(point.x.to_bytes(size)),
        "y": base64url_encode(point.y.to_bytes(size)),
    }


def _new_rsa() -> tuple[dict[str, str], dict[str, str]]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    numbers = key.private_numbers()
    private = {
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    public = public_members(key.public_key())
    return public, {name: _uint(value) for name, value in private.items()}


def _new_ec(curve: ec.EllipticCurve) -> tuple[dict[str, str], dict[str, str]]:
    key = ec.generate_private_key(curve)
    secret = key.private_numbers().private_value.to_bytes(_octets(curve))
    return public_members(key.public_key()), {"d": base64url_encode(secret)}


def _octets(curve: ec.EllipticCurve) -> int:
    return (curve.key_size + 7) // 8


def _uint(value: int) -> str:
    """Base64urlUInt: big-endian, no leading zero octets (RFC 7518 §2)."""
    return base64url_encode(value.to_bytes((value.bit_length() + 7) // 8))
