"""The states of a set's keys: the active one signs, and what leaves that open is refused."""

import itertools
import json
from typing import Any

import pytest

from app.tokens.errors import KeySetError
from app.tokens.jwk import parse_key_set
from app.tokens.keys import KeySet
from tests.support import private_jwk

FIRST, SECOND, THIRD = (private_jwk("ES256", name) for name in ("first", "second", "third"))
SINCE = 1_800_000_000
EITHER = "either no key of the set has a 'state', or every key has one and exactly one is 'active'"
GONE = {"kid": "long-gone", "since": SINCE}


def stated(jwk: dict[str, Any], state: object, since: object = SINCE) -> dict[str, Any]:
    return jwk | {"state": state, "since": since}


def public(jwk: dict[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in jwk.items() if member != "d"}


def parse(*keys: dict[str, Any], **members: object) -> KeySet:
    return parse_key_set(json.dumps({"keys": keys} | members).encode())


def refusal(*keys: dict[str, Any], **members: object) -> str:
    with pytest.raises(KeySetError) as refused:
        parse(*keys, **members)
    return str(refused.value)


@pytest.mark.parametrize("order", [*itertools.permutations(["next", "active", "retiring"])])
def test_the_active_key_signs_wherever_it_stands_and_all_verify(order: tuple[str, ...]) -> None:
    jwks = (FIRST, SECOND, THIRD)
    keys = parse(*map(stated, jwks, order))
    assert keys.signing
    assert keys.signing.kid == jwks[order.index("active")]["kid"]
    assert list(keys.keys) == [jwk["kid"] for jwk in jwks]


def test_an_active_secret_signs() -> None:
    secret = private_jwk("HS256")
    keys = parse(stated(FIRST, "next"), stated(secret, "active"))
    assert keys.signing
    assert keys.signing.kid == secret["kid"]


def test_without_states_the_first_private_key_signs() -> None:
    keys = parse(public(FIRST), SECOND, THIRD)
    assert keys.signing
    assert keys.signing.kid == SECOND["kid"]


def test_without_private_halves_nothing_signs() -> None:
    assert parse(public(FIRST)).signing is None
    assert parse(stated(public(FIRST), "active")).signing is None


def test_no_other_key_signs_for_an_active_one_whose_private_half_is_elsewhere() -> None:
    keys = parse(stated(FIRST, "next"), stated(public(SECOND), "active"), stated(THIRD, "retiring"))
    assert keys.signing is None
    assert len(keys.keys) == 3


@pytest.mark.parametrize("since", [0, 1, 253_402_300_799])
def test_a_key_tells_since_when_in_any_whole_seconds(since: int) -> None:
    assert parse(stated(FIRST, "active", since)).signing


def test_since_alone_is_a_member_like_any_other() -> None:
    assert parse(FIRST | {"since": "yesterday"}).signing


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("gone", "'gone'"),
        ("Active", "'Active'"),
        ("active ", "'active '"),
        ("", "''"),
        (None, "None"),
        (True, "True"),
        (0, "0"),
        ([], "a JSON array"),
        (["active"], "a JSON array"),
        ({}, "a JSON object"),
    ],
)
def test_a_key_is_next_active_or_retiring_and_nothing_else(state: object, told: str) -> None:
    for keys in ([stated(FIRST, state)], [stated(SECOND, "active"), stated(FIRST, state)]):
        assert refusal(*keys) == (
            f"the state of key '{FIRST['kid']}' must be one of next, active, retiring, not {told}"
        )


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (None, "None"),
        (True, "True"),
        ("1800000000", "'1800000000'"),
        (1.0, "1.0"),
        ([], "a JSON array"),
        ({}, "a JSON object"),
    ],
)
@pytest.mark.parametrize("state", ["next", "active", "retiring"])
def test_a_key_with_a_state_tells_since_when(state: str, since: object, told: str) -> None:
    sentence = (
        f"the key '{FIRST['kid']}' must tell in 'since' when it became {state}, in whole seconds "
        f"since the epoch, not {told}"
    )
    assert refusal(stated(FIRST, state, since)) == sentence
    if since is None:
        assert refusal(FIRST | {"state": state}) == sentence


@pytest.mark.parametrize("states", [*itertools.product(["next", "active", "retiring"], repeat=2)])
def test_exactly_one_of_two_keys_is_active(states: tuple[str, str]) -> None:
    keys = (stated(FIRST, states[0]), stated(SECOND, states[1]))
    if states.count("active") == 1:
        assert parse(*keys).signing
    else:
        assert refusal(*keys) == EITHER


@pytest.mark.parametrize("state", ["next", "active", "retiring"])
def test_a_key_without_a_state_beside_one_with_a_state_is_refused(state: str) -> None:
    assert refusal(FIRST, stated(SECOND, state)) == EITHER
    assert refusal(stated(SECOND, state), FIRST) == EITHER


def test_a_set_remembers_the_kids_that_are_gone() -> None:
    for gone in ([], [GONE], [GONE, {"kid": "another", "since": 0, "more": 1}]):
        assert parse(stated(FIRST, "active"), gone=gone).signing
        assert parse(FIRST, gone=gone).signing


@pytest.mark.parametrize("gone", [None, {}, "long-gone", 1, ["long-gone"], [GONE, None], [[]]])
def test_what_is_gone_is_an_array_of_objects(gone: object) -> None:
    assert refusal(FIRST, gone=gone) == "'gone' must be an array of objects with 'kid' and 'since'"


@pytest.mark.parametrize("kid", [None, 1, [], {}, True])
def test_what_is_gone_has_left_its_kid(kid: object) -> None:
    sentence = refusal(FIRST, gone=[GONE, {"kid": kid, "since": SINCE}])
    assert sentence.startswith("the state of key ")
    assert "long-gone" not in sentence
    assert refusal(FIRST, gone=[{"since": SINCE}]).startswith("the state of key None")


@pytest.mark.parametrize("since", [None, True, "1", 1.0, []])
def test_what_is_gone_tells_since_when(since: object) -> None:
    sentence = "the key 'long-gone' must tell in 'since' when it became gone, in whole seconds"
    assert refusal(FIRST, gone=[GONE | {"since": since}]).startswith(sentence)
    assert refusal(FIRST, gone=[{"kid": "long-gone"}]).startswith(sentence)


@pytest.mark.parametrize("state", ["active", "", None, 1])
def test_what_is_gone_is_gone_whatever_it_says_of_itself(state: object) -> None:
    assert parse(FIRST, gone=[GONE | {"state": state}]).signing


def test_a_kid_that_is_gone_does_not_come_back() -> None:
    sentence = "is gone and must not come back: kids are never reused"
    for keys in ([FIRST, SECOND], [stated(FIRST, "active"), stated(SECOND, "next")]):
        for back in (FIRST, SECOND):
            gone = [GONE, {"kid": back["kid"], "since": SINCE}]
            assert refusal(*keys, gone=gone) == f"the kid '{back['kid']}' {sentence}"


def test_the_states_are_told_after_what_is_wrong_with_a_key_itself() -> None:
    assert "its 'use' must be 'sig'" in refusal(stated(FIRST | {"use": "enc"}, "no state"))
