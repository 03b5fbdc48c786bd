"""Migrations that are cut off, or run twice at once, on SQLite."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.database import Database, known_revisions
from app.migrate import migrate
from app.settings import Settings

HOUSE = Path(__file__).parent.parent.parent


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    return Settings()


def revision(settings: Settings) -> str | None:
    with closing(Database(settings.database_url.get_secret_value())) as database:
        return database.revision()


def test_a_migration_that_is_cut_off_leaves_nothing_and_can_be_repeated(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", crash)
        with pytest.raises(KeyboardInterrupt):
            migrate(settings)
    assert revision(settings) is None
    assert migrate(settings) == f"The database went from nothing to {known_revisions()[-1]}."


def test_of_two_that_migrate_at_once_both_find_it_migrated(
    settings: Settings, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "app.cli", "migrate"]
    environment = os.environ | {"PYTHONPATH": str(HOUSE)}
    racing = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [process.communicate(timeout=60)[1] for process in racing]
    assert [process.returncode for process in racing] == [0, 0, 0], ended
    assert revision(settings) == known_revisions()[-1]


def test_the_database_is_for_its_owner_alone(settings: Settings, tmp_path: Path) -> None:
    migrate(settings)
    assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600
