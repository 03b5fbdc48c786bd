"""EC keys (RFC 7518 §3.4, §6.2). Loaded only where a key set has one."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from app.tokens.errors import quoted
from app.tokens.jwk_members import octets, public_jwk, refusal

CURVES: Mapping[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}
_ECDSA: Mapping[str, ec.ECDSA] = {
    "ES256": ec.ECDSA(hashes.SHA256()),
    "ES384": ec.ECDSA(hashes.SHA384()),
    "ES512": ec.ECDSA(hashes.SHA512()),
}


class EcKey(NamedTuple):
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
                utils.encode_dss_signature(r, s), signing_input, _ECDSA[self.alg]
            )
        except InvalidSignature:
            return False
        return True


def read_ec_key(kid: str, alg: str, jwk: Mapping[str, Any]) -> EcKey:
    """The key in a JWK of the kty `EC`; KeySetError for a point that is none of its curve."""
    curve = CURVES[alg]
    crv = f"P-{curve.key_size}"
    if jwk.get("crv") != crv:
        raise refusal(kid, f"{alg} takes the curve {crv!r}, not {quoted(jwk.get('crv'))}")
    x, y = (octets(kid, jwk, name) for name in ("x", "y"))
    size = (curve.key_size + 7) // 8
    if len(x) != size or len(y) != size:
        raise refusal(kid, f"its 'x' and 'y' must have {size} bytes each (RFC 7518 §6.2.1)")
    try:
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve)
        public_key = numbers.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise refusal(kid, f"its point does not lie on the curve {crv}") from None
    if public_key.public_numbers() != numbers:
        raise refusal(kid, "its 'x' and 'y' must be below the prime of the curve's field")
    return EcKey(kid, alg, public_key, public_jwk(jwk, "crv", "x", "y"))
