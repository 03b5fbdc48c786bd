"""Where key sets come from, and what is said when nothing usable is there."""

import json
import os
from pathlib import Path

import pytest

from app.tokens.errors import KeySetError
from app.tokens.key_sources import (
    TO_VERIFY,
    check_path,
    environment_source,
    open_source,
    open_verifying_keys,
)
from app.tokens.keys import KeySet
from tests.app.tokens.ringing import Clock
from tests.support import key_set, key_set_document, private_jwk

NAME = "TEST_KEY_SET"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds a key set."""
    path = tmp_path / "keys.json"
    path.write_text(key_set_document("ES256"))
    path.chmod(0o600)
    return path


def load(source: str) -> KeySet:
    """What one source holds at this moment."""
    return open_source(source, TO_VERIFY).read()


def refusal(source: str) -> str:
    with pytest.raises(KeySetError) as refused:
        load(source)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return str(refused.value)


def test_a_file_holds_a_key_set(path: Path) -> None:
    assert list(load(f"file:{path}").keys) == [private_jwk("ES256")["kid"]]


def test_a_path_may_be_relative(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    assert load("file:keys.json").signing


def test_a_path_may_hold_colons(path: Path) -> None:
    odd = path.rename(path.with_name("a:b.json"))
    assert load(f"file:{odd}").signing


def test_a_variable_holds_a_key_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, key_set_document("RS256", "ES256"))
    assert len(load(f"env:{NAME}").keys) == 2


def test_a_source_is_read_again_each_time(path: Path) -> None:
    before = load(f"file:{path}")
    path.write_text(key_set_document("RS256"))
    assert load(f"file:{path}").keys != before.keys


def test_an_absent_file_says_how_to_make_one(tmp_path: Path) -> None:
    sentence = refusal(f"file:{tmp_path / 'keys.json'}")
    assert sentence.startswith(f"no key set lies at {tmp_path / 'keys.json'}")
    assert "ostiary keys generate" in sentence


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert f"the key set at {tmp_path} cannot be read: Is a directory" in refusal(
        f"file:{tmp_path}"
    )


@pytest.mark.parametrize("value", [None, ""])
def test_an_absent_or_empty_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv(NAME, raising=False)
    if value is not None:
        monkeypatch.setenv(NAME, value)
    assert f"the variable {NAME} is not set" in refusal(f"env:{NAME}")


def test_a_refused_key_set_is_told_with_its_source(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json.dumps({"keys": [private_jwk("ES256") | {"use": "enc"}]})
    path.write_text(document)
    monkeypatch.setenv(NAME, document)
    for source in (f"file:{path}", f"env:{NAME}"):
        sentence = refusal(source)
        assert sentence.startswith(f"{source}: the key '{private_jwk('ES256')['kid']}' is refused")


@pytest.mark.parametrize("document", [b"", b"\xff\xfe", b"not json", b"{}", b'{"keys":[]}'])
def test_a_file_that_is_no_key_set_is_refused(path: Path, document: bytes) -> None:
    path.write_bytes(document)
    assert refusal(f"file:{path}").startswith(f"file:{path}: ")


def test_a_variable_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "\udcff\udcfe")
    assert refusal(f"env:{NAME}").startswith(f"env:{NAME}: the key set is not JSON")


@pytest.mark.parametrize(
    "source",
    [
        *("", ":", "file", "file:", "env:", "https:", "FILE:keys.json", "keys.json", "x:y"),
        *("/etc/keys.json", " file:keys.json", "kms:alias/ostiary", "secretsmanager:ostiary"),
        *("HTTPS://example.com/jwks.json", "jwks:https://example.com"),
    ],
)
def test_a_source_is_written_in_one_of_three_ways(source: str) -> None:
    sentence = refusal(source)
    assert "is written `file:PATH`, `env:NAME`, `https://HOST/PATH` here" in sentence
    with pytest.raises(KeySetError) as refused:
        open_verifying_keys(source)
    assert str(refused.value) == sentence


def test_where_fewer_sources_are_taken_only_those_are_named() -> None:
    with pytest.raises(
        KeySetError, match="is written `env:NAME` here, and what OSTIARY_KEYS says is none of them"
    ):
        open_source("file:keys.json", {"env": environment_source})


@pytest.mark.parametrize("name", ["A B", "1A", "A-B", "A=B", "A.B", "Ä", "A\n", "A" * 129, "$A"])
def test_a_variable_has_a_name_and_a_secret_in_its_place_is_not_repeated(name: str) -> None:
    sentence = refusal(f"env:{name}")
    assert sentence == "`env:` takes the name of a variable, not the key set itself"


@pytest.mark.parametrize("name", ["A", "_", "a1_B", "A" * 128])
def test_a_variable_may_have_any_portable_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, key_set_document("ES256"))
    assert load(f"env:{name}").signing


def test_a_key_set_in_place_of_its_source_is_not_repeated() -> None:
    document = key_set_document("HS256")
    sentence = refusal(document)
    assert private_jwk("HS256")["k"] not in sentence
    assert len(sentence) < 200


def test_a_secret_put_where_a_source_belongs_is_not_repeated() -> None:
    with pytest.raises(KeySetError) as refused:
        load("s3cret-s3cret-s3cret")
    assert "s3cret" not in str(refused.value)


def test_a_path_that_cannot_be_one_is_refused() -> None:
    assert refusal("file:a\0b") == "the key set cannot be read: its path holds a NUL character"


def test_what_is_no_key_but_perhaps_a_secret_is_not_repeated(path: Path) -> None:
    path.write_text('{"keys": ["s3cret-s3cret-s3cret"]}')
    assert "s3cret" not in refusal(f"file:{path}")


@pytest.mark.parametrize("alg", ["ES256", "RS256", "HS256"])
def test_a_set_with_secrets_is_for_its_owner_alone(path: Path, alg: str) -> None:
    path.write_text(key_set_document(alg))
    for mode in (0o600, 0o400, 0o700, 0o1600):
        path.chmod(mode)
        assert load(f"file:{path}").signing
    for mode in (0o640, 0o604, 0o644, 0o666, 0o610, 0o601, 0o620, 0o602, 0o660, 0o606):
        path.chmod(mode)
        assert refusal(f"file:{path}") == (
            f"the key set at {path} holds private keys, and others may open it (its mode is "
            f"{mode:04o}, 0600 was expected): run `chmod 600 {path}`"
        )


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640, 0o644, 0o666])
def test_a_set_of_public_keys_is_for_everybody(path: Path, mode: int) -> None:
    public = {"keys": [dict(jwk) for jwk in key_set("ES256", "RS256").jwks()["keys"]]}
    path.write_text(json.dumps(public))
    path.chmod(mode)
    assert len(load(f"file:{path}").keys) == 2


def test_the_mode_is_that_of_the_file_behind_a_link(path: Path) -> None:
    link = path.with_name("link.json")
    link.symlink_to(path)
    assert load(f"file:{link}").signing
    path.chmod(0o644)
    assert "its mode is 0644" in refusal(f"file:{link}")


def test_a_file_that_is_replaced_is_seen_after_300_seconds(path: Path) -> None:
    clock = Clock()
    ring = open_verifying_keys(f"file:{path}", clock=clock)
    assert ring.current() == key_set("ES256")
    path.write_text(key_set_document("ES384"))
    clock.at(299)
    assert ring.after_unknown_kid() == ring.current() == key_set("ES256")
    clock.at(300)
    assert ring.current() == key_set("ES384")


@pytest.mark.parametrize("damage", ["truncated", "empty", "gone", "open to others", "a directory"])
def test_a_file_that_is_damaged_or_gone_keeps_the_old_set(
    damage: str, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    ring = open_verifying_keys(f"file:{path}", clock=clock)
    before = ring.current()
    whole = path.read_text()
    path.write_text({"truncated": whole[:-9], "empty": ""}.get(damage, whole))
    if damage == "open to others":
        path.chmod(0o644)
    elif damage in ("gone", "a directory"):
        path.unlink()
        if damage == "a directory":
            path.mkdir()
    clock.at(300)
    assert ring.current() is before
    assert str(path) in caplog.text
    assert private_jwk("ES256")["d"] not in caplog.text


def test_a_variable_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, key_set_document("ES256"))
    clock = Clock()
    ring = open_verifying_keys(f"env:{NAME}", clock=clock)
    before = ring.current()
    monkeypatch.delenv(NAME)
    clock.at(10**6)
    assert ring.current() is before


def test_a_variable_that_was_read_an_hour_ago_still_knows_no_unknown_kid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(NAME, key_set_document("ES256"))
    clock = Clock()
    ring = open_verifying_keys(f"env:{NAME}", clock=clock)
    before = ring.current()
    clock.at(3601)
    assert ring.after_unknown_kid() is before


@pytest.mark.parametrize("source", ["env:", "file:", "file: "])
def test_a_key_set_put_where_its_place_belongs_is_not_repeated(source: str) -> None:
    with pytest.raises(KeySetError, match="not the key set itself") as refused:
        load(source + '{"keys": [{"kty": "oct", "k": "s3cret"}]}')
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "misplaced",
    ['[{"k": "s3cret"}]', '"s3cret"', "-----BEGIN PRIVATE KEY-----s3cret", "a.json env:s3cret"],
)
def test_what_is_no_path_is_not_repeated(misplaced: str) -> None:
    with pytest.raises(KeySetError) as refused:
        check_path(misplaced)
    assert "s3cret" not in str(refused.value)


def test_a_home_folder_is_to_be_written_out() -> None:
    with pytest.raises(KeySetError, match="write your home folder out"):
        check_path("~/keys.json")


def test_a_pipe_or_an_endless_file_is_no_key_set(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    large = tmp_path / "large.json"
    large.write_bytes(key_set_document("ES256").encode() + b" " * 65_536)
    for path in (pipe, large, Path("/dev/zero")):
        assert "a file of at most 65536 bytes was expected" in refusal(f"file:{path}")
