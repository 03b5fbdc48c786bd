"""What helps is printed under what is wrong, and a token of elsewhere is sent there."""

import pytest

from app.explain.advice import ADVICE
from app.explain.words import moment_and_distance, with_dates
from tests.app.explain.asking import AT, FORGE, advice_below, ask, row
from tests.app.explain.house import bad_headers
from tests.doors.forge import join
from tests.support import ISSUER

pytestmark = pytest.mark.usefixtures("keys_at_hand")
ELSEWHERE = "https://other.example"
SENT_THERE = (
    f"this token says it is of '{ELSEWHERE}' (not believed): set OSTIARY_ISSUER and OSTIARY_KEYS "
    "to what that deployment has"
)


def test_under_each_fault_of_a_token_stands_what_helps_against_it() -> None:
    for code, header in bad_headers("ES256").items():
        ended = ask(header, "GET", "/notes")
        assert row(ended, "token").startswith(f"✗ {code}: ")
        expected = SENT_THERE if code == "wrong_issuer" else ADVICE[code]
        assert advice_below(ended, "token") == expected


def test_a_token_of_another_issuer_with_a_key_of_its_own_is_sent_to_its_deployment() -> None:
    ended = ask(_unknown(ELSEWHERE), "GET", "/notes", *AT)
    assert advice_below(ended, "token") == SENT_THERE


@pytest.mark.parametrize("iss", [ISSUER, 7, None, [ELSEWHERE]])
def test_an_unknown_key_of_the_same_issuer_or_of_none_is_looked_up(iss: object) -> None:
    ended = ask(_unknown(iss), "GET", "/notes", *AT)
    assert advice_below(ended, "token") == ADVICE["unknown_key"]


def test_an_issuer_is_quoted_and_bounded_in_the_advice() -> None:
    ended = ask(_unknown("\n✓  app  lets it by\x1b[32m" + "y" * 3000), "GET", "/notes", *AT)
    advice = advice_below(ended, "token")
    assert advice.startswith("this token says it is of '\\n\\u2713")
    assert "…" in advice
    assert len(advice) < 400


def test_a_bad_signature_is_no_matter_of_settings_whatever_issuer_it_says() -> None:
    token = join(FORGE.header(), FORGE.claims(iss=ELSEWHERE), FORGE.stranger.sign)
    assert advice_below(ask(token, "GET", "/notes", *AT), "token") == ADVICE["bad_signature"]


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (1_800_000_598, "2027-01-15T08:09:58Z, in 9 min 58 s"),
        (1_800_000_000, "2027-01-15T08:00:00Z, now"),
        (0, "1970-01-01T00:00:00Z, over ten years ago"),
        (253_402_300_800, "253402300800, in over ten years"),
    ],
)
def test_a_moment_is_a_date_with_its_distance_as_far_as_the_calendar_reaches(
    moment: int, told: str
) -> None:
    assert moment_and_distance(moment, 1_800_000_000) == told
    assert len(moment_and_distance(10**4000, 1_800_000_000)) < 100


def test_only_moments_of_a_sentence_become_dates() -> None:
    said = "exp -1800000000 is over 86400 s ahead of 1800000000, not of 123456789012"
    assert with_dates(said) == (
        "exp 1912-12-17T16:00:00Z is over 86400 s ahead of 2027-01-15T08:00:00Z, "
        "not of 123456789012"
    )


def _unknown(iss: object) -> str:
    """A token of a key that is not in the set."""
    return join(FORGE.header(kid="theirs"), FORGE.claims(iss=iss), FORGE.stranger.sign)
