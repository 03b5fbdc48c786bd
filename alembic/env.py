"""Alembic's entry: migrates the database that the settings name, in one transaction."""

from contextlib import closing

from sqlalchemy import Connection, text

from alembic import context
from app.attempts import models as _attempts  # noqa: F401 - of the metadata
from app.audit import models as _audit  # noqa: F401 - of the metadata
from app.clients import models as _clients  # noqa: F401 - of the metadata
from app.database import Base, Database
from app.resources import routers
from app.sessions import models as _sessions  # noqa: F401 - of the metadata
from app.settings import load_settings

MIGRATION_LOCK = 0x0571A21  # any number, as long as it is always the same

tuple(routers())  # each imports its models, and theirs; only then is the metadata whole
say = context.config.attributes.get("say", print)


def lock(connection: Connection) -> None:
    """Let one migrate and the others wait; the lock ends with the transaction."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA busy_timeout = 60000")
        # Its driver begins no transaction for a CREATE TABLE: half of a migration would stay.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    # Not for ever: a function that was killed or frozen here would keep its locks.
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '60s'")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    ours = {"lock": MIGRATION_LOCK}
    if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), ours):
        say("Another migrates this database; waiting until that has ended.")
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), ours)
    # Whoever waits for a table keeps all others from it meanwhile: rather give up, and try again.
    connection.exec_driver_sql("SET LOCAL lock_timeout = '500ms'")


setting = load_settings().database_url.get_secret_value()
with closing(Database(setting)) as database, database.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        user_module_prefix="",  # script.py.mako imports our types by name
        transactional_ddl=True,
    )
    with context.begin_transaction():
        lock(connection)
        context.run_migrations()
