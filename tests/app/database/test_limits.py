"""The limits of each connection to a PostgreSQL, the pool's, and what a request sees of them."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.database import Database
from tests.app.database.own_server import OwnServer
from tests.support import PASSWORD, Account, on_postgresql

NAMES = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
EXPECTED = ["1500ms", "1s", "10s"]


@pytest.fixture
def database(own_server: OwnServer) -> Iterator[Database]:
    """With one connection, as an instance on Lambda has."""
    url = own_server.guest().render_as_string(hide_password=False)
    with closing(Database(url, connections=1)) as database:
        yield database


def limits(database: Database) -> list[str]:
    with database.transaction() as session:
        return [str(session.scalar(text(f"SHOW {name}"))) for name in NAMES]


def test_they_hold_in_the_first_transaction_and_in_the_next(database: Database) -> None:
    assert limits(database) == EXPECTED
    assert limits(database) == EXPECTED


def test_they_outlive_a_transaction_that_was_rolled_back(database: Database) -> None:
    with pytest.raises(DBAPIError), database.transaction() as session:
        session.execute(text("SELECT 1 / 0"))
    assert limits(database) == EXPECTED


def test_they_hold_on_the_connection_that_comes_after_a_lost_one(
    database: Database, own_server: OwnServer
) -> None:
    with database.transaction() as session:
        first = session.scalar(text("SELECT pg_backend_pid()"))
    own_server.end_connections()
    assert limits(database) == EXPECTED
    with database.transaction() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != first


def test_a_statement_that_takes_too_long_is_ended(database: Database) -> None:
    began = time.monotonic()
    with (
        pytest.raises(OperationalError, match="statement timeout"),
        database.transaction() as session,
    ):
        session.execute(text("SELECT pg_sleep(30)"))
    assert 1.5 < time.monotonic() - began < 4


def test_the_connection_of_a_statement_that_was_ended_serves_the_next(database: Database) -> None:
    with database.transaction() as session:
        first = session.scalar(text("SELECT pg_backend_pid()"))
    with pytest.raises(OperationalError), database.transaction() as session:
        session.execute(text("SELECT pg_sleep(30)"))
    with database.transaction() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) == first


def test_a_second_connection_at_once_is_refused_within_a_second_or_two(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("SELECT 1"))
        began = time.monotonic()
        with pytest.raises(PoolTimeoutError), database.transaction() as another:
            another.execute(text("SELECT 1"))
    assert time.monotonic() - began < 3


@on_postgresql
def test_a_row_that_another_holds_makes_a_503_within_three_seconds(
    client: TestClient, member: Account, database_url: str
) -> None:
    change = {"current_password": PASSWORD, "new_password": PASSWORD[::-1]}
    with closing(Database(database_url)) as another, another.transaction() as session:
        session.execute(text("SELECT * FROM users FOR UPDATE"))
        began = time.monotonic()
        answer = client.put("/users/me/password", json=change, headers=member.headers)
        took = time.monotonic() - began
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert took < 3
    answer = client.put("/users/me/password", json=change, headers=member.headers)
    assert answer.status_code == 204


@on_postgresql
def test_a_table_that_another_holds_makes_a_503_within_three_seconds(
    client: TestClient, member: Account, database_url: str
) -> None:
    with closing(Database(database_url)) as another, another.transaction() as session:
        session.execute(text("LOCK TABLE notes IN ACCESS EXCLUSIVE MODE"))
        began = time.monotonic()
        answer = client.get("/notes", headers=member.headers)
        took = time.monotonic() - began
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert took < 3
    assert client.get("/notes", headers=member.headers).status_code == 200
