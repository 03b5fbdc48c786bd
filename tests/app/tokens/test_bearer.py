"""One Authorization header, the scheme in any case, one space, a token (RFC 6750 §2.1)."""

import re

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from app.tokens.bearer import bearer_token
from app.tokens.errors import MalformedToken, MissingToken

steady = settings(max_examples=400, deadline=None, database=None)
TOKEN = "eyJ0.eyJp-_.AAAA"
BY_DEFINITION = re.compile(r"(?i:bearer) ([A-Za-z0-9._~+/=-]+)", re.ASCII)
# Letters that some reading of case, width or accent takes for others: Kelvin, long s, dotless i, …
ALIKE = "\u212a\u017f\u0131\u0130\uff42\uff22\u0412\u0435\u0430\u0433\u00c5\u212b\u1d47\ufb06ßẞ"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEARER"])
def test_the_scheme_comes_in_any_case(scheme: str) -> None:
    assert bearer_token([f"{scheme} {TOKEN}"]) == TOKEN


@pytest.mark.parametrize("token", ["a", "a.b.c", "-._~+/=", "A" * 20_000])
def test_a_token_is_of_the_characters_of_rfc_6750(token: str) -> None:
    assert bearer_token([f"Bearer {token}"]) == token


def test_without_a_header_there_is_no_token() -> None:
    with pytest.raises(MissingToken):
        bearer_token([])
    with pytest.raises(MissingToken):
        bearer_token(())


@pytest.mark.parametrize(
    "value", ["", " ", TOKEN, f"Basic {TOKEN}", f"Token {TOKEN}", f" Bearer {TOKEN}", "Beare", "ß"]
)
def test_under_another_scheme_there_is_no_token(value: str) -> None:
    with pytest.raises(MissingToken):
        bearer_token([value])


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "bearer",
        f"Bearer  {TOKEN}",
        f"Bearer\t{TOKEN}",
        f"Bearer{TOKEN}",
        f"Bearer\u00a0{TOKEN}",
        f"Bearer {TOKEN} ",
        f"Bearer {TOKEN}\n",
        f"Bearer {TOKEN}\0",
        f"Bearer {TOKEN}, Bearer {TOKEN}",
        f'Bearer "{TOKEN}"',
        f"Bearer {TOKEN}é",
        f"Bearer {TOKEN}\ud800",
    ],
)
def test_anything_else_behind_the_scheme_is_malformed(value: str) -> None:
    with pytest.raises(MalformedToken):
        bearer_token([value])


@pytest.mark.parametrize("count", [2, 3, 10])
def test_more_than_one_header_is_refused_even_if_they_are_alike(count: int) -> None:
    with pytest.raises(MalformedToken, match=f"one .* header was expected, not {count}"):
        bearer_token([f"Bearer {TOKEN}"] * count)


def test_no_message_repeats_what_came() -> None:
    for values in ([f"Bearer {TOKEN}\n"], [f"Basic {TOKEN}"], [TOKEN, TOKEN]):
        with pytest.raises((MissingToken, MalformedToken)) as refused:
            bearer_token(values)
        assert TOKEN not in str(refused.value)


def taken(value: str) -> str | None:
    try:
        return bearer_token([value])
    except (MissingToken, MalformedToken):
        return None


@seed(1)
@steady
@given(
    st.sampled_from(["Bearer", "bearer", "BEARER", "bEaReR", "Beare", "Bearerr", "Basic", ""]),
    st.sampled_from([" ", "  ", "", "\t", "\xa0", "\n", " \n"]),
    st.text(f"abzAZ019._~+/=- ,\n\0é{ALIKE}", max_size=6) | st.text(max_size=3),
)
def test_a_value_is_taken_as_defined(scheme: str, space: str, token: str) -> None:
    value = scheme + space + token
    match = BY_DEFINITION.fullmatch(value)
    assert taken(value) == (match[1] if match else None)


def test_every_character_is_in_a_token_or_not_as_defined() -> None:
    for character in map(chr, range(0x300)):
        for token in (character, f"a{character}", f"{character}a", f"a{character}a"):
            match = BY_DEFINITION.fullmatch(f"Bearer {token}")
            assert taken(f"Bearer {token}") == (match[1] if match else None), character


@pytest.mark.parametrize("letter", ALIKE)
@pytest.mark.parametrize("place", range(6))
def test_a_letter_that_is_like_another_is_not_that_letter(letter: str, place: int) -> None:
    scheme = "Bearer"[:place] + letter + "Bearer"[place + 1 :]
    with pytest.raises(MissingToken, match="another scheme"):
        bearer_token([f"{scheme} {TOKEN}"])
    with pytest.raises(MalformedToken, match="one space and a token"):
        bearer_token([f"Bearer {TOKEN}{letter}"])
