"""Keys that look like keys and are none: secrets the public knows, RSA moduli that factor."""

import hashlib
from base64 import b64encode
from functools import cache
from math import factorial, gcd, isqrt
from pathlib import Path

from app.tokens.encoding import base64url_encode

_KNOWN_SECRETS = Path(__file__).with_name("known_secrets.txt")

# The primes by which the fingerprint of CVE-2017-15361 is taken: those among the first 37 odd
# primes for which the powers of 65537 do not reach every residue.
_ROCA_PRIMES = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
_ROCA_GENERATOR = 65537


@cache
def known_secret_digests() -> frozenset[str]:
    """SHA-256, in hex, of each well-known secret of 32 bytes and more."""
    lines = _KNOWN_SECRETS.read_text("ascii").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def is_well_known(secret: bytes) -> bool:
    """Whether an HMAC secret stands on the public list, as it is or in base64 or hex.

    People put the decoded bytes of a listed text into `k` as often as the text itself.
    """
    spellings = (
        secret,
        b64encode(secret),
        b64encode(secret).rstrip(b"="),
        base64url_encode(secret).encode(),
        secret.hex().encode(),
        secret.hex().upper().encode(),
    )
    digests = (hashlib.sha256(spelling).hexdigest() for spelling in spellings)
    return not known_secret_digests().isdisjoint(digests)


def is_repetition(secret: bytes) -> bool:
    """Whether a secret is one shorter text written several times, such as 32 zero bytes."""
    return secret in (secret + secret)[1:-1]


def is_easily_factored(modulus: int) -> bool:
    """Whether an RSA modulus has a prime factor below 4096, or is a square."""
    # The factorial has just the primes below 4096 for factors, and takes a sixth of the time that
    # looking for them does: the authorizer's cold start pays for it.
    return gcd(modulus, factorial(4095)) != 1 or isqrt(modulus) ** 2 == modulus


def has_roca_fingerprint(modulus: int) -> bool:
    """Whether an RSA modulus is of the structure that Infineon's library made (CVE-2017-15361).

    Such a modulus is, modulo each small prime, a power of 65537 (Nemec et al., CCS 2017, §3.1).
    A sound modulus passes for one about once in 2^28.
    """
    return all(modulus % prime in _powers_of_generator(prime) for prime in _ROCA_PRIMES)


@cache
def _powers_of_generator(prime: int) -> frozenset[int]:
    return frozenset(pow(_ROCA_GENERATOR, exponent, prime) for exponent in range(prime - 1))
