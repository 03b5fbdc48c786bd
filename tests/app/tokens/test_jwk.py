"""Key sets that are refused, each with a sentence that names the key."""

import json
import math

import pytest

from app.tokens.errors import KeySetError
from app.tokens.jwk import parse_key_set
from tests.app.tokens.jwks import KID, jwk, named, odd, parse, refusal, uint
from tests.doors.forge import ABSENT, b64, unb64
from tests.support import ALGORITHMS, private_jwk


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_good_key_of_each_algorithm_is_taken(alg: str) -> None:
    keys = parse(jwk(alg))
    assert (keys.keys[KID].kid, keys.keys[KID].alg) == (KID, alg)
    assert keys.signing is not None
    assert keys.signing.kid == KID


@pytest.mark.parametrize(
    "document", [b"", b"null", b"[]", b"{", b"\xff", b'{"keys":NaN}', b'{"keys":[],"keys":[]}']
)
def test_a_key_set_is_a_json_object(document: bytes) -> None:
    with pytest.raises(KeySetError, match="not JSON as RFC 7517"):
        parse_key_set(document)


def test_a_key_set_has_keys() -> None:
    with pytest.raises(KeySetError, match="has a member 'keys'"):
        parse_key_set(json.dumps(jwk("ES256")).encode())
    for keys in ("[]", "{}", "null", '"x"', "1"):
        with pytest.raises(KeySetError, match="array of at least one JWK"):
            parse_key_set(f'{{"keys":{keys}}}'.encode())


@pytest.mark.parametrize("thing", [None, 1, "x", [], True])
def test_a_key_is_a_json_object(thing: object) -> None:
    assert "must be a JWK, a JSON object" in refusal(jwk("ES256"), thing)


@pytest.mark.parametrize("kid", [ABSENT, None, "", " ", "k" * 256, "a\nb", "\ud800", 1, [], {}])
def test_a_key_has_a_printable_kid(kid: object) -> None:
    assert "every key needs a 'kid'" in refusal(jwk("ES256", kid=kid))


def test_a_kid_stands_once_in_a_set() -> None:
    sentence = refusal(jwk("ES256"), jwk("RS256"))
    assert "the same kid" in named(sentence)


@pytest.mark.parametrize("alg", [ABSENT, None])
def test_a_key_without_alg_is_refused(alg: object) -> None:
    assert "it has no 'alg'" in named(refusal(jwk("ES256", alg=alg)))


@pytest.mark.parametrize(
    "alg", ["", "none", "es256", "PS256", "ES256K", "EdDSA", "RSA-OAEP", "HS1", 1, [], ["ES256"]]
)
def test_an_alg_that_is_none_of_the_nine_is_refused(alg: object) -> None:
    sentence = named(refusal(jwk("ES256", alg=alg)))
    assert "is none of ES256, ES384, ES512, HS256" in sentence


@pytest.mark.parametrize("use", [ABSENT, None, "", "enc", "SIG", 1, ["sig"]])
def test_a_use_other_than_sig_is_refused(use: object) -> None:
    assert "its 'use' must be 'sig'" in named(refusal(jwk("ES256", use=use)))


@pytest.mark.parametrize(
    "operations",
    [
        None,
        "sign",
        {},
        ["encrypt"],
        ["sign", "deriveKey"],
        ["SIGN"],
        ["ver"],
        [""],
        [1],
        [None],
        [["sign"]],
        [{}],
    ],
)
def test_key_ops_other_than_sign_and_verify_are_refused(operations: object) -> None:
    assert "its 'key_ops' may name only" in named(refusal(jwk("ES256", key_ops=operations)))


@pytest.mark.parametrize("operations", [[], ["sign"], ["verify"], ["sign", "verify"]])
def test_key_ops_of_signing_are_taken(operations: list[str]) -> None:
    assert KID in parse(jwk("ES256", key_ops=operations)).keys


@pytest.mark.parametrize(
    ("alg", "kty"), [("ES256", "RSA"), ("RS256", "EC"), ("HS256", "RSA"), ("RS256", "oct")]
)
def test_a_kty_of_another_family_is_refused(alg: str, kty: str) -> None:
    assert f"takes kty {private_jwk(alg)['kty']!r}" in named(refusal(jwk(alg, kty=kty)))


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("kty", [ABSENT, None, "", "OKP", 1, []])
def test_an_unknown_kty_is_refused(alg: str, kty: object) -> None:
    assert f"{alg} takes kty" in named(refusal(jwk(alg, kty=kty)))


@pytest.mark.parametrize(
    ("alg", "member"),
    [("HS256", "k"), ("RS256", "n"), ("RS256", "e"), ("ES256", "x"), ("ES256", "y")],
)
@pytest.mark.parametrize("value", [ABSENT, None, 1, [], "a", "AA==", "A+A/", "é", "AB", "A A", "="])
def test_members_are_canonical_base64url(alg: str, member: str, value: object) -> None:
    sentence = named(refusal(jwk(alg, **{member: value})))
    assert f"its {member!r} must be base64url without padding" in sentence


@pytest.mark.parametrize(("alg", "least"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_shorter_than_its_hash_is_refused(alg: str, least: int) -> None:
    assert KID in parse(jwk(alg, k=b64(bytes(range(least))))).keys
    for length in (0, 1, least - 1):
        sentence = named(refusal(jwk(alg, k=b64(bytes(range(length))))))
        assert f"has {length} bytes, and {alg} needs {least}" in sentence
        assert f"ostiary keys generate --alg {alg}" in sentence


def test_a_well_known_secret_is_refused() -> None:
    sentence = named(
        refusal(jwk("HS256", k=b64(b"super-secret-jwt-token-with-at-least-32-characters-long")))
    )
    assert "stands on a public list of JWT secrets" in sentence


def test_no_sentence_tells_a_secret() -> None:
    secret = b"between-you-and-me"
    sentence = refusal(jwk("HS256", k=b64(secret)))
    assert secret.decode() not in sentence
    assert b64(secret) not in sentence


@pytest.mark.parametrize("bits", [8, 512, 1024, 2040, 2047, 8193])
def test_a_modulus_of_another_size_is_refused(bits: int) -> None:
    sentence = named(refusal(jwk("RS256", n=uint(odd(bits)))))
    assert f"its RSA modulus has {bits} bits; 2048 to 8192 are taken" in sentence


@pytest.mark.parametrize("bits", [2048, 3072, 4096, 8192])
def test_a_modulus_of_2048_to_8192_bits_is_taken(bits: int) -> None:
    assert KID in parse(jwk("RS256", n=uint(odd(bits)))).keys


def test_an_even_modulus_is_refused() -> None:
    n = int.from_bytes(unb64(private_jwk("RS256")["n"])) - 1
    assert "its RSA modulus is no product of two large primes" in named(
        refusal(jwk("RS256", n=uint(n)))
    )


@pytest.mark.parametrize(
    "exponent",
    [0, 1, 2, 3, 17, 257, 65535, 65536, 65538, 2**64 + 1, 2**2048 - 1, 2**16000 - 1],
    ids=lambda exponent: f"{exponent.bit_length()} bits",
)
def test_an_exponent_that_is_even_tiny_or_huge_is_refused(exponent: int) -> None:
    e = b64(exponent.to_bytes(max(1, (exponent.bit_length() + 7) // 8)))
    assert "is even, tiny or huge" in named(refusal(jwk("RS256", e=e)))


@pytest.mark.parametrize("exponent", [65537, 65539, 2**32 + 1, 2**64 - 1])
def test_an_odd_exponent_from_65537_up_is_taken(exponent: int) -> None:
    assert KID in parse(jwk("RS256", e=uint(exponent))).keys


def test_a_modulus_with_the_roca_fingerprint_is_refused() -> None:
    product = math.prod(p for p in range(3, 168, 2) if all(p % d for d in range(3, p, 2)))
    n = 2**2048 // product * product - product + pow(65537, 1234, product)
    n -= product * (n % 2 == 0)
    assert n.bit_length() == 2048
    assert "has the ROCA fingerprint" in named(refusal(jwk("RS256", n=uint(n))))


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
@pytest.mark.parametrize("curve", [ABSENT, None, "", "P-192", "p-256", "secp256k1", "Ed25519", 1])
def test_a_curve_that_is_not_the_algorithms_is_refused(alg: str, curve: object) -> None:
    assert f"{alg} takes the curve" in named(refusal(jwk(alg, crv=curve)))


def test_an_algorithm_takes_no_other_algorithms_curve() -> None:
    sentence = named(refusal({**jwk("ES384"), "alg": "ES256"}))
    assert "ES256 takes the curve 'P-256', not 'P-384'" in sentence


def test_a_point_off_its_curve_is_refused() -> None:
    good, prime = private_jwk("ES256"), 2**256 - 2**224 + 2**192 + 2**96 - 1
    size = len(unb64(good["x"]))
    beyond = b64(prime.to_bytes(size))
    zero, ones = b64(bytes(size)), b64(b"\xff" * size)
    for point in (
        {"x": good["y"], "y": good["x"]},
        {"x": zero, "y": zero},
        {"x": zero},
        {"y": zero},
        {"x": ones, "y": ones},
        {"x": beyond},
    ):
        sentence = named(refusal(jwk("ES256", **point)))
        assert "does not lie on the curve P-256" in sentence


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_coordinates_have_exactly_the_size_of_the_curve(alg: str) -> None:
    x = unb64(private_jwk(alg)["x"])
    for other in (x[1:], x[:-1], b"\0" + x, b"", x + x):
        sentence = named(refusal(jwk(alg, x=b64(other))))
        assert f"must have {len(x)} bytes each" in sentence


def test_one_bad_key_refuses_the_whole_set() -> None:
    assert KID in refusal(private_jwk("RS256"), jwk("ES256", use="enc"), private_jwk("HS256"))


def test_the_first_key_with_a_private_half_signs() -> None:
    public = {n: v for n, v in private_jwk("RS256").items() if n in {"kty", "n", "e", "alg", "use"}}
    keys = parse({**public, "kid": "public"}, jwk("ES256"), jwk("HS256", kid="third"))
    assert keys.signing is not None
    assert keys.signing.kid == KID
    assert set(keys.keys) == {"public", KID, "third"}


def test_a_set_of_public_halves_signs_nothing() -> None:
    public = {n: v for n, v in jwk("ES256").items() if n != "d"}
    keys = parse(public)
    assert keys.signing is None
    assert keys.asymmetric_private_kids == ()


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth"])
def test_any_private_member_of_an_asymmetric_key_is_told(member: str) -> None:
    public = {n: v for n, v in jwk("RS256").items() if n in {"kty", "n", "e", "alg", "use", "kid"}}
    assert parse({**public, member: "AQAB"}).asymmetric_private_kids == (KID,)


def test_a_secret_is_no_asymmetric_private_half() -> None:
    assert parse(jwk("HS256")).asymmetric_private_kids == ()
