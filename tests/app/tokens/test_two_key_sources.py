"""Two sources side by side: the first for a cold start, the second as soon as it has answered."""

from pathlib import Path

import pytest

from app.tokens.errors import KeySetError, KeysUnavailable
from app.tokens.key_sources import open_verifying_keys
from app.tokens.keys import KeySet
from tests.app.tokens.ringing import Clock
from tests.support import key_set, key_set_document
from tests.web_server import WebServer, answers_json, hangs_up

OLD, NEW = key_set("ES256").verifying(), key_set("ES384").verifying()


@pytest.fixture
def first(monkeypatch: pytest.MonkeyPatch) -> str:
    """A source whose set is of one ES256 key."""
    monkeypatch.setenv("TEST_FIRST", key_set_document("ES256"))
    return "env:TEST_FIRST"


def test_the_second_is_asked_for_an_unknown_kid_and_alone_counts_from_then_on(first: str) -> None:
    clock = Clock()
    with WebServer(hangs_up) as server:
        ring = open_verifying_keys(
            f"{first} {server.url()}", accept=lambda keys: keys.verifying(), clock=clock
        )
        assert ring.current() == OLD
        assert server.requests == []
        assert ring.after_unknown_kid() == OLD  # it is down
        server.speak = answers_json(NEW.jwks())
        clock.at(9)
        assert ring.after_unknown_kid() == OLD
        clock.at(10)
        assert ring.after_unknown_kid() == NEW
        server.speak = hangs_up
        for seconds in (20, 310, 3610):
            clock.at(seconds)
            assert ring.current() == ring.after_unknown_kid() == NEW
        clock.at(3611)
        with pytest.raises(KeysUnavailable):
            ring.current()


def test_the_second_is_asked_after_300_seconds_without_any_unknown_kid(first: str) -> None:
    clock = Clock()
    with WebServer(answers_json(NEW.jwks())) as server:
        ring = open_verifying_keys(f"{first} {server.url()}", clock=clock)
        clock.at(299)
        assert ring.current().signing
        clock.at(300)
        assert ring.current() == NEW
    assert len(server.requests) == 1


def test_a_path_with_spaces_may_stand_on_either_side(first: str, tmp_path: Path) -> None:
    folder = tmp_path / "my keys and env"
    folder.mkdir()
    path = folder / "a file.json"
    path.write_text(key_set_document("ES384"))
    path.chmod(0o600)
    assert open_verifying_keys(f"file:{path}").current().signing
    assert open_verifying_keys(f"file:{path} {first}").current() == key_set("ES384")
    clock = Clock()
    ring = open_verifying_keys(f"{first} file:{path}", clock=clock)
    assert ring.current() == key_set("ES256")
    clock.at(300)
    assert ring.current() == key_set("ES384")


def test_of_two_the_first_must_give_a_set_at_once(first: str) -> None:
    with pytest.raises(KeySetError, match="the variable TEST_ABSENT is not set"):
        open_verifying_keys(f"env:TEST_ABSENT {first}")


def test_one_that_stands_alone_is_read_when_it_is_first_asked() -> None:
    with WebServer(answers_json(NEW.jwks())) as server:
        ring = open_verifying_keys(server.url())
        assert server.requests == []
        assert ring.current() == NEW
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "setting",
    [
        "env:A env:B env:C",
        "file:a https://b.example.com env:C",
        "env:A env:B kms:C",
        "env:A http://b secretsmanager:C",
    ],
)
def test_three_are_too_many(setting: str) -> None:
    with pytest.raises(KeySetError, match="at most two key sources stand side by side"):
        open_verifying_keys(setting)


@pytest.mark.parametrize(
    "setting",
    ["{} kms:alias/ostiary", "secretsmanager:ostiary {}", "{}  {}", "{}, {}", "{}\n{}", "{} {} "],
)
def test_what_is_parted_otherwise_or_no_source_to_verify_by_is_refused(
    setting: str, first: str
) -> None:
    with pytest.raises(KeySetError, match=r"a key source is written|takes the name of a variable"):
        open_verifying_keys(setting.format(first, first))


@pytest.mark.parametrize("good_first", [True, False])
def test_each_set_of_either_source_must_be_acceptable(good_first: bool, first: str) -> None:
    def accept(keys: KeySet) -> KeySet:
        if (keys == NEW) is good_first:
            raise KeySetError("not acceptable")
        return keys

    clock = Clock()
    with WebServer(answers_json(NEW.jwks())) as server:
        setting = f"{first} {server.url()}"
        if not good_first:
            with pytest.raises(KeySetError, match="not acceptable"):
                open_verifying_keys(setting, accept=accept, clock=clock)
            return
        ring = open_verifying_keys(setting, accept=accept, clock=clock)
        clock.at(300)
        assert ring.current().signing, "the set that was not acceptable is not taken"
    assert len(server.requests) == 1


def test_a_second_that_lasts_takes_the_place_of_the_first(
    first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_SECOND", key_set_document("ES384"))
    clock = Clock()
    ring = open_verifying_keys(f"{first} env:TEST_SECOND", clock=clock)
    clock.at(300)
    assert ring.current() == key_set("ES384")


def test_a_second_that_lies_at_hand_is_asked_for_an_unknown_kid(
    first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_SECOND", key_set_document("ES384"))
    ring = open_verifying_keys(f"{first} env:TEST_SECOND")
    assert ring.current() != key_set("ES384")
    assert ring.after_unknown_kid() == key_set("ES384")
    assert ring.current() == key_set("ES384")


def test_a_first_that_is_down_gives_no_ring() -> None:
    with WebServer(hangs_up) as server, pytest.raises(KeysUnavailable, match="RemoteDisconnected"):
        open_verifying_keys(f"{server.url()} env:TEST_SECOND")
