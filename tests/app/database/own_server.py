"""A PostgreSQL of the tests' own: one that asks for passwords, and may be stopped or frozen."""

import secrets
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest
from sqlalchemy import URL, make_url

from app.migrate import migrate
from app.settings import Settings
from local.postgres import running_postgres
from tests.postgres import CARELESS

THAW_SECONDS = 20
# Whoever is not the superuser proves that he knows a password.
ACCESS = "local all postgres trust\nlocal all all scram-sha-256\n"


class OwnServer:
    """Its superuser is let in without a password, everybody else has one."""

    def __init__(self, url: URL, folder: Path) -> None:
        self.url, self._folder = url, folder
        postmaster = psutil.Process(self.pid())
        self._command = str(Path(postmaster.exe()).with_name("pg_ctl"))
        self._user = postmaster.uids().effective

    def run(self, *statements: str) -> None:
        """As the superuser, each in a transaction of its own."""
        plain = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with closing(psycopg.connect(plain, autocommit=True)) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def guest(self) -> URL:
        """The URL of somebody new, who may do what the app does."""
        name, password = f"guest_{secrets.token_hex(4)}", secrets.token_urlsafe()
        self.run(
            f"CREATE ROLE {name} LOGIN PASSWORD '{password}'",
            f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}",
            f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {name}",
        )
        return self.url.set(username=name, password=password)

    def change_password(self, of: URL) -> URL:
        """The same with another password, which alone counts from now on."""
        changed = of.set(password=secrets.token_urlsafe())
        self.run(f"ALTER ROLE {of.username} PASSWORD '{changed.password}'")
        return changed

    def end_connections(self) -> None:
        """Of everybody else."""
        self.run(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Until the end of the block."""
        self.stop("fast")
        try:
            yield
        finally:
            options = f"-h '' -k '{self.url.query['host']}'"
            self._control("-o", options, "-l", str(self._folder / "log"), "start")

    def stop(self, how: str) -> None:
        """`fast` lets it keep what it promised; after `immediate` it may have lost some."""
        self._control("-m", how, "stop")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Its machine goes on acknowledging what is sent, and it says nothing.

        Not for ever, so that whoever waits for it fails a test, and does not hang it.
        """
        postmaster = psutil.Process(self.pid())
        processes = [postmaster, *postmaster.children()]
        thaw = threading.Timer(THAW_SECONDS, lambda: _send(processes, signal.SIGCONT))
        thaw.start()
        _send(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            thaw.cancel()
            _send(processes, signal.SIGCONT)

    def _control(self, *words: str) -> None:
        subprocess.run(
            [self._command, "-w", "-D", str(self._folder), *words],
            user=self._user,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=30,
        )

    def pid(self) -> int:
        """Of the process that began it."""
        return int((self._folder / "postmaster.pid").read_text().splitlines()[0])


def _send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a worker of the server's, which come and go
            process.send_signal(number)


@contextmanager
def serving(folder: Path) -> Iterator[OwnServer]:
    """A server with a migrated database in `folder`."""
    with running_postgres(folder) as text:
        (folder / "pg_hba.conf").write_text(ACCESS)
        server = OwnServer(make_url(text), folder)
        server.run(*(f"ALTER SYSTEM SET {setting}" for setting in CARELESS))
        server.run("SELECT pg_reload_conf()")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OSTIARY_DATABASE_URL", text)
            migrate(Settings())
        first = server.pid()
        yield server
        if server.pid() != first:
            server.stop("immediate")  # this one, nobody else knows


@pytest.fixture(scope="session")
def own_server() -> Iterator[OwnServer]:
    """It outlives a test: let each make a guest of its own.

    Not below pytest's own folder, which is closed to the user that PostgreSQL runs as under root.
    """
    with (
        TemporaryDirectory(prefix="ostiary-") as folder,
        serving(Path(folder) / "postgres") as server,
    ):
        yield server
