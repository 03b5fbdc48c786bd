"""Reading without a transaction, on the connections that transactions have too."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import OperationalError

from app.clients.models import Client
from app.database import Database
from tests.app.database.own_server import OwnServer

ANSWER_SECONDS = 0.5


@pytest.fixture
def database(own_server: OwnServer) -> Iterator[Database]:
    """With two connections in its pool."""
    url = own_server.guest().render_as_string(hide_password=False)
    with closing(Database(url, connections=2, answer_seconds=ANSWER_SECONDS)) as database:
        with database.reading() as one, database.reading() as another:
            backend(one), backend(another)
        yield database


def backend(source: object) -> int:
    """The process of the server that a connection is with."""
    found: int = source.execute(select(func.pg_backend_pid())).scalar_one()  # type: ignore[attr-defined]
    return found


def state(database: Database) -> tuple[str, bool]:
    """What a transaction of this pool is like."""
    with database.transaction() as session:
        session.execute(text("SELECT 1"))
        driver = session.connection().connection.driver_connection
        assert driver is not None
        return driver.info.transaction_status.name, driver.autocommit


def test_after_reading_a_transaction_is_one_and_after_a_transaction_reading_is_none(
    database: Database,
) -> None:
    for _ in range(3):
        assert state(database) == ("INTRANS", False)
        with database.reading() as reader:
            backend(reader)
            driver = reader._connection.connection.driver_connection
            assert driver is not None
            assert driver.info.transaction_status.name == "IDLE"


def test_a_question_does_not_notice_that_the_connections_were_cut(
    database: Database, own_server: OwnServer
) -> None:
    for _ in range(2):
        with database.reading() as reader:
            before = backend(reader)
            own_server.end_connections()
            assert backend(reader) != before


def test_a_transaction_that_follows_a_cut_connection_is_one(
    database: Database, own_server: OwnServer
) -> None:
    for _ in range(3):
        own_server.end_connections()
        assert state(database) == ("INTRANS", False)


def test_a_transaction_whose_connection_is_cut_is_not_begun_again(
    database: Database, own_server: OwnServer
) -> None:
    def lose() -> None:
        with database.transaction() as session:
            backend(session)
            own_server.end_connections()
            backend(session)

    with pytest.raises(OperationalError):
        lose()


def test_who_meets_silence_does_not_ask_again(database: Database, own_server: OwnServer) -> None:
    with database.reading() as reader:
        backend(reader)
        with own_server.frozen():
            began = time.monotonic()
            with pytest.raises(OperationalError, match="silent"):
                backend(reader)
            assert time.monotonic() - began < 2 * ANSWER_SECONDS


def test_where_a_server_is_gone_the_error_says_why(
    database: Database, own_server: OwnServer
) -> None:
    with database.reading() as reader:
        with own_server.stopped(), pytest.raises(OperationalError) as failed:
            backend(reader)
        assert failed.value.statement is None  # so that the log may repeat it
        assert "No such file" in str(failed.value)


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as session:
            session.execute(text("CREATE TEMPORARY TABLE passing (id int)"))
            session.execute(delete(Client))
            session.execute(text("SELECT 1 / 0"))

    with pytest.raises(Exception, match="division by zero"):
        fail()
    with database.reading() as reader:
        assert reader.execute(select(func.to_regclass("passing"))).scalar_one() is None
