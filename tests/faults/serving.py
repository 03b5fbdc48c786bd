"""`ostiary serve` in a process of its own, as on a laptop or in a container."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.support import AUDIENCE, ISSUER, key_set_document

ROOT = Path(__file__).parents[2]
STARTED_WITHIN_SECONDS = 60
PACE = 0.02  # seconds between two looks at it
LISTEN = psutil.CONN_LISTEN


class Serving:
    """The process, the port where it serves, and what it has said."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._said: list[str] = []
        self._reader = threading.Thread(target=self._read, name="what it says")
        self._reader.start()
        self.port = 0

    @property
    def log(self) -> str:
        return "".join(self._said)

    def wait_until_it_listens(self) -> None:
        seen = psutil.Process(self.process.pid)
        began = time.monotonic()
        while not (ports := _listening(seen)):
            assert time.monotonic() - began < STARTED_WITHIN_SECONDS, self.log
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(PACE)
                pytest.fail(f"it has ended: {self.log}")
        (self.port,) = ports

    def exit_code(self, seconds: float) -> int:
        """How it ended, which it must within so many seconds."""
        return self.process.wait(seconds)

    def end(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._reader.join(10)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._said.append(line)


def _listening(process: psutil.Process) -> list[int]:
    return [one.laddr.port for one in process.net_connections() if one.status == LISTEN]


@contextmanager
def serving(
    database_url: str, folder: Path, *, before: Sequence[str] = (), **more: str
) -> Iterator[Serving]:
    """It serves on a free port, with the settings of tests; `before` stands before the command."""
    command = [*before, sys.executable, "-m", "app.cli", "serve", "--port", "0"]
    environment: Mapping[str, str] = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")},
        "PYTHONPATH": str(ROOT),
        "TEST_KEY_SET": key_set_document("ES256"),
        "OSTIARY_ISSUER": ISSUER,
        "OSTIARY_AUDIENCE": AUDIENCE,
        "OSTIARY_KEYS": "env:TEST_KEY_SET",
        "OSTIARY_DATABASE_URL": database_url,
        **more,
    }
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        running = Serving(process)
        try:
            running.wait_until_it_listens()
            yield running
        finally:
            running.end()
