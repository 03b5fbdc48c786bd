"""Advisories against the reading of keys, each tried on ours: a key that is none is refused."""

import math

import pytest
from jose import backends

from tests.app.tokens.jwks import jwk, named, refusal, uint
from tests.doors.forge import ABSENT, b64
from tests.support import private_jwk


def test_cve_2006_4339_a_key_whose_signatures_anybody_can_make_up_is_refused() -> None:
    """With e = 3 a cube root is a signature, to whoever does not read the whole block."""
    assert "exponent" in named(refusal(jwk("RS256", e=uint(3))))


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_cve_2017_12974_a_point_off_the_curve_is_refused(alg: str) -> None:
    size = len(private_jwk(alg)["x"])
    off = b64(b"\1" + bytes(size * 3 // 4 - 1))
    assert "does not lie on the curve" in named(refusal(jwk(alg, y=off)))


@pytest.mark.parametrize("alg", ["RS256", "RS384", "RS512"])
def test_cve_2017_15361_a_key_of_infineons_library_is_refused(alg: str) -> None:
    product = math.prod(p for p in range(3, 168, 2) if all(p % d for d in range(3, p, 2)))
    n = 2**2048 // product * product - product + pow(65537, 1234, product)
    n -= product * (n % 2 == 0)
    assert "ROCA" in named(refusal(jwk(alg, n=uint(n))))


@pytest.mark.parametrize("advisory", ["CVE-2019-20933", "CVE-2020-28637", "CVE-2026-44351"])
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_secret_of_no_bytes_is_refused(advisory: str, alg: str) -> None:
    assert "its secret has 0 bytes" in named(refusal(jwk(alg, k="")))


@pytest.mark.parametrize("advisory", ["CVE-2026-22817", "CVE-2026-44699"])
@pytest.mark.parametrize("alg", ["RS256", "ES256", "HS256"])
def test_a_key_that_leaves_its_algorithm_to_the_header_is_refused(advisory: str, alg: str) -> None:
    assert "it has no 'alg'" in named(refusal(jwk(alg, alg=ABSENT)))


@pytest.mark.parametrize(
    ("alg", "kty"), [("RS256", "DSA"), ("ES256", "DSA"), ("RS256", "EC"), ("ES256", "RSA")]
)
def test_cve_2022_23539_a_key_of_a_type_that_is_not_the_algorithms_is_refused(
    alg: str, kty: str
) -> None:
    assert f"{alg} takes kty" in named(refusal(jwk(alg, kty=kty)))


@pytest.mark.parametrize("kty", ["RSA", "EC"])
def test_cve_2026_48526_a_public_jwk_is_no_secret(kty: str) -> None:
    public = {name: value for name, value in jwk(f"{kty[0]}S256").items() if name != "d"}
    assert "HS256 takes kty 'oct'" in named(refusal({**public, "alg": "HS256"}))
    assert "its 'k' must be base64url" in named(refusal({**public, "alg": "HS256", "kty": "oct"}))


def test_cve_2024_23342_nothing_signs_by_the_arithmetic_whose_time_tells_the_key() -> None:
    assert backends.ECKey.__module__ == "jose.backends.cryptography_backend"
