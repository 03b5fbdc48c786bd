"""A real PostgreSQL: one server a worker, begun when a test first asks, and databases to copy.

Ask for `postgres_url`, or where one test is too short a life, for `postgres_server`.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from sqlalchemy import URL, make_url

from app.migrate import migrate
from app.settings import Settings
from local.postgres import running_postgres

TEMPLATE = "migrated"
# The server dies with the tests, so what it promises of a power cut may be untrue; and no work of
# its own choosing comes between two tests.
CARELESS = (
    "fsync = off",
    "synchronous_commit = off",
    "full_page_writes = off",
    "autovacuum = off",
    "max_wal_size = '8GB'",
)
# A new database is 300 files: in memory they take a third of the time that they take on a disk.
MEMORY = Path("/dev/shm")  # noqa: S108 - the place alone; the folder in it has a name of its own
ENOUGH_BYTES = 2 * 2**30


class PostgresServer:
    """A server that has a migrated, empty database to copy."""

    def __init__(self, url: URL, connection: psycopg.Connection) -> None:
        self._url, self._connection = url, connection
        for setting in CARELESS:
            self._run(f"ALTER SYSTEM SET {setting}")
        self._run("SELECT pg_reload_conf()")
        self._run(f"CREATE DATABASE {TEMPLATE}")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OSTIARY_DATABASE_URL", self._url_of(TEMPLATE))
            migrate(Settings())

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a copy, dropped after the block, whoever still uses it."""
        name = f"test_{secrets.token_hex(8)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        yield self._url_of(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _url_of(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        self._connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """It outlives a test: `with postgres_server.database() as url` is a database of one's own.

    Not below pytest's own folder, which is closed to the user that PostgreSQL runs as under root.
    """
    with (
        _new_folder() as folder,
        running_postgres(Path(folder) / "postgres") as text,
    ):
        url = make_url(text)
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with closing(psycopg.connect(plain, autocommit=True)) as connection:
            yield PostgresServer(url, connection)


def _new_folder() -> "TemporaryDirectory[str]":
    is_large = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES
    return TemporaryDirectory(prefix="ostiary-", dir=MEMORY if is_large else None)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database of this test's own."""
    with postgres_server.database() as url:
        yield url
