"""What `database_url` promises to the tests: each kind in its turn, migrated, and nobody else's."""

from contextlib import closing

import pytest
from sqlalchemy import func, make_url, select

from app.accounts.service import create_user
from app.database import Base, Database
from tests.support import on_postgresql, on_sqlite


def kind_of(url: str) -> str:
    return make_url(url).get_backend_name()


def test_a_test_runs_on_the_kind_that_it_is_named_for(
    database_url: str, request: pytest.FixtureRequest
) -> None:
    assert f"[{kind_of(database_url)}]" in request.node.name


@on_sqlite
def test_one_of_sqlite_alone_has_it(database_url: str) -> None:
    assert kind_of(database_url) == "sqlite"


@on_postgresql
def test_one_of_postgresql_alone_has_it(database_url: str) -> None:
    assert kind_of(database_url) == "postgresql"


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_finds_a_migrated_database_with_nothing_in_it(
    database_url: str, turn: str
) -> None:
    with closing(Database(database_url)) as database:
        assert database.is_ready()
        with database.transaction() as session:
            for table in Base.metadata.sorted_tables:
                assert session.scalar(select(func.count()).select_from(table)) == 0, table
            create_user(session, email=f"{turn}@example.com", password_hash="", roles=[])
