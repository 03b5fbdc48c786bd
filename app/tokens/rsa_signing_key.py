"""The private half of an RSA key (RFC 7518 §6.3.2), ready to sign within a cold start."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from app.tokens.jwk_members import octets

_MEMBERS = ("n", "e", "d", "p", "q", "dp", "dq", "qi")


def is_whole(jwk: Mapping[str, Any]) -> bool:
    """Whether a JWK has all that signs with two primes, and nothing is left to be worked out."""
    return jwk.get("kty") == "RSA" and "oth" not in jwk and all(name in jwk for name in _MEMBERS)


def read_signing_key(kid: str, jwk: Mapping[str, Any]) -> rsa.RSAPrivateKey:
    """The key in a JWK that is whole; KeySetError or ValueError where its members do not fit.

    cryptography would look for factors of `p` and `q`, too: 40 ms, more than all that an app does
    at its start. Here each member is held against the others. That `p` and `q` are primes is then
    shown by the signature that whoever asks for the key must try: once `d` is the inverse of `e`
    modulo p - 1 and q - 1, its verification is Fermat's test of both, to a base nobody chose.
    """
    n, e, d, p, q, dp, dq, qi = (int.from_bytes(octets(kid, jwk, name)) for name in _MEMBERS)
    fit = (
        min(p, q) > 1
        and p * q == n
        and (e * d - 1) % (p - 1) == (e * d - 1) % (q - 1) == 0
        and (dp, dq) == (d % (p - 1), d % (q - 1))
        and qi * q % p == 1
    )
    if not fit:
        raise ValueError("the members of the private half do not belong together")
    numbers = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, rsa.RSAPublicNumbers(e, n))
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)
