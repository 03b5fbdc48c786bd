"""The first key: whole or not there, and never over another's."""

from pathlib import Path

import pytest

from app.key_file import write_first_key
from app.tokens.jwk import parse_key_set


def test_the_first_key_is_a_whole_key_set_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keys.json"
    kid = write_first_key(path, "ES256")
    assert list(parse_key_set(path.read_bytes()).keys) == [kid]
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_key_set_that_lies_there_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("another's")
    with pytest.raises(FileExistsError):
        write_first_key(path, "ES256")
    assert path.read_text() == "another's"
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_leaves_no_half_of_a_key_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("app.key_file.os.fsync", crash)
    with pytest.raises(OSError, match="the disk is full"):
        write_first_key(tmp_path / "keys.json", "ES256")
    assert list(tmp_path.iterdir()) == []
