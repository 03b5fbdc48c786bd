"""`ostiary keys generate | rotate | retire`: what each does, says and refuses."""

import json

import pytest

from tests.app.keys.conftest import NOW, Keys
from tests.support import key_set_document, private_jwk


def test_a_key_lives_from_next_to_gone(keys: Keys) -> None:
    said = keys("generate", "--alg", "ES256")
    first = keys.kid("active")
    assert said == f"Made an ES256 key, {first}, in {keys.path}."

    said = keys("generate")
    second = keys.kid("next")
    assert said.startswith(f"Published an ES256 key, {second}, as the next one, in {keys.path}.")
    assert "may sign from 2027-01-15T10:10:00Z" in said
    assert keys.states == {first: "active", second: "next"}

    keys.now += 7799
    assert "taken at 2027-01-15T10:10:00Z, in 1 minute\n" in keys.refuses("rotate")
    keys.now += 1
    said = keys("rotate")
    assert said.startswith(f"{second} signs, in every process of the app within 5 minutes.")
    assert f"{first} is retiring: it still verifies, and may go from 2027-01-15T10:25:05Z" in said
    assert "600 s (OSTIARY_ACCESS_TOKEN_SECONDS here)" in said
    assert "What breaks" not in said
    assert keys.states == {first: "retiring", second: "active"}

    keys.now += 904
    assert "taken at 2027-01-15T10:25:05Z, in 1 minute\n" in keys.refuses("retire")
    keys.now += 1
    said = keys("retire")
    assert said == f"{first} is gone from {keys.path}; its kid will not be used again."
    assert keys.states == {second: "active", first: "gone"}
    assert keys.path.stat().st_mode & 0o777 == 0o600


def test_the_first_key_is_an_rs256_key(keys: Keys) -> None:
    assert keys("generate").startswith("Made an RS256 key, ")
    assert keys.document["keys"][0]["alg"] == "RS256"
    assert keys("generate").startswith("Published an RS256 key, ")


def test_tokens_that_live_longer_are_waited_for(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    keys("rotate", "--emergency", OSTIARY_ACCESS_TOKEN_SECONDS="3600")
    keys.now += 3904
    assert "in 1 minute" in keys.refuses("retire", OSTIARY_ACCESS_TOKEN_SECONDS="3600")
    keys.now += 1
    keys("retire", OSTIARY_ACCESS_TOKEN_SECONDS="3600")


def test_a_key_of_another_family_is_a_migration_that_is_warned_of(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    code, out, err = keys.run("generate", "--alg", "HS256", **keys.source)
    assert (code, out[:23]) == (0, "Published an HS256 key,")
    assert "mixes the families ES, HS" in err
    assert sorted(key["alg"] for key in keys.document["keys"]) == ["ES256", "HS256"]


def test_a_key_of_the_same_family_is_not_warned_of(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    keys("generate", "--alg", "ES512")


def test_there_is_one_next_key_at_a_time(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    keys("generate")
    assert f"{keys.kid('next')} is the next key already" in keys.refuses("generate")


def test_an_algorithm_that_is_none_is_refused(keys: Keys) -> None:
    assert "alg must be one of" in keys.refuses("generate", "--alg", "none")
    assert not keys.path.exists()


@pytest.mark.parametrize("words", [("list",), ("rotate",), ("rotate", "--emergency"), ("retire",)])
def test_where_there_is_no_set_it_is_told_how_to_make_one(
    keys: Keys, words: tuple[str, ...]
) -> None:
    told = keys.refuses(*words)
    assert f"there is no key set at {keys.path}; make one with `ostiary keys generate`" in told
    assert not keys.path.exists()


def test_without_a_next_key_nothing_rotates(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    assert "there is no next key" in keys.refuses("rotate")


@pytest.mark.parametrize("emergency", [(), ("--emergency",)])
def test_the_active_key_does_not_retire(keys: Keys, emergency: tuple[str, ...]) -> None:
    keys("generate", "--alg", "ES256")
    assert "signs: rotate first" in keys.refuses("retire", keys.kid("active"), *emergency)


def test_a_next_key_retires_at_once_and_breaks_nothing(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    keys("generate")
    unwanted = keys.kid("next")
    assert "What breaks" not in keys("retire", unwanted, "--emergency")
    assert keys.states[unwanted] == "gone"


def test_of_several_retiring_keys_one_must_be_named(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    first = keys.kid("active")
    keys("rotate", "--emergency")
    second = keys.kid("active")
    keys("rotate", "--emergency")
    assert f"name the one to retire: {first}, {second}\n" in keys.refuses("retire", "--emergency")
    keys("retire", "--emergency", second)
    assert (keys.states[first], keys.states[second]) == ("retiring", "gone")


def test_a_kid_may_begin_with_a_hyphen(keys: Keys) -> None:
    retiring = private_jwk("ES256", "second") | {"kid": "-e", "state": "retiring", "since": 5}
    active = private_jwk("ES256") | {"state": "active", "since": 5}
    keys.write({"keys": [active, retiring]})
    assert keys("retire", "-e").startswith("-e is gone")


def test_a_next_key_can_join_a_set_that_was_made_by_hand(keys: Keys) -> None:
    keys.write(json.loads(key_set_document("ES256")))
    keys("generate")
    assert sorted(keys.states.values()) == ["active", "next"]
    assert {key["since"] for key in keys.document["keys"]} == {NOW}


def test_a_key_that_cannot_sign_does_not_come_to_sign(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    keys("generate")
    document = keys.document
    document["keys"][1]["d"] = private_jwk("ES256")["d"]
    keys.write(document)
    assert "does not sign what its public half" in keys.refuses("rotate", "--emergency")
    keys("retire", keys.kid("next"))
    assert sorted(keys.states.values()) == ["active", "gone"]


def test_a_broken_set_is_refused_and_left(keys: Keys) -> None:
    keys.write({"keys": []})
    for words in (("list",), ("generate",), ("rotate", "--emergency"), ("retire",)):
        assert "'keys' must be an array" in keys.refuses(*words)


def test_a_set_that_others_may_open_is_refused(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    keys.path.chmod(0o644)
    for words in (("list",), ("generate",), ("rotate", "--emergency"), ("retire",)):
        assert "chmod 600" in keys.refuses(*words)
