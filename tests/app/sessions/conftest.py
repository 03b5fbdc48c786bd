"""Sessions in a database of either kind."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.clients.machine import Machine
from tests.app.sessions.house import House
from tests.postgres import postgres_server, postgres_url
from tests.support import PASSWORD, Account, key_set_document

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def either_url(request: pytest.FixtureRequest) -> str:
    """A database of this test's own, of each kind in turn."""
    name = "database_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def house(either_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    yield from _house(either_url, monkeypatch)


@pytest.fixture
def postgres_house(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """For what PostgreSQL alone can do: let many write at once."""
    yield from _house(postgres_url, monkeypatch)


def _house(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("TEST_KEY_SET", key_set_document("ES256"))
    house = House(url)
    yield house
    house.close()


@pytest.fixture
def machine(app: FastAPI, client: TestClient) -> Machine:
    """A client that may see users."""
    return Machine.make(app, client, "users:read")


@pytest.fixture
def tokens(client: TestClient, member: Account) -> dict[str, str]:
    """Of a session of the member's own, its first tokens."""
    form = {"username": member.email, "password": PASSWORD}
    found: dict[str, str] = client.post("/auth/login", data=form).json()
    return found
