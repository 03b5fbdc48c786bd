"""Where key sets come from, and what is said when nothing usable is there."""

import json
from pathlib import Path

import pytest

from app.tokens.errors import KeySetError
from app.tokens.key_sources import load_key_set
from tests.support import key_set_document, private_jwk

NAME = "TEST_KEY_SET"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds a key set."""
    path = tmp_path / "keys.json"
    path.write_text(key_set_document("ES256"))
    return path


def refusal(source: str) -> str:
    with pytest.raises(KeySetError) as refused:
        load_key_set(source)
    return str(refused.value)


def test_a_file_holds_a_key_set(path: Path) -> None:
    assert list(load_key_set(f"file:{path}").keys) == [private_jwk("ES256")["kid"]]


def test_a_path_may_be_relative(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    assert load_key_set("file:keys.json").signing


def test_a_path_may_hold_colons(path: Path) -> None:
    odd = path.rename(path.with_name("a:b.json"))
    assert load_key_set(f"file:{odd}").signing


def test_a_variable_holds_a_key_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, key_set_document("RS256", "ES256"))
    assert len(load_key_set(f"env:{NAME}").keys) == 2


def test_a_source_is_read_again_each_time(path: Path) -> None:
    before = load_key_set(f"file:{path}")
    path.write_text(key_set_document("RS256"))
    assert load_key_set(f"file:{path}").keys != before.keys


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
        *("", ":", "file", "file:", "env:", "FILE:keys.json", "keys.json", "/etc/keys.json", "x:y"),
        *("http://127.0.0.1/jwks.json", " file:keys.json"),
    ],
)
def test_a_source_is_written_as_file_or_env(source: str) -> None:
    assert "a key source is written `file:PATH` or `env:NAME`" in refusal(source)


def test_a_key_set_in_place_of_its_source_is_not_repeated() -> None:
    document = key_set_document("HS256")
    sentence = refusal(document)
    assert private_jwk("HS256")["k"] not in sentence
    assert len(sentence) < 200


def test_a_secret_put_where_a_source_belongs_is_not_repeated() -> None:
    with pytest.raises(KeySetError) as refused:
        load_key_set("s3cret-s3cret-s3cret")
    assert "s3cret" not in str(refused.value)


def test_a_path_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(KeySetError, match="cannot be read"):
        load_key_set("file:a\0b")


@pytest.mark.parametrize("source", ["env:", "file:", "file: "])
def test_a_key_set_put_where_its_place_belongs_is_not_repeated(source: str) -> None:
    with pytest.raises(KeySetError, match="not the key set itself") as refused:
        load_key_set(source + '{"keys": [{"kty": "oct", "k": "s3cret"}]}')
    assert "s3cret" not in str(refused.value)
