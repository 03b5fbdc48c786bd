"""Whatever the bytes: `verify` answers claims or a TokenError, and only one token is the token."""

from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st

from app.tokens.claims import AccessClaims
from app.tokens.errors import BadSignature, TokenError
from app.tokens.verify import Verifier
from tests.app.tokens.verifying import NOW, verifier
from tests.doors.forge import Forge, as_bytes, b64, join
from tests.support import ALGORITHMS

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é"
FORGE = Forge("ES256", "user", NOW)
TOKEN = FORGE.token()

steady = settings(max_examples=200, deadline=None, database=None)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
members = st.sampled_from([*FORGE.header(), *FORGE.claims(), "nbf", "sid", "amr", "crit", "jwk"])


@cache
def door() -> Verifier:
    """One that trusts a key of each algorithm, made once for some thousand tokens."""
    return verifier(*ALGORITHMS)


def judged(token: Any) -> AccessClaims | TokenError:
    """The answer of `verify`; an exception of any other kind fails the test."""
    try:
        return door().verify(token)
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
