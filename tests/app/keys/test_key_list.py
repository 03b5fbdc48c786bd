"""`ostiary keys list | show-jwks`, and the sources that are only read."""

import json
import re

import pytest

from tests.app.keys.conftest import Keys
from tests.support import key_set_document, private_jwk


def test_the_list_tells_each_key_and_when_its_next_step_may_be_taken(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    first = keys.kid("active")
    assert table(keys) == [
        [first, "ES256", "active", "2027-01-15T08:00:00Z", "`keys generate` publishes the next key"]
    ]
    keys("rotate", "--emergency")
    keys.now += 60
    keys("generate", "--alg", "ES256")
    second, third = keys.kid("active"), keys.kid("next")
    assert table(keys) == [
        [third, "ES256", "next", "2027-01-15T08:01:00Z", "may sign at 2027-01-15T10:11:00Z"],
        [second, "ES256", "active", "2027-01-15T08:00:00Z", "retires when the next key signs"],
        [first, "ES256", "retiring", "2027-01-15T08:00:00Z", "may go at 2027-01-15T08:15:05Z"],
    ]
    keys.now += 7800
    assert [row[4] for row in table(keys)] == [
        "may sign now: `keys rotate`",
        "retires when the next key signs",
        "may go now: `keys retire`",
    ]
    keys("retire")
    assert table(keys)[-1] == [first, "–", "gone", "2027-01-15T10:11:00Z", "–"]


def table(keys: Keys) -> list[list[str]]:
    """The rows of `list` in their columns."""
    code, out, err = keys.run("list", **keys.source)
    assert (code, err) == (0, "")
    head, *rows = (re.split(r" {2,}", line) for line in out.splitlines())
    assert head == ["KID", "ALG", "STATE", "SINCE", "NEXT STEP"]
    starts = {line.index(row[2]) for line, row in zip(out.splitlines()[1:], rows, strict=True)}
    assert starts == {out.index("STATE")}
    return rows


def test_a_set_in_a_variable_is_listed_and_not_changed(keys: Keys) -> None:
    variable = {"OSTIARY_KEYS": "env:KEYS", "KEYS": key_set_document("ES256", "RS256")}
    listed = keys("list", **variable)
    first, second = (private_jwk(alg)["kid"] for alg in ("ES256", "RS256"))
    assert f"{first} ES256 active – read-only: see docs/keys.md" in listed
    assert f"{second} RS256 published – read-only: see docs/keys.md" in listed
    for words in (("generate",), ("rotate",), ("rotate", "--emergency"), ("retire", second)):
        assert "a variable cannot be changed from here" in keys.refuses(*words, **variable)


@pytest.mark.parametrize(
    ("source", "instead"),
    [("kms:one,two", "kms:OLD,NEW"), ("https://example.com/jwks.json", "the app that signs")],
)
def test_sources_that_cannot_be_changed_say_what_to_do_instead(
    keys: Keys, source: str, instead: str
) -> None:
    for words in (("generate",), ("rotate",), ("retire",), ("retire", "--emergency")):
        assert instead in keys.refuses(*words, OSTIARY_KEYS=source)


def test_the_public_halves_are_shown_and_no_others(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    keys("generate")
    keys("retire", keys.kid("next"))
    keys("generate")
    shown = json.loads(keys("show-jwks"))
    assert set(shown) == {"keys"}
    assert [key["kid"] for key in shown["keys"]] == [keys.kid("active"), keys.kid("next")]
    assert {frozenset(key) for key in shown["keys"]} == {
        frozenset(("kty", "kid", "alg", "use", "crv", "x", "y"))
    }


def test_a_set_that_was_made_by_hand_gets_states_and_its_waits_begin(keys: Keys) -> None:
    keys.write(json.loads(key_set_document("ES256", "ES384")))
    first, second = (key["kid"] for key in keys.document["keys"])
    rows = [line.split()[:3] for line in keys.run("list", **keys.source)[1].splitlines()[1:]]
    assert rows == [[first, "ES256", "active"], [second, "ES384", "retiring"]]

    code, out, err = keys.run("retire", **keys.source)
    assert (code, out) == (
        1,
        f"The keys in {keys.path} told no states; they do now, and their waits begin.\n",
    )
    assert "may be taken at 2027-01-15T08:15:05Z" in err
    assert keys.states == {first: "active", second: "retiring"}
    keys.now += 905
    assert keys("retire").startswith(f"{second} is gone")
