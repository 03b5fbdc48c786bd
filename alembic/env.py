"""Alembic's entry: runs the migrations on the database that the settings name."""

from contextlib import closing

from sqlalchemy import Connection, text

from alembic import context
from app.clients import models as _clients  # noqa: F401 - of the metadata
from app.database import Base, Database
from app.resources import routers
from app.sessions import models as _sessions  # noqa: F401 - of the metadata
from app.settings import load_settings

MIGRATION_LOCK = 0x0571A21  # any number, as long as it is always the same

tuple(routers())  # each imports its models, and theirs; only then is the metadata whole


def lock(connection: Connection) -> None:
    """Let one migrate and the others wait; the lock ends with the transaction."""
    if connection.dialect.name == "sqlite":
        # Its driver begins no transaction for a CREATE TABLE: half of a migration would stay.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})


url = load_settings().database_url.get_secret_value()
with closing(Database(url)) as database, database.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        user_module_prefix="",  # script.py.mako imports our types by name
        transactional_ddl=True,
    )
    with context.begin_transaction():
        lock(connection)
        context.run_migrations()
