"""Bring the database to the schema that this code needs."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from app.database import MIGRATIONS, known_revisions, opened_database
from app.database_address import is_secret
from app.private_file import create_private
from app.settings import Settings

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
    before, newest = _revision(settings), known_revisions()[-1]
    if before == newest:
        return f"The database stands at {newest} already."
    if before is not None and before not in known_revisions():
        return f"The database stands at {before}, which is newer than this code; nothing was done."
    _upgrade(settings, say)
    return f"The database went from {before or 'nothing'} to {newest}."


def _upgrade(settings: Settings, say: Callable[[str], None]) -> None:
    """Once, and again where something held a table for too long."""
    for left in reversed(range(TRIES)):
        try:
            _run_alembic(say)
        except DBAPIError as error:
            if left and getattr(error.orig, "sqlstate", None) in _IN_THE_WAY:
                say(f"A table is in use; tried again in {PAUSE_SECONDS} s, {left} times more.")
                sleep(PAUSE_SECONDS)
                continue
            raise MigrationError(_failed(settings, str(error.orig))) from error
        except Exception as error:
            raise MigrationError(_failed(settings, str(error) or type(error).__name__)) from error
        return


def _run_alembic(say: Callable[[str], None]) -> None:
    from alembic.config import Config

    from alembic import command  # the schema changes seldom, and importing this takes its time

    config = Config(attributes={"say": say})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, "head")


def _failed(settings: Settings, reason: str) -> str:
    stands = _revision(settings) or "no revision"
    missing = [known for known in known_revisions() if known > (_revision(settings) or "")]
    return (
        f"the migrations {', '.join(missing)} were not applied: {reason.splitlines()[0]}. Nothing "
        f"of them stayed: the database stands at {stands}, and code for it goes on. Mend what is "
        "said here, then run `ostiary migrate`, or deploy, again."
    )


def _revision(settings: Settings) -> str | None:
    with opened_database(settings) as database:
        return database.revision()


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
