"""The 8 KB of an answer, held at every length of what fills it: whole, or denied whole."""

import json
from collections.abc import Sequence

import pytest

from app.tokens.claims import AccessClaims
from authorizer import policy
from authorizer.policy import MAX_ANSWER_BYTES, Policy, load_routes, policy_for
from tests.authorizer.decisions import STAGE

SCOPES = sorted({route["scope"] for route in load_routes().routes})
TABLE = load_routes()


def answer_to(character: str, length: int, more: int = 0, scopes: Sequence[str] = SCOPES) -> Policy:
    """The answer to a token whose identifiers are of this length, and its scope `more` longer."""
    text = character * length
    scope = " ".join([*scopes, "x" * more] if more else scopes)
    claims = AccessClaims("i", text, "a", 2, 1, text, text, scope, sid=text)
    return policy_for(claims, STAGE, TABLE)


@pytest.mark.parametrize("length", [1, 100, 255])
@pytest.mark.parametrize("character", ["x", "é", "😀", '"'])
def test_no_answer_is_over_8_kb_in_ascii_and_none_within_is_denied(
    character: str, length: int
) -> None:
    # Without the context's code, which is one of two, the length of an answer that grants all.
    frame = len(json.dumps(answer_to("x", 1))) - 5
    identifiers = 5 * (len(json.dumps(character)) - 2) * length
    largest = MAX_ANSWER_BYTES - frame - identifiers - 1  # one space before what is more
    near = {1, largest // 2, largest - 1, largest, largest + 1, largest + 500}
    for more in sorted(more for more in near if more > 0):
        answer = answer_to(character, length, more)
        granted = answer["context"]["code"] == "granted"
        assert granted == (more <= largest), more
        assert len(json.dumps(answer)) <= MAX_ANSWER_BYTES


@pytest.mark.parametrize("scopes", [[], SCOPES[:1], SCOPES])
@pytest.mark.parametrize("character", ["x", "é", "😀", '"'])
def test_identifiers_of_no_length_lead_over_8_kb(character: str, scopes: list[str]) -> None:
    answers = [answer_to(character, length, scopes=scopes) for length in range(1, 256)]
    assert max(len(json.dumps(answer)) for answer in answers) <= MAX_ANSWER_BYTES


def test_the_memory_of_what_scopes_open_is_bounded() -> None:
    for more in range(1000):
        answer_to("x", 1, more)
    kept = policy._resources.cache_info()
    assert kept.currsize == kept.maxsize == 256
