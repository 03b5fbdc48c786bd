"""The steps of whatever uses a database, each a point where something can be made to happen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, PoolProxiedConnection, event


class Points:
    """Calls `reached(name)` before and after each statement and each commit of an engine."""

    def __init__(self, reached: Callable[[str], None]) -> None:
        self._reached = reached
        self.commits = 0

    @contextmanager
    def of(self, engine: Engine) -> Iterator["Points"]:
        """Count from here on, until the end of the `with` block."""
        commit = engine.dialect.do_commit

        def committing(dbapi_connection: PoolProxiedConnection) -> None:
            self._reached(f"before commit {self.commits + 1}")
            commit(dbapi_connection)
            self.commits += 1
            self._reached(f"after commit {self.commits}")

        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)
        engine.dialect.do_commit = committing  # type: ignore[method-assign]
        try:
            yield self
        finally:
            engine.dialect.do_commit = commit  # type: ignore[method-assign]
            event.remove(engine, "before_cursor_execute", self._before)
            event.remove(engine, "after_cursor_execute", self._after)

    def _before(self, _: object, __: object, statement: str, *___: object) -> None:
        self._reached(f"before {_gist(statement)}")

    def _after(self, _: object, __: object, statement: str, *___: object) -> None:
        self._reached(f"after {_gist(statement)}")


def _gist(statement: str) -> str:
    return " ".join(statement.split()[:3])


class Stopped(Exception):
    """What a test makes happen at a point."""


class StopAt:
    """Raises Stopped at the point of this number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.passed: list[str] = []

    def __call__(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self.number:
            raise Stopped(name)
