"""What the audit holds, read as an administrator reads it."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.support import Account

Events = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def events(client: TestClient, admin: Account) -> Events:
    """The newest events that fit the parameters, newest first."""

    def read(**wanted: str) -> list[dict[str, Any]]:
        answer = client.get("/audit-events", params=wanted, headers=admin.headers)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    return read
