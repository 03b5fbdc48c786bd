"""Keys that check signatures, and what their set shows of them."""

import json
import logging

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from app.tokens.jwk import parse_key_set
from app.tokens.keys import KeySet
from tests.doors.forge import Forge, unb64
from tests.support import ALGORITHMS, key_set, key_set_document, private_jwk

MESSAGE = b"header.payload"
ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
    "ES512": 2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
}
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}


def verifies(alg: str, signature: bytes) -> bool:
    (key,) = key_set(alg).keys.values()
    return key.verifies(MESSAGE, signature)


def signature(alg: str) -> bytes:
    return Forge(alg, "user", 0).sign(MESSAGE)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_signature_verifies_at_its_exact_length_only(alg: str) -> None:
    good = signature(alg)
    assert verifies(alg, good)
    for other in (b"", good[:-1], good[1:], good + b"\0", b"\0" + good, good + good):
        assert not verifies(alg, other)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_no_constant_is_a_signature(alg: str) -> None:
    for byte in (0, 1, 127, 128, 255):
        assert not verifies(alg, bytes([byte]) * len(signature(alg)))


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_r_and_s_lie_between_zero_and_the_order(alg: str) -> None:
    """CVE-2022-21449: r = s = 0 passes where the range is not checked."""
    good, order = signature(alg), ORDERS[alg]
    half = len(good) // 2
    r, s = int.from_bytes(good[:half]), int.from_bytes(good[half:])
    pairs = [(0, 0), (0, s), (r, 0), (order, s), (r, order), (order, order), (1, 1), (s, r)]
    if alg == "ES512":  # 66 bytes have room for more than the order
        pairs += [(r + order, s), (r, s + order), (r + 2 * order, s + 2 * order)]
    for one, other in pairs:
        assert not verifies(alg, one.to_bytes(half) + other.to_bytes(half))


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_a_signature_in_der_is_none(alg: str) -> None:
    good = signature(alg)
    half = len(good) // 2
    der = encode_dss_signature(int.from_bytes(good[:half]), int.from_bytes(good[half:]))
    for other in (der, der[: len(good)], der.ljust(len(good), b"\0")):
        assert not verifies(alg, other)


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_r_and_s_have_exactly_the_size_of_the_curve(alg: str) -> None:
    """The same two numbers in more octets, or in fewer, would be another token of equal worth."""
    good = signature(alg)
    half = len(good) // 2
    assert not verifies(alg, good[:half] + b"\0" + good[half:])
    assert not verifies(alg, b"\0" + good[:half] + b"\0" + good[half:])
    short = next(s for s in iter(lambda: signature(alg), b"") if s[half] == 0)
    assert verifies(alg, short)
    assert not verifies(alg, short[:half] + short[half + 1 :])


def test_a_signature_verifies_under_its_own_key_only() -> None:
    for alg in ALGORITHMS:
        assert not verifies(alg, Forge(alg, "user", 0).stranger.sign(MESSAGE))


def test_the_published_set_shows_public_halves_and_no_secret() -> None:
    published = key_set(*ALGORITHMS).jwks()["keys"]
    assert [jwk["alg"] for jwk in published] == [alg for alg in ALGORITHMS if alg[0] != "H"]
    for jwk in published:
        own = private_jwk(jwk["alg"])
        assert jwk == {name: value for name, value in own.items() if name not in PRIVATE}


def test_what_is_published_verifies_what_was_signed() -> None:
    published = parse_key_set(json.dumps(key_set("ES256", "RS256").jwks()).encode())
    assert published.signing is None
    for alg in ("ES256", "RS256"):
        assert published.keys[private_jwk(alg)["kid"]].verifies(MESSAGE, signature(alg))


def test_members_that_nobody_asked_for_are_not_published() -> None:
    document = {"keys": [private_jwk("ES256") | {"note": "internal", "x5c": ["MIIB"]}]}
    (jwk,) = parse_key_set(json.dumps(document).encode()).jwks()["keys"]
    assert set(jwk) == {"kty", "kid", "alg", "use", "crv", "x", "y"}


def test_a_verifying_set_has_lost_what_signs() -> None:
    keys = key_set("RS256", "HS256")
    assert keys.verifying() == KeySet(keys.keys)
    assert keys.verifying().signing is None
    assert keys.verifying().asymmetric_private_kids == ()


def test_no_representation_shows_a_private_half() -> None:
    for alg in ALGORITHMS:
        shown = repr(key_set(alg))
        for member in PRIVATE & set(private_jwk(alg)):
            assert private_jwk(alg)[member] not in shown
            assert repr(unb64(private_jwk(alg)[member])) not in shown


@pytest.mark.parametrize(
    ("algs", "said"),
    [
        (("RS256",), []),
        (("RS256", "RS512"), []),
        (("HS256",), ["HMAC secret"]),
        (("RS256", "ES256"), ["mixes the families ES, RS"]),
        (("RS256", "HS256"), ["mixes the families HS, RS", "HMAC secret"]),
    ],
)
def test_a_mixture_and_a_shared_secret_are_warned_of(
    algs: tuple[str, ...], said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "ostiary.keys"):
        parse_key_set(key_set_document(*algs).encode()).warn_of_mixture()
    assert len(caplog.messages) == len(said)
    assert all(words in message for words, message in zip(said, caplog.messages, strict=True))
