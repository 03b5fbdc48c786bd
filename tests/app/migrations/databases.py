"""What stands in a database, all of it; and rows for every table, whatever its columns are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    MetaData,
    NullPool,
    Table,
    create_engine,
    inspect,
    text,
    types,
)

VERSIONS = "alembic_version"
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Dump:
    """The schema as the database tells it, and all rows, each table's in one order."""

    schema: Mapping[str, str]
    rows: Mapping[str, list[Row]]

    def of_both(self, other: "Dump") -> Mapping[str, list[str]]:
        """The rows, without the tables and the columns that the other has not."""
        return {
            table: sorted(
                repr([(name, row[name]) for name in sorted(row.keys() & other._columns(table))])
                for row in rows
            )
            for table, rows in self.rows.items()
            if table in other.rows and table != VERSIONS
        }

    def _columns(self, table: str) -> set[str]:
        return {name for row in self.rows[table] for name in row}


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A transaction that is committed, past everything of the app."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        yield connection


def dump(url: str) -> Dump:
    """All that stands there."""
    with connected(url) as connection:
        tables = _tables(connection)
        rows: dict[str, list[Row]] = {
            table.name: sorted(
                (dict(row) for row in connection.execute(table.select()).mappings()), key=repr
            )
            for table in tables
        }
        return Dump({table.name: _told(connection, table) for table in tables}, rows)


def fill(url: str, first: int = 0) -> None:
    """Three rows into each table, each with a value in every column, numbered from `first` on."""
    with connected(url) as connection:
        filled: dict[str, list[Row]] = {}
        for table in _tables(connection):
            if table.name != VERSIONS:
                made = [_row(table, number, filled) for number in range(first, first + 3)]
                connection.execute(table.insert(), made)
                filled[table.name] = made


def set_revision(url: str, revision: str) -> None:
    """As a migration would leave it."""
    with connected(url) as connection:
        set_it = text("UPDATE alembic_version SET version_num = :it")
        connection.execute(set_it, {"it": revision})


def _tables(connection: Connection) -> list[Table]:
    """Whoever is referred to stands before who refers to him."""
    metadata = MetaData()
    metadata.reflect(connection)
    return metadata.sorted_tables


def _told(connection: Connection, table: Table) -> str:
    asked = inspect(connection)
    columns = [
        (c.name, repr(c.type), c.nullable, _spelled(c.server_default)) for c in table.columns
    ]
    indexes = [
        {**index, "dialect_options": {n: str(v) for n, v in index["dialect_options"].items()}}
        for index in asked.get_indexes(table.name)
    ]
    return repr(
        (
            columns,
            asked.get_pk_constraint(table.name),
            sorted(asked.get_foreign_keys(table.name), key=repr),
            sorted(asked.get_unique_constraints(table.name), key=repr),
            sorted(indexes, key=repr),
        )
    )


def _spelled(default: Any) -> str:
    return "" if default is None else str(default.arg)


def _row(table: Table, number: int, filled: Mapping[str, list[Row]]) -> Row:
    return {column.name: _value(column, number, filled) for column in table.columns}


def _value(column: Column[Any], number: int, filled: Mapping[str, list[Row]]) -> Any:
    reference: ForeignKey
    for reference in column.foreign_keys:
        return filled[reference.column.table.name][number % 3][reference.column.name]
    match column.type:
        case types.Uuid():
            return UUID(int=number + 1)
        case types.CHAR(length=32):  # a UUID in SQLite
            return UUID(int=number + 1).hex
        case types.DateTime():
            return MOMENT + timedelta(seconds=number)
        case types.String():
            return f"{column.name} {number} – ü"[: column.type.length]
        case types.Integer():
            return number
        case types.LargeBinary():
            return bytes([number]) * 32
    raise NotImplementedError(f"give {column} a value of {column.type!r} here")
