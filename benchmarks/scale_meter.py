"""What an app asks its database, and how long it is answered: seen from below, so of all routes.

On PostgreSQL that is the time in which the driver waits for the server, the ways there and back
with it; on SQLite the time in its functions, fetching and committing included.
"""

import sqlite3
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from unittest.mock import patch

from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

from app.postgresql import Connection

T = TypeVar("T")
_OURS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


@dataclass
class Meter:
    """Of one call: seconds in the database; what was executed, with the driver's parameters."""

    seconds: float = 0.0
    transactions: int = 0
    trips: int = 0
    statements: list[tuple[str, Any]] = field(default_factory=list)

    def reset(self) -> None:
        """Begin anew."""
        self.seconds, self.transactions, self.trips, self.statements = 0.0, 0, 0, []

    def timed(self, act: Callable[..., T], *given: Any, **named: Any) -> T:
        """What it returns; how long it took is added."""
        begun = time.perf_counter()
        try:
            return act(*given, **named)
        finally:
            self.seconds += time.perf_counter() - begun

    def see(self, statement: str, parameters: Any, many: bool) -> None:
        """Remember a statement; of several rows at once, the first."""
        if statement.lstrip().startswith(_OURS) and "set_config" not in statement:
            self.statements.append((statement, parameters[0] if many else parameters))


@contextmanager
def metered() -> Iterator[Meter]:
    """A meter of every engine that connects within the block."""
    meter = Meter()

    def see(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        meter.see(statement, parameters, many)

    listeners = (
        (Engine, "before_cursor_execute", see),
        (Engine, "do_connect", _with_timed_factory),
        (Pool, "connect", lambda connection, _: _give(connection, meter)),
    )
    for listener in listeners:
        event.listen(*listener)
    try:
        with patch.object(Connection, "wait", _timed_wait(meter)):
            yield meter
    finally:
        for listener in listeners:
            event.remove(*listener)


def _timed_wait(meter: Meter) -> Callable[..., Any]:
    wait, idle = Connection.wait, TransactionStatus.IDLE

    def timed(self: Connection, steps: Any, *given: Any, **named: Any) -> Any:
        waited: list[bool] = []
        begun = self.pgconn.transaction_status
        try:
            return meter.timed(wait, self, _watched(steps, waited), *given, **named)
        finally:
            ended = self.pgconn.transaction_status
            if waited:  # else nothing was sent
                meter.transactions += ended == idle
                # The driver sends BEGIN, and waits for its answer, before a first statement.
                meter.trips += 2 if begun == idle != ended else 1

    return timed


def _watched(steps: Generator[Any, Any, T], waited: list[bool]) -> Generator[Any, Any, T]:
    """The steps of the driver, and whether it had to wait between them."""
    ready = None
    while True:
        try:
            wanted = steps.send(ready)
        except StopIteration as done:
            result: T = done.value
            return result
        waited.append(True)
        ready = yield wanted


class _TimedCursor(sqlite3.Cursor):
    """SQLite looks for a row when it is fetched, so that is timed too."""

    def execute(self, *given: Any) -> Any:
        return self._meter.timed(super().execute, *given)

    def executemany(self, *given: Any) -> Any:
        return self._meter.timed(super().executemany, *given)

    def fetchone(self) -> Any:
        return self._meter.timed(super().fetchone)

    def fetchmany(self, *given: Any) -> Any:
        return self._meter.timed(super().fetchmany, *given)

    def fetchall(self) -> Any:
        return self._meter.timed(super().fetchall)

    @property
    def _meter(self) -> Meter:
        connection: Any = self.connection
        return connection.meter  # type: ignore[no-any-return]


class _TimedConnection(sqlite3.Connection):
    meter = Meter()

    def cursor(self, *_: Any) -> Any:
        return super().cursor(_TimedCursor)

    def commit(self) -> None:
        self.meter.transactions += self.in_transaction
        self.meter.timed(super().commit)


def _with_timed_factory(dialect: Any, _: Any, __: Any, named: dict[str, Any]) -> None:
    if dialect.name == "sqlite":
        named["factory"] = _TimedConnection


def _give(connection: Any, meter: Meter) -> None:
    if isinstance(connection, _TimedConnection):
        connection.meter = meter
        connection.execute(
            "PRAGMA synchronous = OFF"
        )  # PostgreSQL does not wait for the disk either
