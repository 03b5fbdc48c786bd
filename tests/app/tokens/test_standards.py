"""The rules of the standards, one test for each, by their own numbers.

RFC 8725 is the best current practice for JWTs, RFC 9068 the profile of access tokens; of RFC 7515,
7517, 7518, 7519, 7797 and 8259 here stands what a verifier must do.
"""

from typing import Any

import pytest

from app.tokens.errors import TokenError
from tests.app.tokens.jwks import jwk, named, parse, refusal
from tests.app.tokens.verifying import NOW, code_of, verifier
from tests.doors.forge import ABSENT, Forge, as_bytes, b64, hmac_with, join, unb64
from tests.doors.rows import encodings, headers, json_texts, public_keys, shapes, signatures
from tests.support import ALGORITHMS, AUDIENCE, ISSUER, private_jwk

FORGE = Forge("ES256", "user", NOW)


def token(**claims: Any) -> str:
    return FORGE.token(**claims)


def headed(**members: Any) -> str:
    return FORGE.headed(**members)


# RFC 8725, JSON Web Token Best Current Practices, section 3


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_rfc_8725_3_1_a_key_is_used_with_one_algorithm_whatever_the_header_says(alg: str) -> None:
    for other in set(ALGORITHMS) - {alg}:
        assert refused_by(alg, Forge(alg, "user", NOW).headed(alg=other)) == "wrong_algorithm"
    assert "it has no 'alg'" in refusal(jwk(alg, alg=ABSENT))


@pytest.mark.parametrize("alg", ["none", "RSA1_5", "HS1", "RS1", "PS256", "ES256K", "A128KW"])
def test_rfc_8725_3_2_only_the_nine_algorithms_are_for_a_key(alg: str) -> None:
    assert "is none of ES256" in named(refusal(jwk("RS256", alg=alg)))
    assert code_of(FORGE.signed(lambda _: b"", alg=alg)) == "wrong_algorithm"


def test_rfc_8725_3_3_every_operation_must_succeed_and_a_nested_token_is_none() -> None:
    assert code_of(FORGE.signed(FORGE.stranger.sign)) == "bad_signature"
    assert code_of(shapes.nested(FORGE)) == "malformed_claims"
    assert code_of(shapes.nested(FORGE.stranger)) == "unknown_key"


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_rfc_8725_3_4_points_and_signatures_are_of_the_curve(alg: str) -> None:
    assert "does not lie on the curve" in refusal(jwk(alg, y=private_jwk(alg)["x"]))
    forge = Forge(alg, "user", NOW)
    zeros = forge.signed(lambda data: bytes(len(forge.sign(data))))
    assert refused_by(alg, zeros) == "bad_signature"


@pytest.mark.parametrize(("alg", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_rfc_8725_3_5_a_secret_has_the_entropy_of_its_hash(alg: str, size: int) -> None:
    assert "RFC 7518 §3.2" in refusal(jwk(alg, k=b64(bytes(range(size - 1)))))
    assert "one text repeated" in refusal(jwk(alg, k=b64(b"pass" * 16)))
    listed = b"super-secret-jwt-token-with-at-least-32-characters-long"
    assert "a public list" in refusal(jwk("HS256", k=b64(listed)))


def test_rfc_8725_3_6_nothing_is_decompressed() -> None:
    assert code_of(headers.compressed(FORGE)) == "forbidden_header"
    assert code_of(headers.bomb(FORGE)) == "forbidden_header"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_rfc_8725_3_7_json_is_utf_8(encoding: str) -> None:
    rewrite = json_texts.recoded(encoding)
    assert code_of(json_texts.in_header(rewrite)(FORGE)) == "malformed_token"
    assert code_of(json_texts.in_payload(rewrite)(FORGE)) == "malformed_claims"


def test_rfc_8725_3_8_the_keys_are_the_issuers_and_a_subject_is_one() -> None:
    assert code_of(token(iss="https://issuer.example.com")) == "wrong_issuer"
    assert code_of(FORGE.stranger.token()) == "unknown_key"
    assert code_of(token(sub="")) == "invalid_claim"
    assert code_of(token(sub=ABSENT)) == "missing_claim"


def test_rfc_8725_3_9_the_audience_is_this_service() -> None:
    assert code_of(token(aud="another-service")) == "wrong_audience"
    assert code_of(token(aud=ABSENT)) == "missing_claim"
    assert code_of(token(aud=[AUDIENCE, "another-service"])) == "invalid_claim"


@pytest.mark.parametrize("kid", ["../../dev/null", "' OR 1=1 --", "*", "__class__", "\0", ""])
def test_rfc_8725_3_10_a_kid_is_looked_up_and_no_address_is_followed(kid: str) -> None:
    assert code_of(headed(kid=kid)) == "unknown_key"
    for pointer in ("jku", "x5u"):
        members = {pointer: "http://169.254.169.254/latest/meta-data/"}
        assert code_of(headed(**members)) == "forbidden_header"


@pytest.mark.parametrize("typ", [ABSENT, "JWT", "dpop+jwt", "secevent+jwt", "AT+JWT"])
def test_rfc_8725_3_11_the_type_is_explicit(typ: object) -> None:
    assert code_of(headed(typ=typ)) == "wrong_type"


def test_rfc_8725_3_12_kinds_of_tokens_exclude_each_other() -> None:
    id_token = {"aud": "https://client.example.com", "nonce": "n"}
    assert code_of(join(FORGE.header(typ="JWT"), FORGE.claims(), FORGE.sign)) == "wrong_type"
    assert code_of(token(**id_token)) == "wrong_audience"
    assert code_of(token(client_id=ABSENT)) == "missing_claim"


# RFC 9068, JSON Web Token Profile for OAuth 2.0 Access Tokens


@pytest.mark.parametrize("claim", ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"])
def test_rfc_9068_2_2_each_required_claim_is_required(claim: str) -> None:
    assert code_of(token(**{claim: ABSENT})) == "missing_claim"


def test_rfc_9068_4_the_type_is_at_jwt_or_its_full_name() -> None:
    assert code_of(headed(typ="at+jwt")) == "accepted"
    assert code_of(headed(typ="application/at+jwt")) == "accepted"
    assert code_of(headed(typ="jwt")) == "wrong_type"


def test_rfc_9068_4_an_encrypted_token_is_none() -> None:
    assert code_of(shapes.encrypted(FORGE)) == "malformed_token"


def test_rfc_9068_4_the_issuer_is_matched_letter_by_letter() -> None:
    for near in (f"{ISSUER}/", ISSUER.upper(), f" {ISSUER}", ISSUER[:-1], f"{ISSUER}0"):
        assert code_of(token(iss=near)) == "wrong_issuer"


def test_rfc_9068_4_the_audience_is_an_indicator_of_this_resource_server() -> None:
    for near in (f"{AUDIENCE}/", AUDIENCE.upper(), f"{AUDIENCE} x", "*", ISSUER):
        assert code_of(token(aud=near)) == "wrong_audience"


def test_rfc_9068_4_the_signature_is_checked_and_alg_none_refused() -> None:
    assert code_of(FORGE.signed(lambda _: b"", alg="none")) == "wrong_algorithm"
    assert code_of(FORGE.signed(lambda _: b"")) == "bad_signature"


def test_rfc_9068_4_the_moment_is_before_exp_but_for_the_leeway() -> None:
    assert code_of(token(exp=NOW - 4)) == "accepted"
    assert code_of(token(exp=NOW - 5)) == "token_expired"


# RFC 7519, JSON Web Token


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "jti", "unknown"])
def test_rfc_7519_4_claim_names_are_unique(name: str) -> None:
    doubled = json_texts.in_payload(lambda raw: raw[:-1] + twice(name))
    assert code_of(doubled(FORGE)) == "malformed_claims"


def test_rfc_7519_7_2_the_steps_are_taken_in_their_order() -> None:
    """Each token is wrong in every later step, too."""
    sign = FORGE.stranger.sign
    wrong: dict[str, str] = {
        "malformed_token": "no.period",
        "wrong_type": join(FORGE.header(typ="JWT", kid="x", alg="none"), b"{", sign),
        "unknown_key": join(FORGE.header(kid="x", alg="none"), b"{", sign),
        "wrong_algorithm": join(FORGE.header(alg="none"), b"{", sign),
        "bad_signature": join(FORGE.header(), b"{", sign),
        "malformed_claims": join(FORGE.header(), b"{", FORGE.sign),
    }
    assert {code: code_of(text) for code, text in wrong.items()} == {c: c for c in wrong}


def test_rfc_7519_7_2_no_white_space_or_line_break_stands_in_a_segment() -> None:
    text = token()
    for space in (" ", "\n", "\r\n", "\t"):
        for at in (0, 10, len(text) // 2, len(text)):
            assert code_of(text[:at] + space + text[at:]) == "malformed_token"


def test_rfc_7519_7_2_nothing_of_the_payload_is_judged_before_the_signature() -> None:
    for claims in ({"exp": 0}, {"iss": "x"}, {"aud": "x"}, {"sub": None}, {"nbf": NOW * 2}):
        forged = join(FORGE.header(), FORGE.claims(**claims), FORGE.stranger.sign)
        assert code_of(forged) == "bad_signature"


# RFC 7515, JSON Web Signature


@pytest.mark.parametrize("name", ["typ", "alg", "kid", "unknown"])
def test_rfc_7515_4_header_parameter_names_are_unique(name: str) -> None:
    doubled = json_texts.in_header(lambda raw: raw[:-1] + twice(name))
    assert code_of(doubled(FORGE)) == "malformed_token"


@pytest.mark.parametrize("member", ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"])
def test_rfc_7515_4_1_2_to_4_1_8_no_key_comes_along_or_is_pointed_to(member: str) -> None:
    values: tuple[object, ...] = (None, "", {}, [], "https://keys.example.com", FORGE.public_jwk)
    for value in values:
        assert code_of(headed(**{member: value})) == "forbidden_header"


@pytest.mark.parametrize("crit", [["x-y"], ["exp"], [], None, "x-y", ["b64"], ["alg"], [1], {}])
def test_rfc_7515_4_1_11_what_is_critical_is_not_understood(crit: object) -> None:
    assert code_of(headed(crit=crit, **{"x-y": True, "exp": NOW})) == "forbidden_header"


def test_rfc_7515_2_base64url_is_without_padding_and_has_one_spelling() -> None:
    header, payload, signature = FORGE.segments()
    assert code_of(f"{header}.{payload}.{signature}==") == "malformed_token"
    spelled = encodings.next_letter(signature)
    assert unb64(spelled) == unb64(signature)
    assert code_of(f"{header}.{payload}.{spelled}") == "malformed_token"


def test_rfc_7515_7_2_the_json_serializations_are_no_tokens() -> None:
    assert code_of(shapes.general(FORGE)) == "malformed_token"
    assert code_of(as_bytes(shapes.flattened(FORGE))) == "malformed_token"


# RFC 7797, JSON Web Signature Unencoded Payload Option


@pytest.mark.parametrize("b64_member", [True, False, None, "false"])
def test_rfc_7797_3_the_payload_is_always_encoded(b64_member: object) -> None:
    assert code_of(headed(b64=b64_member)) == "forbidden_header"
    assert code_of(headed(b64=b64_member, crit=["b64"])) == "forbidden_header"
    assert code_of(headers.unencoded(FORGE)) == "forbidden_header"


# RFC 7517 and 7518, JSON Web Key, and JSON Web Algorithms


def test_rfc_7517_4_5_a_kid_names_one_key_of_a_set() -> None:
    assert "the same kid" in refusal(jwk("ES256"), jwk("RS256"))


def test_rfc_7517_4_5_a_kid_of_1_to_255_characters_is_taken() -> None:
    for kid in ("k", "k" * 255, "a b", "ключ"):
        assert kid in parse({**jwk("ES256"), "kid": kid}).keys


def test_rfc_7517_9_no_private_member_is_published() -> None:
    for alg in ALGORITHMS:
        for published in parse(jwk(alg)).jwks()["keys"]:
            assert published.keys().isdisjoint({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
    assert parse(jwk("HS256")).jwks() == {"keys": []}


def test_rfc_7518_3_3_a_modulus_has_2048_bits() -> None:
    assert "RFC 7518 §3.3" in refusal(jwk("RS256", n=b64(b"\xff" * 255)))


@pytest.mark.parametrize(("alg", "size"), [("ES256", 64), ("ES384", 96), ("ES512", 132)])
def test_rfc_7518_3_4_a_signature_has_exactly_the_length_of_its_curve(alg: str, size: int) -> None:
    forge = Forge(alg, "user", NOW)
    assert len(unb64(forge.segments()[2])) == size
    for change in (lambda raw: raw[:-1], lambda raw: raw + b"\0", lambda raw: b"\0" + raw):
        assert refused_by(alg, signatures.altered(change)(forge)) == "bad_signature"


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_rfc_7518_3_2_a_public_key_is_no_secret(alg: str) -> None:
    forge = Forge(alg, "user", NOW)
    for form in public_keys.FORMS.values():
        forged = forge.signed(hmac_with(form(forge)), alg="HS256")
        assert refused_by(alg, forged) == "wrong_algorithm"


def test_rfc_8259_8_1_a_byte_order_mark_is_not_ignored() -> None:
    assert code_of(join(b"\xef\xbb\xbf{}", b"{}", FORGE.sign)) == "malformed_token"


def twice(name: str) -> bytes:
    """Two more members of one name, written behind the others."""
    return f',"{name}":1,"{name}":1}}'.encode()


def refused_by(alg: str, text: str) -> str:
    """The code with which a verifier of this algorithm's key refuses a token."""
    with pytest.raises(TokenError) as refused:
        verifier(alg).verify(text)
    return refused.value.code
