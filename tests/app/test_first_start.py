"""The first start on a laptop makes what is missing, for its owner's eyes; a second, nothing."""

import hashlib
import os
import pty
import re
import stat
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

from app.database import Database, known_revisions
from app.first_start import ADMIN_EMAIL, prepare
from app.main import create_app
from app.parts import find
from app.settings import Settings
from app.tokens.errors import KeySetError
from tests.support import key_set_document

SHOWN = re.compile(r"The password, shown only now: (\S+)")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder, with a umask that hides nothing by itself."""
    monkeypatch.chdir(tmp_path)
    before = os.umask(0o022)
    yield tmp_path
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def state_of(home: Path) -> dict[str, str]:
    """Each file's digest, by its name."""
    files = sorted(path for path in (home / ".ostiary").iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def on_a_terminal() -> str:
    """What a start shows on a terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, redirect_stdout(terminal):
        prepare(Settings(), print)
    shown = b""
    # Linux tells the end of a terminal that nobody writes to any more as an error.
    with suppress(OSError):
        while piece := os.read(ours, 4096):
            shown += piece
    os.close(ours)
    return shown.decode()


def test_a_first_start_makes_a_key_a_database_and_its_schema(home: Path) -> None:
    said: list[str] = []
    prepare(Settings(), said.append)
    assert set(state_of(home)) >= {"keys.json", "ostiary.db"}
    engine = create_engine("sqlite:///.ostiary/ostiary.db")
    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    engine.dispose()
    assert found == known_revisions()[-1]
    assert [sentence.split()[0] for sentence in said] == ["Made", "The", "There"]


def test_what_it_makes_is_for_its_owner_alone(home: Path) -> None:
    prepare(Settings(), lambda _: None)
    assert mode(home / ".ostiary") == 0o700
    assert {path.name: mode(path) for path in (home / ".ostiary").iterdir()} == dict.fromkeys(
        state_of(home), 0o600
    )


def test_where_nobody_looks_no_password_is_shown_and_no_administrator_made(home: Path) -> None:
    said: list[str] = []
    prepare(Settings(), said.append)
    assert not any(SHOWN.search(sentence) for sentence in said)
    assert "ostiary users create admin@localhost --role admin" in said[-1]
    engine = create_engine("sqlite:///.ostiary/ostiary.db")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() == 0
    engine.dispose()


def test_a_terminal_sees_the_password_once_and_it_logs_in(home: Path) -> None:
    shown = SHOWN.findall(on_a_terminal())
    assert len(shown) == 1
    assert SHOWN.findall(on_a_terminal()) == []
    app = create_app(Settings())
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        credentials = {"username": ADMIN_EMAIL, "password": shown[0]}
        answer = client.post("/auth/login", data=credentials)
        assert answer.status_code == 200
        assert "users:read" in answer.json()["scope"].split()
        assert "notes:write" in answer.json()["scope"].split()
    find(app, Database).close()


def test_a_second_start_changes_nothing(home: Path) -> None:
    on_a_terminal()
    before = state_of(home)
    said = on_a_terminal()
    assert state_of(home) == before
    assert "Made" not in said


def test_a_second_start_without_a_terminal_changes_nothing(home: Path) -> None:
    prepare(Settings(), lambda _: None)
    before = state_of(home)
    prepare(Settings(), lambda _: None)
    assert state_of(home) == before


def test_a_key_that_is_there_is_kept(home: Path) -> None:
    prepare(Settings(), lambda _: None)
    key = (home / ".ostiary" / "keys.json").read_bytes()
    (home / ".ostiary" / "ostiary.db").unlink()
    prepare(Settings(), lambda _: None)
    assert (home / ".ostiary" / "keys.json").read_bytes() == key


def test_an_unfit_key_set_is_refused_before_anything_is_made(home: Path) -> None:
    (home / ".ostiary").mkdir()
    (home / ".ostiary" / "keys.json").write_text("{}")
    with pytest.raises(Exception, match="'keys'"):
        prepare(Settings(), lambda _: None)
    assert list(state_of(home)) == ["keys.json"]


def test_a_key_from_elsewhere_needs_no_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYS", key_set_document("ES256"))
    prepare(Settings(keys="env:KEYS"), lambda _: None)
    assert "keys.json" not in state_of(home)


@pytest.mark.parametrize(
    "keys",
    [
        "file:.ostiary/keys.json env:X",
        "file:a.json file:b.json",
        'file:{"keys": [{"k": "s3cret"}]}',
        "file:~/keys.json",
        f"file:{'s3cret' * 100}",
    ],
)
def test_a_source_that_is_no_path_makes_nothing(home: Path, keys: str) -> None:
    with pytest.raises(KeySetError) as refused:
        prepare(Settings(keys=keys), lambda _: None)
    assert list(home.iterdir()) == []
    assert "s3cret" not in str(refused.value).replace("s3cret" * 100, "the path itself")
