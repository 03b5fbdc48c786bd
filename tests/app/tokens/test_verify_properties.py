"""Whatever the bytes: `verify` answers claims or a TokenError, and only one token is the token.

What is to be accepted is said a second time by tests/fuzz/model.py; here both are asked.
"""

import json
import time
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st

from app.tokens.claims import AccessClaims
from app.tokens.errors import BadSignature, TokenError
from app.tokens.verify import Verifier
from tests.app.tokens.verifying import NOW, verifier
from tests.doors.forge import ABSENT, Forge, as_bytes, b64, changed, join, unb64
from tests.fuzz import model
from tests.support import ALGORITHMS, AUDIENCE, ISSUER

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é"
FORGE = Forge("ES256", "user", NOW)
TOKEN = FORGE.token()

steady = settings(max_examples=200, deadline=None, database=None)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DAY = 86_400
edges = st.sampled_from([-DAY, -6, -5, -4, 0, 4, 5, 6, DAY + 4, DAY + 5, DAY + 6])
moments = edges.map(lambda ahead: NOW + ahead)
identifiers = st.text(max_size=3) | st.sampled_from(["x" * 255, "x" * 256, "a b", "\u3000", "é"])
near_values: dict[str, st.SearchStrategy[Any]] = {
    "iss": st.sampled_from([ISSUER, ISSUER[:-1], f"{ISSUER}/"]) | json_values,
    "sub": identifiers | json_values,
    "aud": st.sampled_from([AUDIENCE, AUDIENCE[:-1], [AUDIENCE]]) | json_values,
    "exp": moments | moments.map(float) | moments.map(str) | json_values,
    "iat": moments | json_values,
    "nbf": moments | json_values,
    "auth_time": moments | json_values,
    "jti": identifiers | json_values,
    "client_id": identifiers | json_values,
    "scope": st.text(alphabet='ab !#$[]~"\\\x7f\t', max_size=6) | json_values,
    "sid": identifiers | json_values,
    "amr": st.lists(st.text(max_size=2) | st.integers(), max_size=3) | json_values,
    "unknown": json_values,
}
near_claim = st.sampled_from([*near_values]).flatmap(
    lambda name: st.tuples(st.just(name), near_values[name] | st.just(ABSENT))
)
near_claims = st.lists(near_claim, max_size=3).map(dict)
members = st.sampled_from([*FORGE.header(), *FORGE.claims(), "nbf", "sid", "amr", "crit", "jwk"])


@cache
def door() -> Verifier:
    """One that trusts a key of each algorithm, made once for some thousand tokens."""
    return verifier(*ALGORITHMS)


def judged(token: Any) -> AccessClaims | TokenError:
    """The answer of `verify`; an exception of any other kind fails the test."""
    return asked(door(), token)


def asked(verifier: Verifier, token: Any) -> AccessClaims | TokenError:
    try:
        return verifier.verify(token)
    except TokenError as error:
        return error


@seed(1)
@steady
@given(st.binary(max_size=300) | st.text(max_size=300))
@example("")
@example("..")
@example("\ud800.\ud800.\ud800")
@example(b"\xff.\xff.\xff")
def test_any_bytes_and_any_text_are_refused(token: bytes | str) -> None:
    assert isinstance(judged(token), TokenError)


@seed(2)
@steady
@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=140))
def test_any_three_segments_are_refused(header: bytes, payload: bytes, signature: bytes) -> None:
    token = f"{b64(header)}.{b64(payload)}.{b64(signature)}"
    assert isinstance(judged(token), TokenError)


@seed(3)
@steady
@given(st.sampled_from(ALGORITHMS), st.binary(max_size=300))
def test_any_bytes_as_a_signature_are_refused(alg: str, signature: bytes) -> None:
    token = Forge(alg, "user", NOW).signed(lambda _: signature)
    assert isinstance(judged(token), BadSignature)


@seed(4)
@steady
@given(st.dictionaries(members, json_values, max_size=4))
def test_any_header_that_is_signed_gives_claims_or_a_refusal(changes: dict[str, Any]) -> None:
    answer = judged(FORGE.headed(**changes))
    assert isinstance(answer, TokenError) or answer.sub == "user"


@seed(5)
@steady
@given(st.dictionaries(members, json_values, max_size=4))
def test_any_payload_that_is_signed_gives_claims_or_a_refusal(changes: dict[str, Any]) -> None:
    answer = judged(FORGE.token(**changes))
    if isinstance(answer, AccessClaims):
        sent = FORGE.claims(**changes)
        read = answer.to_payload() | {"amr": None if answer.amr is None else [*answer.amr]}
        assert all(value == sent.get(name) for name, value in read.items())


@seed(6)
@steady
@given(st.binary(max_size=200), st.integers(0, 200), st.booleans())
def test_a_header_or_payload_with_any_bytes_inside_is_answered(
    noise: bytes, at: int, in_header: bool
) -> None:
    header, payload = as_bytes(FORGE.header()), as_bytes(FORGE.claims())
    if in_header:
        header = header[:at] + noise + header[at:]
    else:
        payload = payload[:at] + noise + payload[at:]
    judged(join(header, payload, FORGE.sign))


@seed(9)
@steady
@given(json_values, json_values, st.sampled_from(ALGORITHMS))
def test_any_json_for_header_and_payload_that_is_signed_is_answered(
    header: Any, payload: Any, alg: str
) -> None:
    forge = Forge(alg, "user", NOW)
    for first in (header, forge.header(), forge.header(extra=header)):
        answer = judged(join(json.dumps(first).encode(), json.dumps(payload).encode(), forge.sign))
        assert isinstance(answer, TokenError)


@seed(10)
@settings(steady, max_examples=600)
@given(near_claims)
def test_claims_are_accepted_just_when_they_keep_the_rules(changes: dict[str, Any]) -> None:
    claims = changed(FORGE.claims(), changes)
    answer = judged(join(FORGE.header(), claims, FORGE.sign))
    assert isinstance(answer, AccessClaims) == model.fits(claims, NOW), claims


@seed(11)
@settings(steady, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), near_claims), max_size=6))
def test_what_was_verified_before_changes_no_answer(tokens: list[tuple[bool, Any]]) -> None:
    warm = verifier("ES256")
    for trusted, changes in tokens:
        forge = FORGE if trusted else FORGE.stranger
        header = FORGE.header(extra=sorted(changes))
        token = join(header, changed(FORGE.claims(), changes), forge.sign)
        for _ in range(2):
            assert repr(asked(warm, token)) == repr(asked(verifier("ES256"), token))


@pytest.mark.parametrize("alg", ["HS256", "RS256", "ES256"])
def test_a_token_with_one_bit_flipped_is_refused(alg: str) -> None:
    """Every bit of every letter, what is spare in the last letter of each segment included."""
    token = Forge(alg, "user", NOW).token().encode()
    assert isinstance(judged(token), AccessClaims)
    for at in range(len(token)):
        for bit in range(8):
            flipped = token[:at] + bytes([token[at] ^ 1 << bit]) + token[at + 1 :]
            assert isinstance(judged(flipped), TokenError), (at, bit)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_signature_with_one_bit_flipped_is_refused(alg: str) -> None:
    header, payload, signature = Forge(alg, "user", NOW).segments()
    raw = unb64(signature)
    for bit in range(8 * len(raw)):
        flipped = (int.from_bytes(raw) ^ 1 << bit).to_bytes(len(raw))
        answer = judged(f"{header}.{payload}.{b64(flipped)}")
        assert isinstance(answer, BadSignature), bit


@pytest.mark.parametrize("alg", ALGORITHMS)
@seed(7)
@steady
@given(st.data())
def test_a_token_with_one_letter_changed_is_refused(alg: str, data: st.DataObject) -> None:
    token = data.draw(st.just(Forge(alg, "user", NOW).token()))
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from([other for other in LETTERS if other != token[at]]))
    assert isinstance(judged(token[:at] + letter + token[at + 1 :]), TokenError)


@seed(8)
@steady
@given(st.integers(0, len(TOKEN)), st.integers(0, 8), st.text(LETTERS, max_size=8))
def test_a_token_with_letters_taken_out_or_put_in_is_refused(at: int, out: int, more: str) -> None:
    mutated = TOKEN[:at] + more + TOKEN[at + out :]
    assert isinstance(judged(mutated), AccessClaims) == (mutated == TOKEN)


def test_a_token_cut_off_anywhere_is_refused() -> None:
    for end in range(len(TOKEN)):
        assert isinstance(judged(TOKEN[:end]), TokenError)
        assert isinstance(judged(TOKEN[end + 1 :]), TokenError)


# Texts that make a careless reader go over them again and again.
COSTLY = {
    "brackets": b"[" * 5000,
    "brackets in pairs": b"[]" * 2500,
    "quotation marks": b'"' * 5000,
    "quotation marks and brackets": b'"[' * 2500,
    "backslashes": b'"' + b"\\" * 5000,
    "quotation marks escaped": b'"' + rb"\"" * 2500,
    "white space": b" " * 5000,
    "a long number": b"9" * 4000,
    "a long fraction": b"0." + b"9" * 5000,
    "an exponent": b"1e" + b"9" * 4000,
    "members": b"{" + b",".join(b'"%d":0' % number for number in range(500)) + b"}",
    "escapes": b'"' + rb"\u0041" * 800 + b'"',
}


@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
@pytest.mark.parametrize("claim", ["unknown", "scope", "sub", "exp"])
def test_no_text_of_8_kilobytes_costs_much_more_than_a_token_does(claim: str, text: bytes) -> None:
    """Generous: a token takes a fraction of a millisecond, and a square of its length a second."""
    payload = as_bytes(FORGE.claims(**{claim: "TEXT"})).replace(b'"TEXT"', text)
    tokens = (
        join(FORGE.header(), payload, FORGE.sign),
        join(FORGE.header(**{claim: "TEXT"}), FORGE.claims(scope=text.decode()), FORGE.sign),
        join(payload, FORGE.claims(), FORGE.sign),
    )
    for token in tokens:
        assert min(seconds(token) for _ in range(3)) < 0.05


def seconds(token: str) -> float:
    """What judging a token costs the processor."""
    start = time.process_time()
    judged(token)
    return time.process_time() - start
