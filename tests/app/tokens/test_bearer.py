"""One Authorization header, the scheme in any case, one space, a token (RFC 6750 §2.1)."""

import pytest

from app.tokens.bearer import bearer_token
from app.tokens.errors import MalformedToken, MissingToken

TOKEN = "eyJ0.eyJp-_.AAAA"


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
