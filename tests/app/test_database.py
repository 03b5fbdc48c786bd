"""How far the schema has come, times in UTC, and migrations that match the models."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, inspect, select, text
from sqlalchemy.exc import OperationalError

import app.database
from alembic import command
from app.accounts.models import User
from app.database import MIGRATIONS, Base, Database, known_revisions
from app.main import unwired_app
from app.migrate import migrate
from app.settings import Settings
from tests.support import on_sqlite


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as database:
        yield database


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a database before its first migration, as the settings name it."""
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    monkeypatch.setenv("OSTIARY_DATABASE_URL", url)
    return url


def put_revision(database: Database, *revisions: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        for revision in revisions:
            found = {"found": revision}
            connection.execute(text("INSERT INTO alembic_version VALUES (:found)"), found)


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    try:
        return set(inspect(engine).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()


def models() -> MetaData:
    """All models, of the resources too, which are imported where the app is made."""
    unwired_app()
    return Base.metadata


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, models()))


def test_without_a_table_of_revisions_it_is_not_ready(empty: str) -> None:
    with closing(Database(empty)) as database:
        assert database.revision() is None
        assert not database.is_ready()


def test_without_a_row_it_is_not_ready(database: Database) -> None:
    put_revision(database)
    assert not database.is_ready()


def test_at_the_newest_revision_it_is_ready(database: Database) -> None:
    assert database.revision() == known_revisions()[-1]
    assert database.is_ready()


def test_at_an_older_revision_it_is_not_ready(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.database, "known_revisions", lambda: ["0001", "0002", "0003"])
    for revision, ready in (("0001", False), ("0002", False), ("0003", True), ("0004", True)):
        put_revision(database, revision)
        assert database.is_ready() is ready


def test_a_database_out_of_reach_is_an_error_and_not_an_old_schema() -> None:
    with (
        closing(Database("postgresql+psycopg://x@127.0.0.1:1/x")) as database,
        pytest.raises(OperationalError),
    ):
        database.is_ready()


def test_the_known_revisions_are_those_that_alembic_finds() -> None:
    found = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    assert list(known_revisions()) == found[::-1]


def test_the_models_are_what_the_migrations_make(database: Database) -> None:
    assert differences(database.engine) == []


def test_alembic_sees_every_model_when_it_looks_for_differences(database_url: str) -> None:
    environment = {**os.environ, "OSTIARY_DATABASE_URL": database_url}
    checked = subprocess.run(
        [sys.executable, "-m", "alembic", "check"],
        cwd=MIGRATIONS.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, "No new upgrade operations" in checked.stdout) == (0, True)


def test_a_model_that_no_migration_makes_would_show(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_notes_owner_id_created_at_id"))
    assert len(differences(database.engine)) == 1


def test_migrations_go_up_and_down_and_up_again(empty: str) -> None:
    for _ in range(2):
        command.upgrade(migrations(), "head")
        assert tables(empty) == set(models().tables)
        command.downgrade(migrations(), "base")
        assert tables(empty) == set()


@pytest.mark.usefixtures("empty")
def test_migrating_says_what_it_did() -> None:
    newest = known_revisions()[-1]
    assert migrate(Settings()) == f"The database went from nothing to {newest}."
    assert migrate(Settings()) == f"The database stands at {newest} already."


def test_a_newer_database_is_left_as_it_is(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", database_url)
    put_revision(database, "9999")
    assert "newer than this code" in migrate(Settings())
    assert database.revision() == "9999"


def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    moment = datetime(2026, 1, 1, 3, 0, 0, 123456, tzinfo=east)
    with database.transaction() as session:
        session.add(User(email="a@example.com", password_hash="x", created_at=moment))
    with database.transaction() as session:
        found = session.scalars(select(User.created_at)).one()
    assert found == moment
    assert found.utcoffset() == timedelta(0)
    assert found.replace(tzinfo=None) == moment.astimezone(UTC).replace(tzinfo=None)


def test_an_error_rolls_all_of_its_transaction_back(database: Database) -> None:
    def half() -> None:
        with database.transaction() as session:
            session.add(User(email="a@example.com", password_hash="x"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with database.transaction() as session:
        assert session.scalars(select(User)).all() == []


@on_sqlite
def test_sqlite_keeps_foreign_keys_and_lets_readers_by(database: Database) -> None:
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
