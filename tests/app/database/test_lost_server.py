"""A PostgreSQL that ends its connections, starts again, or falls silent."""

import logging
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.database import Database
from app.parts import find, wire
from app.time_limits import ANSWER_SECONDS, CONNECT_SECONDS, allow_seconds
from app.workers import Workers
from tests.app.database.own_server import OwnServer
from tests.conftest import AppMaker
from tests.support import ISSUER, PASSWORD, Account, on_sqlite

SOME_MORE = 1.5


def written(server: OwnServer) -> str:
    return server.guest().render_as_string(hide_password=False)


def ask(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("SELECT 1"))


@pytest.fixture
def impatient(own_server: OwnServer) -> Iterator[Database]:
    """One connection, in the pool already, that is given up when it is silent."""
    url = written(own_server)
    with closing(Database(url, connections=1, answer_seconds=ANSWER_SECONDS)) as database:
        ask(database)
        yield database


@on_sqlite
def test_after_a_server_ended_the_connections_the_next_request_is_served(
    own_server: OwnServer, make_app: AppMaker
) -> None:
    app = make_app(database_url=written(own_server))
    with TestClient(app, base_url=ISSUER) as client:
        member = Account.create(app, client, f"{time.time_ns()}@example.com", ["member"])
        for _ in range(3):
            own_server.end_connections()
            assert client.get("/notes", headers=member.headers).status_code == 200


@on_sqlite
def test_while_a_server_starts_again_503_is_told_and_why_logged_and_then_it_serves(
    own_server: OwnServer, make_app: AppMaker, caplog: pytest.LogCaptureFixture
) -> None:
    guest = own_server.guest()
    app = make_app(database_url=guest.render_as_string(hide_password=False))
    with TestClient(app, base_url=ISSUER) as client:
        assert client.get("/ready").status_code == 200
        with own_server.stopped():
            answer = client.get("/ready")
        assert client.get("/ready").status_code == 200
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "No such file or directory" in caplog.text
    assert str(guest.password) not in caplog.text + answer.text


def test_a_server_that_is_silent_is_given_up_and_asked_again_later(
    own_server: OwnServer, impatient: Database
) -> None:
    with own_server.frozen():
        began = time.monotonic()
        with pytest.raises(OperationalError):
            ask(impatient)
        took = time.monotonic() - began
    assert took < ANSWER_SECONDS + CONNECT_SECONDS + SOME_MORE
    ask(impatient)


def test_a_server_that_falls_silent_within_a_transaction_is_given_up(
    own_server: OwnServer, impatient: Database
) -> None:
    def fall_silent() -> None:
        with impatient.transaction() as session:
            session.execute(text("SELECT 1"))
            with own_server.frozen():
                session.execute(text("SELECT 1"))

    began = time.monotonic()
    with pytest.raises(OperationalError, match="the server is silent"):
        fall_silent()
    assert time.monotonic() - began < ANSWER_SECONDS + SOME_MORE
    ask(impatient)


def test_a_server_that_is_silent_from_the_beginning_is_waited_for_no_longer(
    own_server: OwnServer,
) -> None:
    url = written(own_server)
    with closing(Database(url, answer_seconds=ANSWER_SECONDS)) as database:
        with own_server.frozen():
            began = time.monotonic()
            with pytest.raises(OperationalError):
                ask(database)
            took = time.monotonic() - began
        assert took < CONNECT_SECONDS + SOME_MORE
        ask(database)


def test_a_statement_may_take_all_of_its_time_before_a_server_counts_as_silent(
    impatient: Database,
) -> None:
    with (
        pytest.raises(OperationalError, match="statement timeout"),
        impatient.transaction() as session,
    ):
        session.execute(text("SELECT pg_sleep(30)"))


def test_whoever_has_no_limit_waits_as_long_as_it_takes(own_server: OwnServer) -> None:
    with closing(Database(written(own_server))) as database, database.transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text(f"SELECT pg_sleep({ANSWER_SECONDS + 0.5})"))


def test_a_transaction_may_be_allowed_more_time_and_the_next_one_has_no_more_of_it(
    own_server: OwnServer,
) -> None:
    pause = text("SELECT pg_sleep(0.7)")
    database = Database(written(own_server), connections=1, answer_seconds=0.4)
    with closing(database):
        with database.transaction() as session:
            allow_seconds(session, 5)
            assert session.scalar(text("SHOW statement_timeout")) == "5s"
            session.execute(pause)
        with database.transaction() as session:
            assert session.scalar(text("SHOW statement_timeout")) == "1500ms"
        with (
            pytest.raises(OperationalError, match="silent"),
            database.transaction() as session,
        ):
            session.execute(pause)


@on_sqlite
def test_a_request_of_a_silent_server_is_answered(
    app: FastAPI,
    client: TestClient,
    own_server: OwnServer,
    impatient: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    find(app, Database).close()
    wire(app, impatient, Workers(1))
    with own_server.frozen(), caplog.at_level(logging.ERROR):
        assert client.get("/ready").status_code == 503
    assert caplog.text.count("The database did not answer") == 1
    assert client.get("/ready").status_code == 200


@on_sqlite
def test_whoever_reached_the_old_writer_of_a_failover_does_not_stay_with_it(
    own_server: OwnServer, make_app: AppMaker
) -> None:
    """It reads on, so that every ping of it succeeds, and every write would fail for ever."""
    app = make_app(database_url=written(own_server))
    database = own_server.url.database
    with TestClient(app, base_url=ISSUER) as client:
        own_server.run(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
        try:
            assert client.get("/ready").status_code == 503
        finally:
            own_server.run(
                "SET default_transaction_read_only = off",
                f"ALTER DATABASE {database} RESET default_transaction_read_only",
            )
        account = {"email": f"{time.time_ns()}@example.com", "password": PASSWORD}
        assert client.post("/users", json=account).status_code == 201
