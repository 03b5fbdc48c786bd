"""The key set in a file: whole, for its owner alone, and left where it must not be changed."""

import json
import os
from pathlib import Path

import pytest

from app.keys.file_store import FileStore, write_first_key
from app.tokens.errors import KeySetError
from app.tokens.jwk import parse_key_set
from app.tokens.rotation import Document
from tests.app.keys.sets import NEW, OLD, mode, names, to_new


def test_the_first_key_is_a_whole_key_set_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keys.json"
    kid = write_first_key(path, "ES256")
    assert kid
    assert list(parse_key_set(path.read_bytes()).keys) == [kid]
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert names(path.parent) == ["keys.json"]
    assert json.loads(path.read_text())["keys"][0]["state"] == "active"


def test_a_first_key_is_not_made_where_a_key_set_lies(path: Path) -> None:
    before = path.read_bytes()
    assert write_first_key(path, "ES256") is None
    assert path.read_bytes() == before
    assert names(path.parent) == ["keys.json"]


def test_what_is_no_key_set_is_left_as_it_is(path: Path) -> None:
    path.write_text("another's")
    with pytest.raises(KeySetError, match="not JSON"):
        write_first_key(path, "ES256")
    with pytest.raises(KeySetError, match="not JSON"):
        FileStore(path).change(to_new)
    assert path.read_text() == "another's"


def test_a_file_that_came_without_the_lock_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"

    def meanwhile(_: Document | None) -> Document:
        path.write_text("another's")
        return NEW

    with pytest.raises(KeySetError, match="cannot be written: File exists"):
        FileStore(path).change(meanwhile)
    assert path.read_text() == "another's"
    assert names(tmp_path) == ["keys.json"]


def test_a_change_replaces_the_set_for_its_owner_alone(path: Path) -> None:
    mask = os.umask(0)
    try:
        seen: list[Document | None] = []
        assert FileStore(path).change(lambda found: seen.append(found) or NEW) == NEW  # type: ignore[func-returns-value]
    finally:
        os.umask(mask)
    assert seen == [OLD]
    assert FileStore(path).read() == NEW
    assert mode(path) == 0o600
    assert names(path.parent) == ["keys.json"]


def test_a_set_that_stays_as_it_is_is_not_written(path: Path) -> None:
    before = path.stat().st_ino
    FileStore(path).change(lambda found: found or {})
    assert path.stat().st_ino == before


def test_where_there_is_no_file_there_is_no_set(tmp_path: Path) -> None:
    assert FileStore(tmp_path / "keys.json").read() is None
    assert FileStore(tmp_path / "no" / "keys.json").read() is None
    assert names(tmp_path) == []


def test_a_set_that_others_may_open_is_refused_and_left(path: Path) -> None:
    path.chmod(0o640)
    with pytest.raises(KeySetError, match="chmod 600"):
        FileStore(path).change(to_new)
    assert json.loads(path.read_text()) == OLD


def test_what_refuses_a_change_leaves_the_set(path: Path) -> None:
    def refuse(_: Document | None) -> Document:
        raise RuntimeError("not now")

    with pytest.raises(RuntimeError, match="not now"):
        FileStore(path).change(refuse)
    assert json.loads(path.read_text()) == OLD
    assert names(path.parent) == ["keys.json"]


def test_a_link_stays_one_and_what_it_leads_to_is_changed(path: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "keys.json"
    link.symlink_to(path)
    FileStore(link).change(to_new)
    assert link.is_symlink()
    assert json.loads(path.read_text()) == NEW
    assert (names(link.parent), mode(path)) == (["keys.json"], 0o600)


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeySetError, match="link to nothing"):
        FileStore(tmp_path / "keys.json").change(to_new)
    assert names(tmp_path) == ["keys.json"]


def test_what_a_crash_left_behind_is_cleaned_and_nothing_else(path: Path) -> None:
    (path.parent / ".keys.json.0123abcd.unfinished").write_text("half a k")
    kept = ["keys.json.bak", ".other.json.0123abcd.unfinished", ".keys.json.swp"]
    for name in kept:
        (path.parent / name).write_text("mine")
    FileStore(path).change(to_new)
    assert names(path.parent) == sorted([*kept, "keys.json"])


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeySetError, match=r"key set at .*keys\.json cannot be written: "):
        FileStore(tmp_path / "file" / "keys.json").change(to_new)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_change_by_root_leaves_the_set_to_its_owner(path: Path) -> None:
    os.chown(path, 12345, 23456)
    FileStore(path).change(to_new)
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (12345, 23456, 0o600)
