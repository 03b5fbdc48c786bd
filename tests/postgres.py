"""A real PostgreSQL: one server a run, and for each test a migrated database of its own.

A conftest imports both fixtures, and the tests below it ask for `postgres_url`.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import URL, create_engine, make_url

from app.migrate import migrate
from app.settings import Settings
from local.postgres import running_postgres

TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The URL of a server that has a migrated, empty database to copy.

    Not below pytest's own folder, which is closed to the user that PostgreSQL runs as under root.
    """
    with (
        TemporaryDirectory(prefix="ostiary-") as folder,
        running_postgres(Path(folder) / "postgres") as text,
    ):
        server = make_url(text)
        _run(server, f"CREATE DATABASE {TEMPLATE}")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OSTIARY_DATABASE_URL", _in(server, TEMPLATE))
            migrate(Settings())
        yield server


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """The URL of a database of this test's own, dropped after it, whoever still uses it."""
    name = f"test_{secrets.token_hex(8)}"
    _run(postgres_server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield _in(postgres_server, name)
    _run(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def _in(server: URL, name: str) -> str:
    return server.set(database=name).render_as_string(hide_password=False)


def _run(server: URL, statement: str) -> None:
    """A statement that PostgreSQL takes outside transactions alone."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
