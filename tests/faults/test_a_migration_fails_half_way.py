"""A migration that fails half-way: nothing is half-applied, old code serves, and it is said."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app import migrate as module
from app.migrate import MigrationError, migrate
from app.settings import Settings
from tests.app.migrations.conftest import AFTER_NEXT, HEAD, NEXT, Folder
from tests.app.migrations.databases import VERSIONS, connected, dump, fill, set_revision
from tests.conftest import AppMaker
from tests.support import ISSUER, Account, on_postgresql, on_sqlite

GOOD = """
op.add_column("users", sa.Column("more", sa.Text(), nullable=True))
op.execute("UPDATE users SET more = email, name = 'changed'")
op.create_table("extra", sa.Column("id", sa.Integer(), primary_key=True))
op.execute("DELETE FROM refresh_tokens")
"""
HALF = """
op.add_column("notes", sa.Column("more", sa.Text(), nullable=True))
op.execute("INSERT INTO extra (id) VALUES (1)")
op.drop_index("ix_notes_owner_id_created_at_id")
"""
FAULTS = {
    "an error of the database": 'op.execute("INSERT INTO nowhere (id) VALUES (1)")',
    "a row that is there": 'op.execute("INSERT INTO extra (id) VALUES (1)")',
    "an error of its own": 'raise LookupError("no such thing")',
}
WHAT_TO_DO = "Mend what is said here, then run `ostiary migrate`, or deploy, again."


@pytest.fixture
def failing(folder: Folder) -> Folder:
    """Two new migrations, of which the second fails at its end."""
    folder.add(NEXT, GOOD)
    folder.add(AFTER_NEXT, HALF + FAULTS["a row that is there"])
    return folder


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_nothing_is_half_applied(url: str, settings: Settings, folder: Folder, fault: str) -> None:
    folder.add(NEXT, GOOD)
    folder.add(AFTER_NEXT, HALF + fault)
    fill(url)
    before = dump(url)
    with folder.in_use(), pytest.raises(MigrationError):
        migrate(settings)
    assert dump(url) == before


def test_from_nothing_nothing_is_left(empty_url: str, settings: Settings, failing: Folder) -> None:
    named = Settings(database_url=empty_url)
    with failing.in_use(), pytest.raises(MigrationError, match="stands at no revision"):
        migrate(named)
    assert dump(empty_url).schema == {}


def test_the_message_says_what_happened_and_what_to_do(settings: Settings, failing: Folder) -> None:
    with failing.in_use(), pytest.raises(MigrationError) as refused:
        migrate(settings)
    told = str(refused.value)
    assert told.startswith(f"the migrations {NEXT}, {AFTER_NEXT} were not applied: ")
    assert "unique" in told.lower()
    assert "\n" not in told
    assert "DETAIL" not in told  # where PostgreSQL shows what stands in rows
    assert told.endswith(f"the database stands at {HEAD}, and code for it goes on. {WHAT_TO_DO}")


def test_new_code_is_not_ready_and_old_code_serves(
    make_app: AppMaker, settings: Settings, failing: Folder
) -> None:
    app = make_app(registration="open")
    with TestClient(app, base_url=ISSUER) as client:
        ada = Account.register(client, "ada@example.com")
        with failing.in_use():
            with pytest.raises(MigrationError):
                migrate(settings)
            answer = client.get("/ready")
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert "ostiary migrate" in answer.json()["detail"]
        assert client.get("/ready").status_code == 200
        note = client.post("/notes", json={"title": "First", "body": "…"}, headers=ada.headers)
        assert note.status_code == 201
        Account.log_in(client, "ada@example.com")


def test_old_code_serves_beside_the_schema_of_newer_code(
    make_app: AppMaker, settings: Settings, folder: Folder
) -> None:
    folder.add(NEXT, GOOD)
    with folder.in_use():
        migrate(settings)
    with TestClient(make_app(registration="open"), base_url=ISSUER) as client:
        assert client.get("/ready").status_code == 200
        ada = Account.register(client, "ada@example.com")
        assert client.get("/notes", headers=ada.headers).status_code == 200


def test_once_it_is_mended_it_goes_all_the_way(
    url: str, settings: Settings, failing: Folder
) -> None:
    fill(url)
    with failing.in_use():
        with pytest.raises(MigrationError):
            migrate(settings)
        failing.add(AFTER_NEXT, HALF)
        assert migrate(settings) == f"The database went from {HEAD} to {AFTER_NEXT}."
        assert migrate(settings) == f"The database stands at {AFTER_NEXT} already."
    stands = dump(url)
    assert stands.rows[VERSIONS] == [{"version_num": AFTER_NEXT}]
    assert stands.rows["extra"] == [{"id": 1}]


@pytest.mark.parametrize("revision", ["9999", "another-branch"])
def test_a_database_of_newer_code_is_left_alone(
    url: str, settings: Settings, revision: str
) -> None:
    fill(url)
    set_revision(url, revision)
    before = dump(url)
    assert migrate(settings) == (
        f"The database stands at {revision}, which is newer than this code; nothing was done."
    )
    assert dump(url) == before


def test_newer_code_that_was_faster_is_no_failure(
    url: str, settings: Settings, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.add(NEXT, GOOD)
    run = module._run_alembic

    def overtaken(say: object) -> None:
        set_revision(url, "9999")
        run(lambda _: None)

    monkeypatch.setattr(module, "_run_alembic", overtaken)
    with folder.in_use():
        assert "9999, which is newer than this code" in migrate(settings)


@on_postgresql
def test_a_connection_that_is_lost_takes_everything_back(
    url: str, settings: Settings, folder: Folder
) -> None:
    folder.add(NEXT, f'{GOOD}op.execute("SELECT pg_terminate_backend(pg_backend_pid())")')
    fill(url)
    before = dump(url)
    with folder.in_use(), pytest.raises(MigrationError, match="terminating connection"):
        migrate(settings)
    assert dump(url) == before


@on_sqlite
def test_where_the_database_answers_no_more_nothing_is_claimed(
    settings: Settings, folder: Folder, tmp_path: Path
) -> None:
    file = str(tmp_path / "test.db")
    folder.add(NEXT, f'import os; os.replace({file!r}, {file!r} + "~"); os.mkdir({file!r}); 1 / 0')
    with folder.in_use(), pytest.raises(MigrationError) as refused:
        migrate(settings)
    assert "were applied, or none, but the database does not answer any more" in str(refused.value)
    assert "division by zero" in str(refused.value)


def test_ready_is_told_by_the_revision(
    url: str, make_app: AppMaker, settings: Settings, folder: Folder
) -> None:
    folder.add(NEXT, GOOD)
    with TestClient(make_app(), base_url=ISSUER) as client:
        assert client.get("/ready").status_code == 200
        with folder.in_use():
            assert client.get("/ready").status_code == 503  # older
            migrate(settings)
            assert client.get("/ready").status_code == 200
        assert client.get("/ready").status_code == 200  # newer, for this code
        with connected(url) as connection:
            connection.exec_driver_sql("DELETE FROM alembic_version")
        assert client.get("/ready").status_code == 503
