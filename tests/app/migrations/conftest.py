"""Databases at any revision, and migrations of the tests' own behind the real ones."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from alembic.config import Config

from alembic import command
from app import database, migrate
from app.database import MIGRATIONS, known_revisions
from app.settings import Settings
from tests.app.migrations.databases import connected

HEAD = known_revisions()[-1]
NEXT, AFTER_NEXT = (f"{int(HEAD) + more:04}" for more in (1, 2))


@pytest.fixture
def url(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database at the newest revision, which the settings name."""
    monkeypatch.setenv("OSTIARY_DATABASE_URL", database_url)
    return database_url


@pytest.fixture
def empty_url(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database without any table, which the settings name."""
    if url.startswith("postgresql"):
        with connected(url) as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        return url
    monkeypatch.setenv("OSTIARY_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def settings(url: str) -> Settings:
    """Which name that database."""
    return Settings()


class Alembic:
    """The commands of Alembic, as whoever works on migrations gives them."""

    def __init__(self) -> None:
        self._config = Config(attributes={"say": lambda _: None})
        self._config.set_main_option("script_location", str(database.MIGRATIONS))

    def upgrade(self, revision: str) -> None:
        command.upgrade(self._config, revision)

    def downgrade(self, revision: str) -> None:
        command.downgrade(self._config, revision)

    def check(self) -> None:
        """CommandError where models and migrations are not of one opinion."""
        command.check(self._config)


class Folder:
    """A copy of the migrations, to which a test adds its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, revision: str, upgrade: str, downgrade: str = "pass") -> None:
        """A migration behind the one before it, or another in its place."""
        body = f'''
            """Made up by a test."""
            import sys
            import sqlalchemy as sa
            from alembic import op
            revision, down_revision = {revision!r}, {f"{int(revision) - 1:04}"!r}
            def upgrade():
                {{}}
            def downgrade():
                {{}}
        '''
        lines = (f"\n{' ' * 4}".join(dedent(it).strip().split("\n")) for it in (upgrade, downgrade))
        path = self.path / "versions" / f"{revision}_made_up.py"
        path.write_text(dedent(body).format(*lines), "utf-8")

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Newer code: these migrations are the ones that it brings."""
        with pytest.MonkeyPatch.context() as patch:
            for module in (database, migrate):
                patch.setattr(module, "MIGRATIONS", self.path)
            yield


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    copy = tmp_path / "alembic"
    shutil.copytree(MIGRATIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return Folder(copy)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited for a table, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr(migrate, "sleep", waited.append)
    return waited
