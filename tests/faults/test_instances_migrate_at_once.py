"""Processes that migrate at the same time, and one that is killed in the middle."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from app.migrate import migrate
from app.settings import Settings
from tests.app.migrations.conftest import HEAD, NEXT, Folder
from tests.app.migrations.databases import VERSIONS, dump, fill

HOUSE = Path(__file__).parents[2]
SECONDS = 60
# Does half of its work, says so, and goes on when it is told.
SLOW = """
op.add_column("users", sa.Column("more", sa.Text(), nullable=True))
op.execute("UPDATE users SET name = 'changed'")
print("half-way", flush=True)
sys.stdin.readline()
op.create_table("extra", sa.Column("id", sa.Integer(), primary_key=True))
"""
WITH_OWN_MIGRATIONS = """
import sys
from pathlib import Path
from app import database, migrate
from app.cli import main
database.MIGRATIONS = migrate.MIGRATIONS = Path(sys.argv[1])
main(["migrate"])
"""
WAITING = "Another migrates this database; waiting until that has ended.\n"
Process = subprocess.Popen[str]


@contextmanager
def migrating(url: str, tmp_path: Path, *command: str) -> Iterator[Process]:
    """`ostiary migrate` in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(HOUSE), "OSTIARY_DATABASE_URL": url}
    with subprocess.Popen(
        [sys.executable, "-W", "error", *(command or ("-m", "app.cli", "migrate"))],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("count", [2, 5])
def test_one_does_and_the_others_find_it_done(empty_url: str, tmp_path: Path, count: int) -> None:
    with ExitStack() as stack:
        racing = [stack.enter_context(migrating(empty_url, tmp_path)) for _ in range(count)]
        told = [process.communicate(timeout=SECONDS) for process in racing]
    assert [process.returncode for process in racing] == [0] * count, told
    assert {out.splitlines()[-1] for out, _ in told} <= {
        f"The database went from nothing to {HEAD}.",
        f"The database stands at {HEAD} already.",
    }
    assert [errors for _, errors in told] == [""] * count
    assert dump(empty_url).rows[VERSIONS] == [{"version_num": HEAD}]


@pytest.fixture
def slow(folder: Folder) -> Folder:
    folder.add(NEXT, SLOW)
    return folder


def test_who_comes_in_the_middle_waits(url: str, tmp_path: Path, slow: Folder) -> None:
    command = ("-c", WITH_OWN_MIGRATIONS, str(slow.path))
    with migrating(url, tmp_path, *command) as first:
        assert _line(first) == "half-way\n"
        with migrating(url, tmp_path, *command) as second:
            if url.startswith("postgresql"):
                assert _line(second) == WAITING
            told, errors = first.communicate("\n", timeout=SECONDS)
            assert (first.returncode, errors) == (0, "")
            assert told == f"The database went from {HEAD} to {NEXT}.\n"
            told, errors = second.communicate("\n", timeout=SECONDS)
            assert (second.returncode, errors) == (0, "")
            assert told.startswith("The database ")  # and not `half-way`
            assert NEXT in told
    assert dump(url).rows[VERSIONS] == [{"version_num": NEXT}]


def test_a_process_that_is_killed_leaves_nothing_and_keeps_nobody_out(
    url: str, tmp_path: Path, slow: Folder, settings: Settings
) -> None:
    fill(url)
    before = dump(url)
    with migrating(url, tmp_path, "-c", WITH_OWN_MIGRATIONS, str(slow.path)) as killed:
        assert _line(killed) == "half-way\n"
        killed.kill()
        assert killed.wait(SECONDS) == -signal.SIGKILL
    assert dump(url) == before
    slow.add(NEXT, 'op.create_table("extra", sa.Column("id", sa.Integer(), primary_key=True))')
    with slow.in_use():
        assert migrate(settings) == f"The database went from {HEAD} to {NEXT}."
    assert before.of_both(dump(url)) == before.of_both(before)


def _line(process: Process) -> str:
    """The next that it says; nothing, where it has ended."""
    assert process.stdout is not None
    return process.stdout.readline()
