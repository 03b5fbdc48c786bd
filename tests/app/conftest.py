"""What the tests of the app share: one app under uvicorn, for all that do not change it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import delete

from app.attempts.models import AttemptCounter
from app.database import Database
from app.main import create_app
from app.parts import find
from app.settings import Settings
from tests.app.events import Handler, lambda_handler
from tests.app.serving import served
from tests.postgres import PostgresServer
from tests.support import AUDIENCE, ISSUER, Account, key_set_document


@dataclass(frozen=True)
class Standing:
    """An app that serves on a port, and a member of it."""

    app: FastAPI
    port: int
    member: Account


@pytest.fixture(scope="package")
def standing(postgres_server: PostgresServer) -> Iterator[Standing]:
    """The app under uvicorn on loopback, on PostgreSQL, and a member who registered and logged in.

    It outlives a test: leave nothing behind in it.
    """
    with postgres_server.database() as url:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TEST_KEY_SET", key_set_document("ES256"))
            app = create_app(
                Settings(
                    issuer=ISSUER,
                    audience=AUDIENCE,
                    keys="env:TEST_KEY_SET",
                    database_url=SecretStr(url),
                )
            )
        with closing(find(app, Database)):
            with TestClient(app, base_url=ISSUER) as client:
                member = Account.register(client, "standing@example.com")
            with served(app) as port:
                yield Standing(app, port, member)


@pytest.fixture(autouse=True)
def _no_attempts_before(request: pytest.FixtureRequest) -> None:
    """The wrong passwords of one test delay nobody in the next."""
    if "standing" in request.fixturenames:
        standing: Standing = request.getfixturevalue("standing")
        with find(standing.app, Database).transaction() as session:
            session.execute(delete(AttemptCounter))


@pytest.fixture
def handler(database_url: str) -> Iterator[Handler]:
    """The handler of the app's Lambda function, on this test's database."""
    with lambda_handler(database_url) as handler:
        yield handler
