"""What a login and a refresh ask the database for is found by indexes, however much there is."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, select

from app.accounts.models import User
from app.accounts.service import find_login
from app.sessions.models import AuthSession
from app.sessions.oauth_errors import InvalidGrant
from tests.app.sessions.crowded import fill
from tests.app.sessions.house import House, successor

ROWS = 20_000
LARGE = {"users", "user_roles", "sessions", "refresh_tokens"}
# (statement, parameters as the driver takes them)
Executed = tuple[str, Any]


@contextmanager
def executed(house: House) -> Iterator[list[Executed]]:
    """Every statement that is executed in the block."""
    seen: list[Executed] = []

    def see(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        seen.append((statement, parameters))

    event.listen(house.database.engine, "before_cursor_execute", see)
    yield seen
    event.remove(house.database.engine, "before_cursor_execute", see)


def scans(connection: Connection, statement: str, parameters: Any) -> set[str]:
    """The large tables that a statement is answered from by reading them from end to end."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        words = [row[3].split() for row in rows]
        return {word[1] for word in words if word[0] == "SCAN"} & LARGE
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar()
    return set(_sequential(plan)) & LARGE


def _sequential(plan: Any) -> Iterator[str]:
    if isinstance(plan, list):
        for part in plan:
            yield from _sequential(part)
    elif isinstance(plan, dict):
        if plan.get("Node Type") == "Seq Scan":
            yield plan["Relation Name"]
        for part in plan.values():
            yield from _sequential(part)


@pytest.fixture
def crowd(house: House) -> House:
    """A house in which 20,000 others have been, whose sessions the database has counted."""
    with house.database.engine.begin() as connection:
        fill(connection, ROWS, house.clock.now)
        connection.exec_driver_sql("ANALYZE")
    return house


def test_every_query_of_login_and_refresh_uses_an_index(crowd: House) -> None:
    assert_a_scan_would_be_seen(crowd)
    user_id = crowd.user()
    with executed(crowd) as seen:
        log_in(crowd, user_id)
        first = crowd.token(user_id)
        second = successor(crowd.refresh(first))
        crowd.refresh(first)
        third = successor(crowd.refresh(second))
        crowd.clock.move(20)
        with suppress(InvalidGrant):
            crowd.refresh(first)
    assert crowd.session_of(third).ended_at is not None
    assert len({statement for statement, _ in seen}) >= 14
    with crowd.database.engine.connect() as connection:
        found = {statement: scans(connection, statement, values) for statement, values in seen}
        connection.rollback()
    assert not {statement: large for statement, large in found.items() if large}


def assert_a_scan_would_be_seen(house: House) -> None:
    with executed(house) as seen, house.database.transaction() as session:
        session.execute(select(AuthSession).where(AuthSession.first_address == "192.0.2.1")).all()
    with house.database.engine.connect() as connection:
        assert scans(connection, *seen[0]) == {"sessions"}


def log_in(house: House, user_id: UUID) -> None:
    with house.database.transaction() as session:
        email = session.scalar(select(User.email).where(User.id == user_id))
        assert find_login(session, email or "") is not None
