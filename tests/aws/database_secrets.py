"""The secret of a database, and the calls that the app reads it with."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import URL

from app.database_address import SCHEME
from app.tokens import aws_sources
from tests.aws.secret_sets import Manager


class Calls:
    """Counts how often the app reads a secret; raises `refusal` instead while there is one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.refusal: Exception | None = None
        monkeypatch.setattr("app.database_address.client", self._client)

    def _client(self, service: str, named: str) -> Any:
        real = aws_sources.client(service, named)

        def get_secret_value(**given: Any) -> Any:
            self.count += 1
            if self.refusal:
                raise self.refusal
            return real.get_secret_value(**given)

        made: Callable[..., Any] = get_secret_value
        return Manager(real, {"get_secret_value": made})


class DatabaseSecret:
    """A secret of Secrets Manager that says where a database is."""

    def __init__(self, manager: Any, members: Any, name: str = "") -> None:
        self._manager, self.name = manager, name or f"db/{uuid4()}"
        self.setting = f"{SCHEME}{self.name}"
        manager.create_secret(Name=self.name, SecretString=json.dumps(members))

    def become(self, members: Any) -> None:
        self._manager.put_secret_value(SecretId=self.name, SecretString=json.dumps(members))


def members_of(url: URL) -> dict[str, Any]:
    """What RDS would write of it."""
    return {
        "engine": "postgres",
        "host": url.query["host"],
        "port": 5432,
        "dbname": url.database,
        "username": url.username,
        "password": url.password,
    }
