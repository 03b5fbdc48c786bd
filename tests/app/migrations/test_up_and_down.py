"""Each migration up and down with rows in every table, on both databases."""

import pytest
from alembic.util import CommandError
from fastapi.testclient import TestClient

from app.database import known_revisions
from tests.app.migrations.conftest import NEXT, Alembic, Folder
from tests.app.migrations.databases import VERSIONS, connected, dump, fill
from tests.conftest import AppMaker
from tests.support import ISSUER, PASSWORD, Account

STEPS = list(zip(["base", *known_revisions()], known_revisions(), strict=False))


@pytest.mark.parametrize(("lower", "upper"), STEPS)
def test_a_step_up_keeps_every_row(empty_url: str, lower: str, upper: str) -> None:
    _stand_at(lower)
    fill(empty_url)
    before = dump(empty_url)
    Alembic().upgrade(upper)
    after = dump(empty_url)
    assert before.of_both(after) == after.of_both(before)


@pytest.mark.parametrize(("lower", "upper"), STEPS)
def test_a_step_down_and_up_again_keeps_what_both_schemas_hold(
    empty_url: str, lower: str, upper: str
) -> None:
    alembic = _stand_at(lower)
    below = dump(empty_url)
    fill(empty_url)
    alembic.upgrade(upper)
    fill_what_is_new(empty_url, lower)
    above = dump(empty_url)
    assert all(len(rows) >= 3 for table, rows in above.rows.items() if table != VERSIONS)
    alembic.downgrade(lower)
    down = dump(empty_url)
    # SQLite and Alembic keep the table of revisions.
    assert {**down.schema, VERSIONS: ""} == {**below.schema, VERSIONS: ""}
    assert above.of_both(down) == down.of_both(above)
    alembic.upgrade(upper)
    again = dump(empty_url)
    assert again.schema == above.schema
    assert down.of_both(again) == again.of_both(down)


def fill_what_is_new(url: str, lower: str) -> None:
    """Rows in every table, those that a lower revision has filled included."""
    fill(url, 3 if lower != "base" else 0)


def test_all_the_way_down_nothing_is_left_and_up_again_it_is_the_same(empty_url: str) -> None:
    alembic = _stand_at("head")
    fill(empty_url)
    schema = dump(empty_url).schema
    alembic.downgrade("base")
    assert set(dump(empty_url).schema) == {VERSIONS}
    alembic.upgrade("head")
    assert dump(empty_url).schema == schema


def test_models_and_migrations_are_of_one_opinion(url: str) -> None:
    Alembic().check()


@pytest.mark.parametrize(
    "change",
    [
        'op.add_column("users", sa.Column("more", sa.Text(), nullable=True))',
        'op.drop_index("ix_notes_owner_id_created_at_id")',
        'op.create_table("more", sa.Column("id", sa.Integer(), primary_key=True))',
    ],
)
def test_where_they_are_not_it_is_seen(url: str, folder: Folder, change: str) -> None:
    folder.add(NEXT, change)
    with folder.in_use():
        Alembic().upgrade("head")
        with pytest.raises(CommandError, match="New upgrade operations detected"):
            Alembic().check()


def test_who_is_disabled_is_let_in_again_by_the_code_before_there_was_disabling(
    url: str, make_app: AppMaker
) -> None:
    """What `alembic downgrade 0001` loses, as docs/migrations.md says."""
    credentials = {"username": "ada@example.com", "password": PASSWORD}
    with TestClient(make_app(registration="open"), base_url=ISSUER) as client:
        Account.register(client, "ada@example.com")
        with connected(url) as connection:
            connection.exec_driver_sql("UPDATE users SET disabled_at = created_at")
        assert client.post("/auth/login", data=credentials).status_code == 401
        Alembic().downgrade("0001")
        Alembic().upgrade("head")
        assert client.post("/auth/login", data=credentials).status_code == 200


def _stand_at(revision: str) -> Alembic:
    alembic = Alembic()
    if revision != "base":
        alembic.upgrade(revision)
    return alembic
