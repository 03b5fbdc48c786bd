"""Sessions, their house, and who lives there."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.clients.machine import Machine
from tests.app.sessions.house import House
from tests.support import PASSWORD, Account, key_set_document


@pytest.fixture
def house(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("TEST_KEY_SET", key_set_document("ES256"))
    house = House(database_url)
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
