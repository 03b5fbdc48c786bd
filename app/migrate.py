"""Bring the database to the schema that this code needs."""

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import make_url

from app.database import MIGRATIONS, known_revisions, opened_database
from app.private_file import create_private
from app.settings import Settings


def _make_private_file(settings: Settings) -> None:
    """SQLite would make the file readable to others."""
    url = make_url(settings.database_url.get_secret_value())
    path = Path(url.database or "")
    # One folder is made where there is none, not a path of them: that would be a misspelling.
    if url.get_backend_name() == "sqlite" and path.parent.parent.is_dir():
        with suppress(FileExistsError):
            os.close(create_private(path))


def migrate(settings: Settings) -> str:
    """Run the migrations that are missing; a sentence on what was done.

    A database at a revision that this code does not know is newer, and is left as it is.
    """
    from alembic.config import Config

    from alembic import command  # the schema changes seldom, and importing this takes its time

    _make_private_file(settings)
    with opened_database(settings) as database:
        before = database.revision()
    newest = known_revisions()[-1]
    if before == newest:
        return f"The database stands at {newest} already."
    if before is not None and before not in known_revisions():
        return f"The database stands at {before}, which is newer than this code; nothing was done."
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, "head")
    return f"The database went from {before or 'nothing'} to {newest}."
