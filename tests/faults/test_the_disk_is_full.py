"""A disk without any room left under SQLite: nothing new is taken, and all that was taken is read.

Full is a small file system of its own, where the machine gives one to whoever asks, and a limit on
the size of the process's files anywhere: the kernel refuses the same writes, with another word.
"""

import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.resources.notes.schemas import MAX_BODY, NoteContent
from tests.faults.asking import ask, at_once, get, post, post_form, told
from tests.faults.serving import Serving, serving
from tests.support import PASSWORD

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are Linux's")
BOUND_SECONDS = 5.0
EMAIL = "ada@example.com"
ACCOUNT = {"email": EMAIL, "password": PASSWORD}
NOTE = NoteContent(title="One of many", body="x" * MAX_BODY).model_dump()
OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")
ON_SMALL_DISK = 'mount -t tmpfs -o size=4m tmpfs "$0" && cp "$1"/* "$0" && shift && exec "$@"'


@dataclass(frozen=True)
class Disk:
    """What a process keeps its database on: how it gets full, and how there is room again."""

    serving: Serving
    database: Path
    fill: Callable[[], None]
    free: Callable[[], None]

    def ask_database(self, *statements: str) -> list[object]:
        """What a copy of it says, made while nobody writes."""
        with TemporaryDirectory() as folder:
            for suffix in ("", "-wal"):
                shutil.copy(f"{self.database}{suffix}", folder)
            with closing(sqlite3.connect(Path(folder) / self.database.name)) as copy:
                return [row for statement in statements for row in copy.execute(statement)]


@contextmanager
def limited(empty: Path, folder: Path) -> Iterator[Disk]:
    """No file of the process may grow."""
    shutil.copytree(empty, folder, dirs_exist_ok=True)
    database = folder / "test.db"
    with serving(f"sqlite:///{database}", folder, OSTIARY_REGISTRATION="open") as process:
        pid, (_, most) = process.process.pid, resource.getrlimit(resource.RLIMIT_FSIZE)

        def limit(size: int) -> None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))

        log = Path(f"{database}-wal")
        yield Disk(process, database, lambda: limit(log.stat().st_size), lambda: limit(most))


@contextmanager
def small(empty: Path, folder: Path) -> Iterator[Disk]:
    """A file system of four megabytes, which another file fills up."""
    if not shutil.which("unshare") or subprocess.run([*OWN_MOUNTS, "true"], check=False).returncode:
        pytest.skip("this machine gives no file system of its own to whoever asks")
    before = (*OWN_MOUNTS, "sh", "-c", ON_SMALL_DISK, str(folder), str(empty))
    url = f"sqlite:///{folder / 'test.db'}"
    with serving(url, folder, before=before, OSTIARY_REGISTRATION="open") as process:
        seen = Path(f"/proc/{process.process.pid}/root{folder}")

        another = seen / "another"
        yield Disk(process, seen / "test.db", lambda: fill_up(another), another.unlink)


def fill_up(file: Path) -> None:
    """Until its file system is full."""
    with suppress(OSError), file.open("wb", buffering=0) as opened:
        while opened.write(b"x" * 4096):
            pass


@pytest.fixture(params=[limited, small])
def disk(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[Disk]:
    """On a copy of the database that `sqlite_url` names."""
    empty, folder = tmp_path / "empty", tmp_path / "disk"
    empty.mkdir()
    folder.mkdir()
    for file in tmp_path.glob(f"{Path(sqlite_url).name}*"):
        file.rename(empty / file.name)
    with request.param(empty, folder) as disk:
        yield disk


def test_writes_are_503_and_reads_200_and_with_room_again_all_goes_on(disk: Disk) -> None:
    port = disk.serving.port
    assert ask(port, post("/users", ACCOUNT)).status == 201
    login = post_form("/auth/login", username=EMAIL, password=PASSWORD)
    tokens = ask(port, login).json
    refresh = post_form(
        "/auth/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    write = post("/notes", NOTE, tokens["access_token"])
    reads = [get(path, tokens["access_token"]) for path in ("/notes", "/users/me", "/ready")]
    writes = [write, refresh, login, post("/users", ACCOUNT | {"email": "bob@example.com"})]
    while ask(port, write).status == 201 and not is_larger(disk):
        pass

    disk.fill()
    before = rows(disk)
    refused = at_once(port, writes * 5, 5)
    read = at_once(port, reads * 5, 5)
    after = rows(disk)
    disk.free()
    began = time.monotonic()
    while ask(port, write).status != 201:
        assert time.monotonic() - began < BOUND_SECONDS
    took = time.monotonic() - began

    print(f"writes: {told(refused)}; reads: {told(read)}; served {1000 * took:.0f} ms after")
    assert {one.status for one in refused} == {503}, told(refused)
    assert not [one for one in refused if b"_token" in one.answer.body]
    assert {one.status for one in read} == {200}, told(read)
    assert after == before
    assert ask(port, refresh).status == 200, "what nobody was told may be asked again"
    assert ask(port, login).status == 200
    checks = disk.ask_database("PRAGMA integrity_check", "PRAGMA foreign_key_check")
    assert checks == [("ok",)]


def is_larger(disk: Disk) -> bool:
    """Whether the log of what was written is larger than the database: a limit then stops both."""
    return Path(f"{disk.database}-wal").stat().st_size > disk.database.stat().st_size


def rows(disk: Disk) -> list[object]:
    """How many there are of what a request might have written."""
    tables = ("notes", "users", "sessions", "refresh_tokens")
    return disk.ask_database(*(f"SELECT count(*) FROM {table}" for table in tables))  # noqa: S608
