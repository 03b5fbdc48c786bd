"""Tables that somebody holds, and what a migration that waits does to everybody else."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from app import migrate as module
from app.migrate import PAUSE_SECONDS, TRIES, MigrationError, migrate
from app.settings import Settings
from tests.app.migrations.conftest import HEAD, NEXT, Folder
from tests.app.migrations.databases import connected, dump
from tests.support import on_postgresql

pytestmark = on_postgresql
CHANGE = """
op.create_table("extra", sa.Column("id", sa.Integer(), primary_key=True))
op.add_column("users", sa.Column("more", sa.Text(), nullable=True))
"""
LIMITS = """
op.execute("CREATE TABLE limits AS SELECT name, setting FROM pg_settings "
           "WHERE name LIKE '%_timeout'")
"""


@pytest.fixture
def reader(url: str) -> Iterator[Connection]:
    """Somebody with a long transaction, who has read from `users`."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM users")
        yield connection


@pytest.fixture
def changing(folder: Folder) -> Folder:
    folder.add(NEXT, CHANGE)
    return folder


def test_a_table_in_use_is_tried_again_until_it_is_free(
    url: str,
    settings: Settings,
    changing: Folder,
    reader: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    said: list[str] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        _check_nobody_is_kept_away(url)
        if len(pauses) == 3:
            reader.rollback()

    monkeypatch.setattr(module, "sleep", pause)
    with changing.in_use():
        assert migrate(settings, say=said.append) == f"The database went from {HEAD} to {NEXT}."
    assert pauses == [PAUSE_SECONDS] * 3
    assert said == [
        f"A table is in use; tried again in {PAUSE_SECONDS} s, {TRIES - tried} times more."
        for tried in (1, 2, 3)
    ]


def test_who_comes_meanwhile_waits_for_half_a_second(
    url: str, settings: Settings, changing: Folder, reader: Connection, pauses: list[float]
) -> None:
    begun = time.monotonic()
    with changing.in_use(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TRIES", 1)
        with pytest.raises(MigrationError):
            migrate(settings)
    assert 0.5 <= time.monotonic() - begun < 10
    assert pauses == []


def test_a_table_that_stays_in_use_is_given_up(
    url: str,
    settings: Settings,
    changing: Folder,
    reader: Connection,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "TRIES", 3)
    before = dump(url)
    with changing.in_use(), pytest.raises(MigrationError) as refused:
        migrate(settings)
    assert pauses == [PAUSE_SECONDS] * 2
    assert f"{NEXT} were not applied: canceling statement due to lock timeout" in str(refused.value)
    assert dump(url) == before
    _check_nobody_is_kept_away(url)


def test_other_errors_are_not_tried_again(
    settings: Settings, folder: Folder, pauses: list[float]
) -> None:
    folder.add(NEXT, 'op.execute("SELECT nothing")')
    with folder.in_use(), pytest.raises(MigrationError):
        migrate(settings)
    assert pauses == []


def test_a_migration_may_take_its_time_and_yet_keeps_nothing_for_ever(
    url: str, settings: Settings, folder: Folder
) -> None:
    folder.add(NEXT, LIMITS)
    with folder.in_use():
        migrate(settings)
    with connected(url) as connection:
        rows = connection.execute(text("SELECT name, setting FROM limits")).mappings()
        limits = {row["name"]: row["setting"] for row in rows}
    assert limits["statement_timeout"] == "0"
    assert limits["lock_timeout"] == "500"
    assert limits["idle_in_transaction_session_timeout"] == "60000"


def test_who_waits_for_newer_code_finds_it_done(
    url: str, settings: Settings, changing: Folder
) -> None:
    """The lock is another's, whose migrations go further than this code's."""
    engine = create_engine(url, poolclass=NullPool)
    said: list[str] = []
    with engine.connect() as newer, changing.in_use():
        newer.exec_driver_sql(f"SELECT pg_advisory_xact_lock({0x0571A21})")

        def end(sentence: str) -> None:
            said.append(sentence)
            newer.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
            newer.commit()

        assert "9999, which is newer than this code" in migrate(settings, say=end)
    assert said == ["Another migrates this database; waiting until that has ended."]


def _check_nobody_is_kept_away(url: str) -> None:
    with connected(url) as connection:
        connection.exec_driver_sql("SET lock_timeout = '1ms'")
        connection.exec_driver_sql("SELECT count(*) FROM users")
        connection.exec_driver_sql("INSERT INTO user_roles SELECT id, 'x' FROM users WHERE false")


def test_whoever_would_be_kept_away_is_seen(url: str) -> None:
    """By the check that the tests above rest on."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as holder:
        holder.exec_driver_sql("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(OperationalError):
            _check_nobody_is_kept_away(url)
