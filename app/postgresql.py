"""PostgreSQL as this app connects to it: within limits, and by TLS that checks whom it meets."""

from typing import Any

import psycopg
from sqlalchemy import URL, Dialect, Engine, create_engine, event, text
from sqlalchemy import Connection as SqlConnection
from sqlalchemy.exc import DBAPIError, OperationalError

from app.database_address import Address
from app.first_line import first_line
from app.reading import renew
from app.time_limits import CONNECT_SECONDS, IDLE_SECONDS, LOCK_SECONDS, QUERY_SECONDS

_LIMITS = (
    f"SELECT set_config('statement_timeout', '{1000 * QUERY_SECONDS:.0f}ms', false),"
    f" set_config('lock_timeout', '{LOCK_SECONDS}s', false),"
    f" set_config('idle_in_transaction_session_timeout', '{IDLE_SECONDS}s', false)"
)


class Silence(psycopg.OperationalError, TimeoutError):
    """No answer came; whoever asks once more waits once more."""


class Connection(psycopg.Connection[Any]):
    """One whose errors repeat no row, and that ends where the server is silent.

    Neither PostgreSQL's timeouts nor those of TCP end with a server that is stopped, or waits for
    its disk, while its machine goes on acknowledging.
    """

    answer_seconds: float | None = None  # for good
    patience: float | None = None  # in this transaction

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        patience = self.patience if timeout is None else timeout
        try:
            return super().wait(gen, interval, patience)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001 - it has no other name
            if timeout is not None:
                raise  # psycopg's own
            self.pgconn.finish()  # or the next statement would get the answer to this one
            raise Silence("the server is silent") from None
        except psycopg.Error as error:
            error.args = (first_line(error),)
            raise


def postgresql(
    address: Address, *, connections: int, answer_seconds: float | None, wait_seconds: float
) -> Engine:
    """An engine of at most so many connections; who finds none free waits for `wait_seconds`.

    Each connection is given up when an answer takes longer than `answer_seconds`, if there are any.
    Each statement is a transaction of its own; for others see `in_transactions`.
    """
    engine = create_engine(
        "postgresql+psycopg://",  # where it goes is decided at each connection
        pool_size=connections,
        max_overflow=0,
        pool_timeout=wait_seconds,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )

    def connect(dialect: Dialect, *_: object) -> Any:
        """A connection, if need be with what the secret says after a rotation."""
        url = address.current()
        try:
            return _connected(dialect, url, answer_seconds)
        except psycopg.OperationalError:
            changed = address.after_refusal(url)  # where nobody answers, it may have moved
            if changed is None:
                raise
        return _connected(dialect, changed, answer_seconds)

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkin", _end_allowance)
    return engine


def in_transactions(engine: Engine) -> Engine:
    """The same connections, for transactions. Before one begins, a dead connection is replaced."""
    engine = engine.execution_options()
    event.listen(engine, "engine_connect", _prepare_transaction)
    return engine


def _prepare_transaction(connection: SqlConnection) -> None:
    try:
        connection.dialect.do_ping(connection.connection.driver_connection)  # type: ignore[arg-type]
    except Silence as error:
        connection.invalidate(error)
        raise OperationalError(None, None, error) from None
    except psycopg.Error:
        _ask_once_more(connection)
    connection.execution_options(isolation_level="READ COMMITTED")


def _ask_once_more(connection: SqlConnection) -> None:
    """So that SQLAlchemy hears that a connection is dead, and that the others may be."""
    try:
        connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    renew(connection)


def _connected(dialect: Dialect, url: URL, answer_seconds: float | None) -> Any:
    arguments, named = dialect.create_connect_args(url)
    limits = {
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": 1000 * CONNECT_SECONDS,
        # After a failover the name may lead to the old writer for a while, which reads on.
        "target_session_attrs": "read-write",
    }
    connection = Connection.connect(*arguments, **{**limits, **named})
    connection.answer_seconds = connection.patience = answer_seconds
    try:
        # Not as `options` of the connection, which RDS Proxy and PgBouncer refuse.
        connection.autocommit = True
        connection.execute(_LIMITS)
        connection.autocommit = False
    except psycopg.Error:
        connection.close()
        raise
    return connection


def _end_allowance(connection: Any, _: object) -> None:
    if connection is not None:
        connection.patience = connection.answer_seconds
