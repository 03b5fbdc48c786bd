"""What tests everywhere start from: real keys, a real database, the app that users run.

Whoever asks for `database_url`, or for what stands on it (`make_app`, `app`, `client`, `handler`,
…), runs twice: on SQLite and on PostgreSQL. What one of them does alone is tested under
`on_sqlite` or `on_postgresql`, or asks for `sqlite_url` or `postgres_url`. An app that outlives a
test stands on one of them and says which: its tests are about what comes before any database.
"""

import gc
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.access.routes import RouteTable
from app.database import Database
from app.main import create_app, unwired_app
from app.migrate import migrate
from app.parts import find
from app.settings import Settings
from tests import no_secrets, scheduling
from tests.postgres import postgres_server, postgres_url
from tests.support import AUDIENCE, ISSUER, Account, key_set_document

__all__ = ["postgres_server", "postgres_url"]

AppMaker = Callable[..., FastAPI]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(no_secrets)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> scheduling.ByLength | None:
    """For `--dist loadfile`; other ways to distribute stay what they are."""
    return scheduling.ByLength(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, for `-n auto`: at the edge it is mostly waited."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OSTIARY_", "AWS_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def _collected_at_the_end() -> Iterator[None]:
    """Hypothesis, should it be loaded only then, looks with the collector for who refers to it."""
    yield
    gc.unfreeze()


@pytest.fixture(scope="module", autouse=True)
def _nothing_old_to_collect(_collected_at_the_end: None) -> None:
    """What lives by now is left alone by the garbage collector.

    In a process that ran thousands of tests it would go through a million objects, and stop app,
    clients and proxies for two seconds; there are tests that hold an answer to less.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _loggers_at_first() -> list[tuple[logging.Logger, int, bool, list[logging.Handler]]]:
    loggers = [logging.getLogger(name) for name in ("ostiary", "ostiary.requests", "uvicorn")]
    return [(each, each.level, each.propagate, each.handlers[:]) for each in loggers]


@pytest.fixture(autouse=True)
def _loggers_as_at_first(
    _loggers_at_first: list[tuple[logging.Logger, int, bool, list[logging.Handler]]],
) -> None:
    """An app that outlives a test, or the test before, may have set up logging for itself."""
    for logger, level, propagate, handlers in _loggers_at_first:
        logger.setLevel(level)
        logger.propagate, logger.handlers = propagate, handlers[:]


@pytest.fixture(scope="session", autouse=True)
def _routes_worked_out_once() -> Iterator[None]:
    """All apps of the house's routers have one list of routes, and one table of them.

    No setting changes those, and FastAPI takes 30 ms to work them out. All else is each app's own;
    an app in a process of its own shares nothing, nor does one with a router more or less.
    """
    first, worked_out = unwired_app(), RouteTable.of
    shared, made_of = [*first.routes], _made_of(first)
    table: RouteTable = first.state.routes

    def of(app: FastAPI, *public: Any) -> RouteTable:
        if public or _made_of(app) != made_of:
            return worked_out(app, *public)
        app.router.routes[:] = shared
        return table

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RouteTable, "of", of)
        yield


def _made_of(app: FastAPI) -> list[Any]:
    """The routers in an app, and how often one of them has changed."""
    routers = [getattr(route, "original_router", route) for route in app.routes]
    return [*routers, app.router._get_routes_version()]


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest migration, to be copied."""
    path = tmp_path_factory.mktemp("database") / "template.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OSTIARY_DATABASE_URL", f"sqlite:///{path}")
        migrate(Settings())
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_database: Path) -> str:
    """The URL of a database of this test's own."""
    for suffix in ("", "-wal", "-shm"):
        source = Path(f"{migrated_database}{suffix}")
        if source.exists():
            shutil.copy(source, tmp_path / f"test.db{suffix}")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database of this test's own, of each kind in turn."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def make_app(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppMaker]:
    """Makes the app; keywords are fields of Settings, and `alg` that of its key."""

    def make(alg: str = "ES256", **changes: Any) -> FastAPI:
        monkeypatch.setenv("TEST_KEY_SET", key_set_document(alg))
        settings: dict[str, Any] = {
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "keys": "env:TEST_KEY_SET",
            "database_url": SecretStr(database_url),
        }
        made.append(create_app(Settings(**settings | changes)))
        return made[-1]

    made: list[FastAPI] = []
    yield make
    for app in made:
        find(app, Database).close()


@pytest.fixture
def app(make_app: AppMaker) -> FastAPI:
    return make_app()


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Speaks to the app without a network; an exception that escapes it fails the test."""
    with TestClient(app, base_url=ISSUER) as client:
        yield client


@pytest.fixture
def member(app: FastAPI, client: TestClient) -> Account:
    """A member who logged in."""
    return Account.create(app, client, "member@example.com", ["member"])


@pytest.fixture
def admin(app: FastAPI, client: TestClient) -> Account:
    """An administrator who logged in."""
    return Account.create(app, client, "admin@example.com", ["member", "admin"])
