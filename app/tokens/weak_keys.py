"""Keys that look like keys and are none: RSA moduli that factor."""

from functools import cache
from math import factorial, gcd, isqrt

# The primes by which the fingerprint of CVE-2017-15361 is taken: those among the first 37 odd
# primes for which the powers of 65537 do not reach every residue.
_ROCA_PRIMES = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
_ROCA_GENERATOR = 65537


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
