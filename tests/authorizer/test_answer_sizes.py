"""The 8 KB of an answer, held at every length of what fills it: whole, or denied whole."""

import json
from collections.abc import Sequence

import pytest

from app.tokens import policy
from app.tokens.claims import AccessClaims
from app.tokens.policy import MAX_ANSWER_BYTES, MAX_RESOURCE_CHARACTERS, Policy, policy_for
from app.tokens.statements import CompiledRoutes
from authorizer.policy import load_routes
from tests.authorizer.decisions import STAGE
from tests.authorizer.iam import resources

TABLE = load_routes()
SCOPES = sorted({route["scope"] for route in TABLE.routes})
LISTED = CompiledRoutes(
    {"routes": TABLE.routes, "unguarded": [], "safe_wildcards": [], "reaches": {}}
)  # with one way to say a policy


def answer_to(
    character: str,
    length: int,
    more: int = 0,
    scopes: Sequence[str] = SCOPES,
    table: CompiledRoutes = LISTED,
) -> Policy:
    """The answer to a token whose identifiers are of this length, and its scope `more` longer."""
    text = character * length
    scope = " ".join([*scopes, "x" * more] if more else scopes)
    claims = AccessClaims("i", text, "a", 2, 1, text, text, scope, sid=text)
    return policy_for(claims, STAGE, table)


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
    kept = policy._opening.cache_info()
    assert kept.currsize == kept.maxsize == 256


@pytest.mark.parametrize("length", [1, 255])
def test_what_is_too_long_to_list_is_said_more_shortly(length: int) -> None:
    """As the claims grow the policy shrinks, and only when it can shrink no more it is denied."""
    codes, sizes = [], []
    for more in range(0, MAX_ANSWER_BYTES, 50):
        answer = answer_to("x", length, more, table=TABLE)
        assert len(json.dumps(answer)) <= MAX_ANSWER_BYTES
        codes.append(answer["context"]["code"])
        sizes.append(len(resources(answer)))
    last = codes.index("policy_too_large")
    assert set(codes[:last]) == {"granted"}
    assert set(codes[last:]) == {"policy_too_large"}
    assert sizes[:last] == sorted(sizes[:last], reverse=True)
    assert sizes[0] == len(TABLE.routes) > sizes[last - 1]
    listed_until = [
        answer_to("x", length, more)["context"]["code"] for more in range(0, MAX_ANSWER_BYTES, 50)
    ].index("policy_too_large")
    assert listed_until < last


def test_a_resource_over_512_characters_is_never_sent() -> None:
    route = {"method": "GET", "path": "/", "scope": "a:b", "resource": f"GET/{'x' * 450}"}
    table = CompiledRoutes(
        {"routes": [route], "unguarded": [], "safe_wildcards": [], "reaches": {}}
    )
    claims = AccessClaims("i", "user", "a", 2, 1, "one", "ostiary", "a:b")
    longest = MAX_RESOURCE_CHARACTERS - len(route["resource"]) - len("/")
    arn = f"{STAGE}{'s' * longest}"[:longest]
    assert len(arn) == longest
    assert policy_for(claims, arn, table)["context"]["code"] == "granted"
    assert policy_for(claims, f"{arn}s", table)["context"]["code"] == "policy_too_large"
