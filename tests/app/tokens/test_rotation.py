"""The steps of a key's life: each one, each refusal with its exact time, and both sides of it."""

import json
from copy import deepcopy
from typing import Any

import pytest

from app.discovery.router import MAX_AGE_SECONDS
from app.tokens import rotation
from app.tokens.jwk import parse_key_set
from app.tokens.key_states import State
from app.tokens.rotation import RotationError, Waits, keys_in
from tests.support import private_jwk

NOW = 1_800_000_000  # 2027-01-15T08:00:00Z
WAITS = Waits(before_signing=7800, before_going=905)


def jwk(name: str, alg: str = "ES256") -> dict[str, Any]:
    """A private key whose kid is its name."""
    return private_jwk(alg, name) | {"kid": name}


def in_state(name: str, state: str, since: int = NOW) -> dict[str, Any]:
    return jwk(name) | {"state": state, "since": since}


def a_set(**states: str) -> dict[str, Any]:
    """A set of the keys named, each in its state since NOW."""
    return {"keys": [in_state(name, state) for name, state in states.items()]}


def states_of(document: Any) -> dict[str, str]:
    """Kid → state, the gone ones among them; the set must parse."""
    parse_key_set(json.dumps(document).encode())
    kept = {key["kid"]: key["state"] for key in document["keys"]}
    return kept | {key["kid"]: "gone" for key in document.get("gone", [])}


def test_the_waits_are_the_caches_in_between_one_behind_the_other() -> None:
    waits = Waits.between(jwks_max_age=MAX_AGE_SECONDS, token_seconds=600)
    assert waits == Waits(before_signing=300 + 300 + 7200, before_going=300 + 600 + 5)


def test_the_first_key_signs_at_once() -> None:
    assert rotation.first(jwk("a"), NOW) == a_set(a="active")


def test_a_published_key_is_the_next_one_and_changes_no_other() -> None:
    before = a_set(a="active", r="retiring")
    after = rotation.publish(before, jwk("b"), NOW + 7)
    assert after == {"keys": [*before["keys"], in_state("b", "next", NOW + 7)]}
    assert states_of(after) == {"a": "active", "r": "retiring", "b": "next"}


def test_there_is_one_next_key_at_most() -> None:
    with pytest.raises(RotationError, match=r"^n is the next key already: .*rotate.*retire n"):
        rotation.publish(a_set(a="active", n="next"), jwk("b"), NOW)


@pytest.mark.parametrize("kid", ["a", "r", "g"])
def test_no_kid_is_used_twice(kid: str) -> None:
    document = a_set(a="active", r="retiring") | {"gone": [{"kid": "g", "since": NOW}]}
    with pytest.raises(RotationError, match=f"the kid {kid} was used before"):
        rotation.publish(document, jwk("b") | {"kid": kid}, NOW)


@pytest.mark.parametrize("late", [7800, 7800.5, 90_000])
def test_the_next_key_signs_once_its_wait_is_over(late: float) -> None:
    before = a_set(a="active", n="next", r="retiring")
    after = rotation.activate(before, NOW + late, WAITS)
    assert states_of(after) == {"a": "retiring", "n": "active", "r": "retiring"}
    since = {key["kid"]: key["since"] for key in after["keys"]}
    assert since == {"a": -(-(NOW + late) // 1), "n": -(-(NOW + late) // 1), "r": NOW}
    assert all(type(moment) is int for moment in since.values())


@pytest.mark.parametrize(
    ("early", "span"),
    [(1, "1 minute"), (0.5, "1 minute"), (61, "2 minutes"), (7800, "130 minutes")],
)
def test_the_next_key_does_not_sign_a_second_too_early(early: float, span: str) -> None:
    with pytest.raises(RotationError) as refused:
        rotation.activate(a_set(a="active", n="next"), NOW + 7800 - early, WAITS)
    assert str(refused.value) == (
        "n must not sign yet, since some verifiers may hold a set without it: the rotation may be "
        f"taken at 2027-01-15T10:10:00Z, in {span}"
    )


def test_in_an_emergency_the_next_key_signs_at_once() -> None:
    after = rotation.activate(a_set(a="active", n="next"), NOW, WAITS, emergency=True)
    assert states_of(after) == {"a": "retiring", "n": "active"}


@pytest.mark.parametrize("emergency", [True, False])
def test_without_a_next_key_nothing_rotates(*, emergency: bool) -> None:
    with pytest.raises(RotationError, match=r"no next key: .*keys generate.* 130 minutes later"):
        rotation.activate(a_set(a="active"), NOW, WAITS, emergency=emergency)


@pytest.mark.parametrize("kid", ["r", None])
def test_a_retiring_key_goes_once_its_wait_is_over_and_leaves_its_kid(kid: str | None) -> None:
    before = a_set(a="active", r="retiring") | {"gone": [{"kid": "g", "since": 5}]}
    after = rotation.retire(before, kid, NOW + 905.5, WAITS)
    assert after["keys"] == [in_state("a", "active")]
    assert after["gone"] == [{"kid": "g", "since": 5}, {"kid": "r", "since": NOW + 906}]
    assert states_of(after) == {"a": "active", "g": "gone", "r": "gone"}


def test_a_retiring_key_does_not_go_a_second_too_early() -> None:
    with pytest.raises(RotationError) as refused:
        rotation.retire(a_set(a="active", r="retiring"), "r", NOW + 904, WAITS)
    assert str(refused.value) == (
        "r must not go yet, since tokens that it signed may still be in use: the retirement may be "
        "taken at 2027-01-15T08:15:05Z, in 1 minute"
    )


def test_in_an_emergency_a_retiring_key_goes_at_once() -> None:
    after = rotation.retire(a_set(a="active", r="retiring"), None, NOW, WAITS, emergency=True)
    assert states_of(after) == {"a": "active", "r": "gone"}


def test_a_next_key_that_never_signed_goes_at_once() -> None:
    after = rotation.retire(a_set(a="active", n="next"), "n", NOW + 1, WAITS)
    assert states_of(after) == {"a": "active", "n": "gone"}


@pytest.mark.parametrize("emergency", [True, False])
@pytest.mark.parametrize(
    ("document", "kid", "why"),
    [
        (a_set(a="active", r="retiring"), "a", "^a signs: rotate first"),
        (a_set(a="active"), None, "no key is retiring"),
        (a_set(a="active", n="next"), None, "no key is retiring"),
        (a_set(a="active", r="retiring"), "x", "no key of the set has the kid x"),
        (a_set(a="active", r="retiring", s="retiring"), None, "several keys are retiring.*: r, s$"),
    ],
)
def test_what_cannot_be_retired_is_told(
    document: dict[str, Any], kid: str | None, why: str, *, emergency: bool
) -> None:
    with pytest.raises(RotationError, match=why):
        rotation.retire(document, kid, NOW + 10_000, WAITS, emergency=emergency)


def test_of_several_retiring_keys_the_one_named_goes() -> None:
    document = a_set(r="retiring", a="active", s="retiring")
    after = rotation.retire(document, "s", NOW + 905, WAITS)
    assert states_of(after) == {"r": "retiring", "a": "active", "s": "gone"}


def test_a_set_without_states_gets_them_at_its_first_change() -> None:
    public = {name: value for name, value in jwk("p").items() if name != "d"}
    document = {"keys": [public, jwk("a"), jwk("b", "HS256")], "gone": [{"kid": "g", "since": 5}]}
    stated = rotation.with_states(document, NOW)
    assert states_of(stated) == {"p": "retiring", "a": "active", "b": "retiring", "g": "gone"}
    assert {key["since"] for key in stated["keys"]} == {NOW}
    assert states_of(rotation.publish(document, jwk("n"), NOW))["n"] == "next"
    signing = parse_key_set(json.dumps(document).encode()).signing
    assert signing is not None
    assert signing.kid == keys_in(stated, State.ACTIVE)[0]["kid"]


def test_an_hmac_key_without_a_state_can_be_the_one_that_signs() -> None:
    stated = rotation.with_states({"keys": [jwk("h", "HS256"), jwk("a")]}, NOW)
    assert states_of(stated) == {"h": "active", "a": "retiring"}


def test_the_waits_of_a_set_without_states_begin_with_its_states() -> None:
    document = {"keys": [jwk("a"), jwk("b")]}
    with pytest.raises(RotationError, match="2027-01-15T08:15:05Z"):
        rotation.retire(document, "b", NOW, WAITS)
    stated = rotation.with_states(document, NOW)
    assert states_of(rotation.retire(stated, "b", NOW + 905, WAITS)) == {"a": "active", "b": "gone"}


def test_states_that_are_there_stay_as_they_are() -> None:
    document = a_set(a="active", r="retiring")
    assert rotation.with_states(document, NOW + 50) is document


def test_a_set_of_public_halves_is_not_rotated() -> None:
    public = {name: value for name, value in jwk("p").items() if name != "d"}
    with pytest.raises(RotationError, match="not the set that signs"):
        rotation.with_states({"keys": [public]}, NOW)


def test_no_step_changes_the_set_that_it_is_given() -> None:
    document = a_set(a="active", n="next", r="retiring") | {"gone": [{"kid": "g", "since": 5}]}
    before = deepcopy(document)
    rotation.activate(document, NOW, WAITS, emergency=True)
    rotation.retire(document, "n", NOW, WAITS)
    rotation.retire(document, "r", NOW, WAITS, emergency=True)
    bare = {"keys": [jwk("a")]}
    rotation.publish(bare, jwk("b"), NOW)
    assert (document, bare) == (before, {"keys": [jwk("a")]})


def test_a_clock_that_was_set_back_makes_a_wait_longer_and_never_shorter() -> None:
    with pytest.raises(RotationError, match="10:10:00Z, in 230 minutes"):
        rotation.activate(a_set(a="active", n="next"), NOW - 6000, WAITS)


@pytest.mark.parametrize("since", [10**12, 10**18, -(10**18)])
def test_a_time_that_no_calendar_knows_is_told_all_the_same(since: int) -> None:
    document = {"keys": [in_state("a", "active"), in_state("n", "next", since)]}
    if since < 0:
        assert states_of(rotation.activate(document, NOW, WAITS))["n"] == "active"
    else:
        with pytest.raises(RotationError, match=r"may be taken at .*33658|s after 1970"):
            rotation.activate(document, NOW, WAITS)
    assert rotation.utc(since)
