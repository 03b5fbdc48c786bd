"""A change of a key file that is cut short, at each of its steps, or comes at the same time."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.keys import file_store
from app.keys.file_store import FileStore
from app.tokens.rotation import Document
from tests.app.keys.sets import NEW, OLD, mode, names, to_new

HOUSE = Path(file_store.__file__).parent.parent.parent


class Crash(Exception):
    """The process ends here."""


def crashing_at(nth: int, patch: pytest.MonkeyPatch) -> list[str]:
    """Have the nth step of a change raise, before it is done; the steps that were reached."""
    reached: list[str] = []

    def wrap(module: Any, name: str) -> None:
        real = getattr(module, name)

        def step(*given: Any, **named: Any) -> Any:
            reached.append(name)
            if len(reached) == nth:
                raise Crash
            return real(*given, **named)

        patch.setattr(module, name, step)

    for module, name in [
        (os, "open"),
        (fcntl, "flock"),
        (json, "dump"),
        (os, "fsync"),
        (Path, "replace"),
        (Path, "hardlink_to"),
        (Path, "unlink"),
    ]:
        wrap(module, name)
    return reached


@pytest.mark.parametrize("existing", [True, False])
def test_whatever_step_fails_the_set_is_the_old_or_the_new(
    tmp_path: Path, *, existing: bool
) -> None:
    """And the next change works, and cleans."""
    for nth in range(1, 20):
        path = tmp_path / str(nth) / "keys.json"
        path.parent.mkdir()
        if existing:
            path.touch(mode=0o600)
            path.write_text(json.dumps(OLD))
        with pytest.MonkeyPatch.context() as patch:
            reached = crashing_at(nth, patch)
            try:
                FileStore(path).change(to_new)
            except Crash:
                pass
            else:
                break
        assert FileStore(path).read() in ((OLD, NEW) if existing else (None, NEW))
        FileStore(path).change(lambda found: {**NEW, "gone": []})
        assert FileStore(path).read() == {**NEW, "gone": []}
        assert names(path.parent) == ["keys.json"]
    assert reached == [
        *("open", "flock"),
        *(["open"] if existing else []),  # to read it
        *("open", "dump", "fsync"),
        "replace" if existing else "hardlink_to",
        *("fsync", "unlink"),
    ]


KILLED = """
import json, os, signal, sys
from pathlib import Path
from app.keys import file_store

path, new, point, after = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3], sys.argv[4]

def kill(module, name):
    real = getattr(module, name)
    def step(*given, **named):
        if after == "after":
            real(*given, **named)
            if name == "dump":
                given[1].flush()
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(module, name, step)

module, name = point.split(".")
kill({"os": file_store.os, "json": file_store.json, "Path": file_store.Path}[module], name)
file_store.FileStore(path).change(lambda found: new)
"""


@pytest.fixture(scope="module", params=["json.dump", "os.fsync", "Path.replace", "Path.unlink"])
def killed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two sets whose change was killed at one step: right before it, and right after it."""
    found: list[Path] = []
    started: list[subprocess.Popen[bytes]] = []
    for when in ("before", "after"):
        found.append(tmp_path_factory.mktemp("killed") / "keys.json")
        found[-1].touch(mode=0o600)
        found[-1].write_text(json.dumps(OLD))
        words = [str(found[-1]), json.dumps(NEW), request.param, when]
        started.append(subprocess.Popen([sys.executable, "-c", KILLED, *words], cwd=HOUSE))
    assert [process.wait(60) for process in started] == [-signal.SIGKILL] * 2
    return found


def test_a_process_that_is_killed_leaves_the_old_or_the_new(killed: list[Path]) -> None:
    for path in killed:
        assert FileStore(path).read() in (OLD, NEW)
        assert mode(path) == 0o600
        assert all(mode(left) == 0o600 for left in path.parent.iterdir())
        FileStore(path).change(lambda found: {**NEW, "gone": []})
        assert names(path.parent) == ["keys.json"]


HOLDING = """
import sys
from pathlib import Path
from app.keys.file_store import FileStore

def hold(found):
    print("held", flush=True)
    sys.stdin.readline()
    return {**found, "gone": []}

FileStore(Path(sys.argv[1])).change(hold)
"""


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process in the midst of a change."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(path)],
        cwd=HOUSE,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("by_a_link", [False, True])
def test_a_change_waits_for_the_one_before_it_and_sees_its_set(
    path: Path,
    tmp_path: Path,
    holder: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    by_a_link: bool,
) -> None:
    """The other one goes on once this one has found that it must wait."""
    used = path
    if by_a_link:
        used = tmp_path / "elsewhere" / "link.json"
        used.parent.mkdir()
        used.symlink_to(path)
    real = fcntl.flock

    def flock(descriptor: int, operation: int) -> None:
        with pytest.raises(BlockingIOError):
            real(descriptor, operation | fcntl.LOCK_NB)
        assert holder.stdin is not None
        holder.stdin.write("\n")
        holder.stdin.flush()
        real(descriptor, operation)

    monkeypatch.setattr("app.keys.file_store.fcntl.flock", flock)
    seen: list[Document | None] = []
    FileStore(used).change(lambda found: seen.append(found) or NEW)  # type: ignore[func-returns-value]
    assert seen == [{**OLD, "gone": []}]
    assert FileStore(path).read() == NEW


def test_the_lock_of_a_process_that_was_killed_holds_nobody_up(
    path: Path, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait(60)
    FileStore(path).change(to_new)
    assert FileStore(path).read() == NEW
