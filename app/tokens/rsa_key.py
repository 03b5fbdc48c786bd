"""RSA keys (RFC 7518 §3.3, §6.3). Loaded only where a key set has one."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from app.tokens.jwk_members import octets, public_jwk, refusal
from app.tokens.weak_keys import has_roca_fingerprint, is_easily_factored

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
MIN_RSA_EXPONENT = 65537  # FIPS 186-5 §5.1
_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "RS256": hashes.SHA256(),
    "RS384": hashes.SHA384(),
    "RS512": hashes.SHA512(),
}
_PKCS1 = padding.PKCS1v15()


class RsaKey(NamedTuple):
    """RS256, RS384, RS512: RSASSA-PKCS1-v1_5 (RFC 7518 §3.3)."""

    kid: str
    alg: str
    public_key: rsa.RSAPublicKey
    public_jwk: Mapping[str, str]

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        try:
            self.public_key.verify(signature, signing_input, _PKCS1, _HASHES[self.alg])
        except InvalidSignature:
            return False
        return True


def read_rsa_key(kid: str, alg: str, jwk: Mapping[str, Any]) -> RsaKey:
    """The key in a JWK of the kty `RSA`; KeySetError for one that is weak or odd."""
    values = [octets(kid, jwk, name) for name in ("n", "e")]
    if any(len(value) > 1 and value[0] == 0 for value in values):
        raise refusal(kid, "its 'n' and 'e' must have no leading zero octet (RFC 7518 §2)")
    n, e = map(int.from_bytes, values)
    if not MIN_RSA_BITS <= n.bit_length() <= MAX_RSA_BITS:
        raise refusal(
            kid,
            f"its RSA modulus has {n.bit_length()} bits; "
            f"{MIN_RSA_BITS} to {MAX_RSA_BITS} are taken (RFC 7518 §3.3)",
        )
    if e < MIN_RSA_EXPONENT or e % 2 == 0 or e.bit_length() > 64:
        raise refusal(kid, "its RSA exponent is even, tiny or huge; 65537 is usual")
    if is_easily_factored(n):
        raise refusal(kid, "its RSA modulus is no product of two large primes")
    if has_roca_fingerprint(n):
        raise refusal(kid, "its RSA modulus has the ROCA fingerprint (CVE-2017-15361): it factors")
    public_key = rsa.RSAPublicNumbers(e, n).public_key()
    return RsaKey(kid, alg, public_key, public_jwk(jwk, "n", "e"))
