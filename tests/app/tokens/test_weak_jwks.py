"""Keys that have the right size and shape, and are weak or written in a second spelling."""

import pytest

from tests.app.tokens.jwks import KID, jwk, named, odd, parse, refusal, uint
from tests.doors.forge import b64, unb64
from tests.support import private_jwk


@pytest.mark.parametrize("secret", [b"\0" * 32, b"changeme" * 4, b"0123456789abcdef" * 2])
def test_a_secret_that_is_one_text_repeated_is_refused(secret: bytes) -> None:
    assert "one text repeated" in named(refusal(jwk("HS256", k=b64(secret))))


def test_a_modulus_that_is_easily_factored_is_refused() -> None:
    prime = odd(1024)
    for modulus in (prime * prime, 3 * odd(2047), 4093 * odd(2040)):
        sentence = named(refusal(jwk("RS256", n=uint(modulus))))
        assert "no product of two large primes" in sentence


@pytest.mark.parametrize("member", ["n", "e"])
def test_a_number_with_a_leading_zero_octet_is_refused(member: str) -> None:
    padded = b64(b"\0" + unb64(private_jwk("RS256")[member]))
    assert "no leading zero octet" in named(refusal(jwk("RS256", **{member: padded})))


def test_a_coordinate_not_below_the_prime_is_refused() -> None:
    """x = 5 lies on P-256, and 5 + p would be a second spelling of it."""
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    y = pow((5**3 - 3 * 5 + b) % p, (p + 1) // 4, p)
    point = {"x": b64((5).to_bytes(32)), "y": b64(y.to_bytes(32))}
    assert KID in parse(jwk("ES256", **point)).keys
    named(refusal(jwk("ES256", **point | {"x": b64((5 + p).to_bytes(32))})))
