"""Empty databases for the apps, of both kinds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url

from benchmarks.app_field import Database
from benchmarks.app_servers import DRIVERS_CORE, on_core
from local.postgres import running_postgres

Make = Callable[[Database, str], str]


@contextmanager
def databases(folder: Path) -> Iterator[Make]:
    """A function that makes an empty database of a kind and a name, and gives its URL.

    PostgreSQL runs on the driver's core: the server has its own for itself.
    """
    with ExitStack() as stack:
        with on_core(DRIVERS_CORE):
            server = stack.enter_context(running_postgres(folder / "postgres"))

        def make(kind: Database, name: str) -> str:
            if kind is Database.SQLITE:
                return f"sqlite:///{folder / name}.db"
            engine = create_engine(server, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
            engine.dispose()
            return make_url(server).set(database=name).render_as_string(hide_password=False)

        yield make
