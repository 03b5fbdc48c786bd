"""What tests everywhere start from: real keys, a real database, the app that users run."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.database import Database
from app.main import create_app
from app.migrate import migrate
from app.parts import find
from app.settings import Settings
from tests.support import AUDIENCE, ISSUER, Account, key_set_document

AppMaker = Callable[..., FastAPI]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OSTIARY_", "AWS_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest migration, to be copied."""
    path = tmp_path_factory.mktemp("database") / "template.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OSTIARY_DATABASE_URL", f"sqlite:///{path}")
        migrate(Settings())
    return path


@pytest.fixture
def database_url(tmp_path: Path, migrated_database: Path) -> str:
    """The URL of a database of this test's own."""
    for suffix in ("", "-wal", "-shm"):
        source = Path(f"{migrated_database}{suffix}")
        if source.exists():
            shutil.copy(source, tmp_path / f"test.db{suffix}")
    return f"sqlite:///{tmp_path / 'test.db'}"


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
def member(client: TestClient) -> Account:
    """Somebody who registered and logged in."""
    return Account.register(client, "member@example.com")


@pytest.fixture
def admin(app: FastAPI, client: TestClient) -> Account:
    """An administrator who logged in."""
    return Account.create(app, client, "admin@example.com", ["member", "admin"])
