"""One engine, one transaction a request, and how far the schema in the database has come."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast

from sqlalchemy import (
    CursorResult,
    DateTime,
    Delete,
    Dialect,
    Engine,
    MetaData,
    Table,
    Update,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from app.database_address import is_secret, open_address
from app.parts import part
from app.patience import check_waiting
from app.reading import Reader
from app.settings import Settings

MIGRATIONS = Path(__file__).parent.parent / "alembic"
POOL_SIZE = 5
POOL_WAIT_SECONDS = 1


# In WAL mode a process that dies loses nothing by NORMAL; a power cut may take the last moments,
# whole transactions each (https://www.sqlite.org/pragma.html#pragma_synchronous).
_PRAGMAS = (
    "foreign_keys = ON",
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "busy_timeout = 5000",
)


class Base(DeclarativeBase):
    """The models' base. Constraints have names, so that a migration can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite keeps no offset, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value  # PostgreSQL gives it back with its offset


class Database:
    """The way to the data: `with database.transaction() as session:`."""

    def __init__(
        self,
        setting: str,
        *,
        connections: int = POOL_SIZE,
        answer_seconds: float | None = None,
    ) -> None:
        """`setting` as OSTIARY_DATABASE_URL has it: a URL, or a secret that holds the address.

        On PostgreSQL: at most so many `connections` at once, each given up when an answer takes
        longer than `answer_seconds`, which is for whoever runs no statement without a limit.
        AddressError where the secret must be refused.
        """
        self._reading, self.engine = _engines(setting, connections, answer_seconds)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        for engine in {self._reading, self.engine}:
            event.listen(engine, "before_cursor_execute", _check_waiting)

    def close(self) -> None:
        """Give the connections back. The engine makes new ones should it be asked again."""
        self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of its `with` block and rolls back on an error.

        NobodyWaits where it ends too late for who asked, who has been told that it failed.
        """
        with self._sessions.begin() as session:
            yield session
            check_waiting()

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """For routes that only read: no transaction, and no objects that could be changed."""
        with self._reading.connect() as connection:
            yield Reader(connection)

    def revision(self) -> str | None:
        """The migration that the database stands at; None before the first."""
        try:
            with self.engine.connect() as connection:
                found = connection.execute(text("SELECT version_num FROM alembic_version"))
                return found.scalar_one_or_none()
        except DatabaseError as error:
            if _no_such_table(error):
                return None
            raise

    def is_ready(self) -> bool:
        """Whether the schema fits this code: at its newest migration, or at one newer still."""
        revision = self.revision()
        if revision is None or revision in known_revisions():
            return revision == known_revisions()[-1]
        return self.is_ours()

    def is_ours(self) -> bool:
        """Whether the tables are there that every version of this app has."""
        with self.engine.connect() as connection:
            return inspect(connection).has_table("users")


DatabaseDep = Annotated[Database, part(Database)]


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database that the settings name, closed with the `with` block: for commands."""
    with closing(Database(settings.database_url.get_secret_value())) as database:
        yield database


def rows_changed(session: Session, change: Update | Delete) -> int:
    """How many rows a statement met; objects that the session has read stay as they are."""
    done = session.execute(change, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", done).rowcount


def table_of(model: type[Base]) -> Table:
    """For statements that are made once and deal in rows: the ORM has nothing to do with those."""
    return cast("Table", model.__table__)


def columns_of(row: Base) -> dict[str, Any]:
    """An object that no session knows, as the row to insert; what is not set is None."""
    return {column.key: getattr(row, column.key) for column in table_of(type(row)).c}


def known_revisions() -> Sequence[str]:
    """The migrations that this code brings, oldest first: `0001`, … (their files' names)."""
    found = sorted(path.stem.split("_")[0] for path in (MIGRATIONS / "versions").glob("*.py"))
    if not found:
        raise FileNotFoundError(f"no migrations lie in {MIGRATIONS}; the app is not whole")
    return found


def _engines(setting: str, connections: int, answer_seconds: float | None) -> tuple[Engine, Engine]:
    """For reading and for transactions, of the same connections."""
    if is_secret(setting) or make_url(setting).get_backend_name() != "sqlite":
        from app.postgresql import in_transactions, postgresql  # with its driver, which takes time

        engine = postgresql(
            open_address(setting),
            connections=connections,
            answer_seconds=answer_seconds,
            wait_seconds=POOL_WAIT_SECONDS,
        )
        return engine, in_transactions(engine)
    engine = create_engine(setting, pool_timeout=POOL_WAIT_SECONDS, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine, engine  # its driver begins a transaction with the first change alone


def _check_waiting(*_: object) -> None:
    """Before each statement: what nobody waits for holds neither a thread nor a connection."""
    check_waiting()


def _prepare_sqlite(connection: Any, _: object) -> None:
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _no_such_table(error: DatabaseError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "42P01" or "no such table" in str(error.orig)
