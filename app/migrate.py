"""Bring the database to the schema that this code needs."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.database import MIGRATIONS, known_revisions, opened_database
from app.database_address import AddressError, is_secret
from app.first_line import first_line
from app.private_file import create_private
from app.settings import Settings
from app.tokens.errors import quoted

TRIES = 20
PAUSE_SECONDS = 2
# lock_not_available and deadlock_detected, of PostgreSQL's Appendix A
_IN_THE_WAY = frozenset({"55P03", "40P01"})

sleep = time.sleep


class MigrationError(Exception):
    """A migration could not be run; the database is as it was, and the message says what to do."""


def migrate(settings: Settings, *, say: Callable[[str], None] = lambda _: None) -> str:
    """Run the migrations that are missing, all of them or none; a sentence on what was done.

    A database at a revision that this code does not know is newer, and is left as it is. `say` is
    told what is waited for. MigrationError where a migration failed.
    """
    _make_private_file(settings)
    before = _revision(settings)
    if told := _nothing_to_do(before):
        return told
    try:
        _upgrade(say)
    except Exception as error:
        return _after(error, settings)
    return f"The database went from {before or 'nothing'} to {known_revisions()[-1]}."


def _nothing_to_do(revision: str | None) -> str | None:
    """A sentence on a database that needs no migration of this code's."""
    known = known_revisions()
    if revision == known[-1]:
        return f"The database stands at {revision} already."
    if revision is not None and revision not in known:
        return (
            f"The database stands at {revision}, which is newer than this code; nothing was done."
        )
    return None


def _upgrade(say: Callable[[str], None]) -> None:
    """Once, and again where something held a table for too long."""
    for left in reversed(range(TRIES)):
        try:
            _run_alembic(say)
        except DBAPIError as error:
            if not left or getattr(error.orig, "sqlstate", None) not in _IN_THE_WAY:
                raise
            say(f"A table is in use; tried again in {PAUSE_SECONDS} s, {left} times more.")
            sleep(PAUSE_SECONDS)
        else:
            return


def _run_alembic(say: Callable[[str], None]) -> None:
    from alembic.config import Config

    from alembic import command  # the schema changes seldom, and importing this takes its time

    config = Config(attributes={"say": say})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, "head")


def _after(error: Exception, settings: Settings) -> str:
    """A sentence where nothing is missing in spite of the error, else a MigrationError.

    Newer code may have been faster, or the connection lost once all was done.
    """
    again = "Mend what is said here, then run `ostiary migrate`, or deploy, again."
    try:
        stands = _revision(settings)
    except (AddressError, SQLAlchemyError):
        raise MigrationError(
            f"the migrations failed: {_reason(error)}. All of them were applied, or none, but the "
            f"database does not answer any more. {again}"
        ) from error
    if told := _nothing_to_do(stands):
        return told
    missing = ", ".join(known for known in known_revisions() if known > (stands or ""))
    raise MigrationError(
        f"the migrations {missing} were not applied: {_reason(error)}. Nothing of them stayed: the "
        f"database stands at {stands or 'no revision'}, and code for it goes on. {again}"
    ) from error


def _reason(error: Exception) -> str:
    return (first_line(error) or type(error).__name__).rstrip(".")


def _revision(settings: Settings) -> str | None:
    with opened_database(settings) as database:
        revision = database.revision()
        if revision is not None and revision not in known_revisions() and not database.is_ours():
            raise MigrationError(
                f"the database stands at {quoted(revision)}, and has none of this app's tables: it "
                "is another application's; name one of this app's own"
            )
        return revision


def _make_private_file(settings: Settings) -> None:
    """SQLite would make the file readable to others."""
    setting = settings.database_url.get_secret_value()
    if is_secret(setting):
        return
    url = make_url(setting)
    path = Path(url.database or "")
    # One folder is made where there is none, not a path of them: that would be a misspelling.
    if url.get_backend_name() == "sqlite" and path.parent.parent.is_dir():
        with suppress(FileExistsError):
            os.close(create_private(path))
