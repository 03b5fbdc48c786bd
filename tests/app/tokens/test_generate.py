"""New keys: their kids, their encodings, and that none comes twice."""

import hashlib
import json
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwk as joserfc_jwk

from app.tokens import generate
from app.tokens.ec_key import CURVES
from app.tokens.generate import generate_key, thumbprint
from app.tokens.jwk import parse_key_set
from tests.doors.forge import unb64
from tests.support import ALGORITHMS, private_jwk

ASYMMETRIC = [alg for alg in ALGORITHMS if not alg.startswith("HS")]
REQUIRED = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}


def canonical(jwk: dict[str, str]) -> bytes:
    """What the thumbprint of a secret would be taken over (RFC 7638 §3.2)."""
    return f'{{"k":"{jwk["k"]}","kty":"oct"}}'.encode()


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_new_key_is_bound_to_its_algorithm_and_is_for_signing(alg: str) -> None:
    jwk = private_jwk(alg)
    assert (jwk["alg"], jwk["use"]) == (alg, "sig")
    assert jwk["kty"] == {"HS": "oct", "RS": "RSA", "ES": "EC"}[alg[:2]]


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_new_key_is_taken_by_the_key_set_it_is_for(alg: str) -> None:
    keys = parse_key_set(json.dumps({"keys": [private_jwk(alg)]}).encode())
    assert keys.signing is not None


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_the_kid_of_a_key_pair_is_its_thumbprint(alg: str) -> None:
    jwk = private_jwk(alg)
    assert jwk["kid"] == thumbprint({name: jwk[name] for name in REQUIRED[jwk["kty"]]})
    assert jwk["kid"] == joserfc_jwk.import_key(jwk).thumbprint()


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_the_kid_of_a_secret_is_random_and_no_digest_of_it(alg: str) -> None:
    keys = [generate_key(alg) for _ in range(50)]
    assert len({key["kid"] for key in keys}) == 50
    for key in keys:
        assert len(unb64(key["kid"])) == 16
        for text in (unb64(key["k"]), key["k"].encode(), canonical(key)):
            assert unb64(key["kid"]) not in hashlib.sha256(text).digest()


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_secret_is_as_long_as_its_hash(alg: str) -> None:
    secrets = {unb64(generate_key(alg)["k"]) for _ in range(50)}
    assert len(secrets) == 50
    assert {len(secret) * 8 for secret in secrets} == {int(alg[2:])}


def test_an_rsa_key_has_2048_bits_and_the_usual_exponent() -> None:
    jwk = private_jwk("RS256")
    assert int.from_bytes(unb64(jwk["n"])).bit_length() == 2048
    assert jwk["e"] == "AQAB"


@pytest.mark.parametrize("alg", ["RS256", "RS384", "RS512"])
def test_no_number_of_an_rsa_key_begins_with_a_zero_octet(alg: str) -> None:
    jwk = private_jwk(alg)
    for member in ("n", "e", "d", "p", "q", "dp", "dq", "qi"):
        assert unb64(jwk[member])[0] != 0, member


@pytest.mark.parametrize("number", [1, 127, 128, 255, 256, 65537, 2**64 - 1, 2**64])
def test_a_number_is_written_in_as_few_octets_as_it_has(number: int) -> None:
    octets = unb64(generate._uint(number))
    assert int.from_bytes(octets) == number
    assert octets[0] != 0


@pytest.mark.parametrize(("alg", "size"), [("ES256", 32), ("ES384", 48), ("ES512", 66)])
def test_the_numbers_of_an_ec_key_keep_their_leading_zero_octets(
    alg: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have the size of the curve (RFC 7518 §6.2.1.2, §6.2.2.1)."""
    for member in "xy":
        short = next(key for key in small_keys(alg) if starts_with_zero(key, member, size))
        with monkeypatch.context() as patch:
            patch.setattr(ec, "generate_private_key", lambda _, key=short: key)
            jwk = generate_key(alg)
        assert {len(unb64(jwk[name])) for name in ("x", "y", "d")} == {size}
        assert unb64(jwk[member])[0] == unb64(jwk["d"])[0] == 0
        assert parse_key_set(json.dumps({"keys": [jwk]}).encode()).signing


def small_keys(alg: str) -> Iterator[ec.EllipticCurvePrivateKey]:
    return (ec.derive_private_key(value, CURVES[alg]) for value in range(1, 10_000))


def starts_with_zero(key: ec.EllipticCurvePrivateKey, member: str, size: int) -> bool:
    number: int = getattr(key.public_key().public_numbers(), member)
    return number.bit_length() <= (size - 1) * 8


@pytest.mark.parametrize("alg", ["", "none", "HS128", "PS256", "ES256K", "rs256", "RS", "EdDSA"])
def test_an_unknown_algorithm_is_refused_with_the_known_ones(alg: str) -> None:
    with pytest.raises(ValueError, match="ES256, ES384, ES512, HS256"):
        generate_key(alg)
