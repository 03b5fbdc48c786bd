"""New keys, as private JWKs (RFC 7517) ready for a key set."""

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.tokens.encoding import base64url_encode
from app.tokens.keys import ALGORITHMS, CURVES, HASHES

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
        secret = secrets.token_bytes(HASHES[alg[2:]].digest_size)
        kid = secrets.token_urlsafe(_OCT_KID_BYTES)
        return {"kty": "oct", "kid": kid, "alg": alg, "use": "sig", "k": base64url_encode(secret)}
    public, private = _new_rsa() if alg.startswith("RS") else _new_ec(CURVES[alg])
    return {"kid": thumbprint(public), "alg": alg, "use": "sig", **public, **private}


def thumbprint(required_members: dict[str, str]) -> str:
    """The SHA-256 JWK thumbprint (RFC 7638 §3) over the required public members."""
    canonical = json.dumps(required_members, sort_keys=True, separators=(",", ":"))
    return base64url_encode(hashlib.sha256(canonical.encode()).digest())


def _new_rsa() -> tuple[dict[str, str], dict[str, str]]:
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS).private_numbers()
    public = numbers.public_numbers
    private = {
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    return (
        {"kty": "RSA", "n": _uint(public.n), "e": _uint(public.e)},
        {name: _uint(value) for name, value in private.items()},
    )


def _new_ec(curve: ec.EllipticCurve) -> tuple[dict[str, str], dict[str, str]]:
    numbers = ec.generate_private_key(curve).private_numbers()
    size = (curve.key_size + 7) // 8
    point = numbers.public_numbers
    return (
        {
            "kty": "EC",
            "crv": f"P-{curve.key_size}",
            "x": base64url_encode(point.x.to_bytes(size)),
            "y": base64url_encode(point.y.to_bytes(size)),
        },
        {"d": base64url_encode(numbers.private_value.to_bytes(size))},
    )


def _uint(value: int) -> str:
    """Base64urlUInt: big-endian, no leading zero octets (RFC 7518 §2)."""
    return base64url_encode(value.to_bytes((value.bit_length() + 7) // 8))
