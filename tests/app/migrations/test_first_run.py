"""A database that is made by its first migration: who may read it, and a run that is cut off."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from app.database import Database
from app.migrate import MigrationError, migrate
from app.settings import Settings
from tests.app.migrations.conftest import HEAD
from tests.app.migrations.databases import dump
from tests.support import on_sqlite


def test_one_that_is_cut_off_leaves_nothing_and_can_be_repeated(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", crash)
        with pytest.raises(KeyboardInterrupt):
            migrate(Settings())
    assert dump(empty_url).schema == {}
    assert migrate(Settings()) == f"The database went from nothing to {HEAD}."
    assert migrate(Settings()) == f"The database stands at {HEAD} already."


@on_sqlite
@pytest.mark.usefixtures("empty_url")
def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    migrate(Settings())
    assert (tmp_path / "empty.db").stat().st_mode & 0o777 == 0o600


@on_sqlite
@pytest.mark.usefixtures("url")
def test_a_folder_is_made_but_not_a_path_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", f"sqlite:///{tmp_path}/one/new.db")
    migrate(Settings())
    assert (tmp_path / "one" / "new.db").exists()
    monkeypatch.setenv("OSTIARY_DATABASE_URL", f"sqlite:///{tmp_path}/no/such/new.db")
    with pytest.raises(Exception, match="unable to open"):
        migrate(Settings())
    assert not (tmp_path / "no").exists()


def test_the_database_of_another_application_is_left_alone_and_fits_nothing(
    empty_url: str,
) -> None:
    """It has revisions that this code does not know, too, and they are no newer ones."""
    with closing(Database(empty_url)) as database:
        with database.engine.begin() as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            connection.execute(text("INSERT INTO alembic_version VALUES ('ae1027a6acf1')"))
        with pytest.raises(MigrationError, match="another application's"):
            migrate(Settings())
        assert not database.is_ready()
        assert database.revision() == "ae1027a6acf1"
