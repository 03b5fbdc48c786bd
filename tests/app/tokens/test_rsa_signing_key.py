"""The private half of an RSA key is believed only where all its members make one key."""

import json
import random
from collections.abc import Mapping
from math import gcd
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from app.tokens.errors import KeySetError
from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set
from app.tokens.rsa_signing_key import is_whole, read_signing_key
from tests.app.tokens.jwks import uint
from tests.doors.forge import unb64
from tests.support import AUDIENCE, ISSUER, private_jwk

E = 65537
MEMBERS = ("n", "e", "d", "p", "q", "dp", "dq", "qi")


def members(jwk: Mapping[str, Any]) -> dict[str, int]:
    return {name: int.from_bytes(unb64(jwk[name])) for name in MEMBERS}


def made_of(p: int, q: int) -> dict[str, Any]:
    """A JWK whose members fit each other, whatever p and q are."""
    d = pow(E, -1, (p - 1) * (q - 1))
    numbers = {"n": p * q, "e": E, "d": d, "p": p, "q": q}
    numbers |= {"dp": d % (p - 1), "dq": d % (q - 1), "qi": pow(q, -1, p)}
    return private_jwk("RS256") | {name: uint(number) for name, number in numbers.items()}


def composite(seed: int) -> int:
    """1024 bits, no factor below 4096, and no prime."""
    numbers = random.Random(seed)  # noqa: S311
    while True:
        halves = [numbers.getrandbits(512) | 1 << 511 | 3 << 509 | 1 for _ in range(2)]
        number = halves[0] * halves[1]
        if number.bit_length() == 1024 and gcd(number - 1, E) == 1 and not _is_divided(number):
            return number


def _is_divided(number: int) -> bool:
    return any(number % divisor == 0 for divisor in range(3, 4096, 2))


def issuer_with(jwk: Mapping[str, Any]) -> Issuer:
    keys = parse_key_set(json.dumps({"keys": [jwk]}).encode())
    return Issuer(keys, issuer=ISSUER, audience=AUDIENCE, lifetime=600)


def test_a_whole_key_signs_what_its_public_half_verifies() -> None:
    key = read_signing_key("kid", private_jwk("RS256"))
    signature = key.sign(b"signed", padding.PKCS1v15(), hashes.SHA256())
    key.public_key().verify(signature, b"signed", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("member", [*MEMBERS])
def test_a_member_that_does_not_fit_the_others_is_refused(member: str) -> None:
    jwk = private_jwk("RS256")
    for number in (members(jwk)[member] + 2, members(jwk)[member] - 2, 0, 1):
        with pytest.raises(ValueError, match="do not belong together"):
            read_signing_key("kid", jwk | {member: uint(number)})


def test_an_inverse_of_the_exponent_modulo_another_number_is_refused() -> None:
    """Its `dp` and `dq` fit, and each signature would be wrong."""
    numbers = members(private_jwk("RS256"))
    d, p, q = numbers["d"] + 2, numbers["p"], numbers["q"]
    changes = {"d": uint(d), "dp": uint(d % (p - 1)), "dq": uint(d % (q - 1))}
    with pytest.raises(ValueError, match="do not belong together"):
        read_signing_key("kid", private_jwk("RS256") | changes)


@pytest.mark.parametrize("one", ["p", "q"])
def test_one_is_no_factor(one: str) -> None:
    jwk = private_jwk("RS256")
    changes = {"p": jwk["n"], "q": jwk["n"]} | {one: uint(1)}
    with pytest.raises(ValueError, match="do not belong together"):
        read_signing_key("kid", jwk | changes)


@pytest.mark.parametrize("which", ["p", "q"])
def test_a_factor_that_is_no_prime_is_found_by_the_signature_that_is_tried(which: str) -> None:
    prime = members(private_jwk("RS256"))[which]
    jwk = made_of(composite(7), prime) if which == "q" else made_of(prime, composite(8))
    assert read_signing_key("kid", jwk)
    with pytest.raises(KeySetError, match="private half does not sign"):
        issuer_with(jwk)


def test_without_the_factors_jose_finds_them() -> None:
    jwk = {name: value for name, value in private_jwk("RS256").items() if name not in MEMBERS[3:]}
    assert not is_whole(jwk)
    assert issuer_with(jwk)


@pytest.mark.parametrize("member", MEMBERS[3:])
def test_some_of_the_factors_are_no_key(member: str) -> None:
    jwk = {name: value for name, value in private_jwk("RS256").items() if name != member}
    with pytest.raises(KeySetError, match="private half does not sign"):
        issuer_with(jwk)
