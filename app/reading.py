"""Reading without a transaction, which would cost two more ways to the database and back.

Each question sees what is committed when it is asked, as it would in a transaction of PostgreSQL's
READ COMMITTED. Nothing can be written here.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, CursorResult, Select
from sqlalchemy.exc import DBAPIError


class Reader:
    """Asks for rows; a connection that was cut while nobody used it is replaced unnoticed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(
        self, query: Select[*tuple[Any, ...]], given: Mapping[str, Any] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """The rows; `given` are the values of the query's parameters."""
        try:
            return self._connection.execute(query, given)
        except DBAPIError as error:
            if not error.connection_invalidated or isinstance(error.orig, TimeoutError):
                raise
        renew(self._connection)
        return self._connection.execute(query, given)


def renew(connection: Connection) -> None:
    """Put another connection in the place of one that turned out dead, of which nothing is lost."""
    connection.rollback()
    _ = connection.connection
