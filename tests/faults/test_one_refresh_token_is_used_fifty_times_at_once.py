"""Many uses of one refresh token at the same moment: one successor, whoever was first."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from app import postgresql
from app.database import POOL_SIZE, Database
from app.sessions.oauth_errors import InvalidGrant
from app.sessions.refreshing import Refreshing
from tests.app.sessions.house import CALLER, House, successor
from tests.faults.asking import Asked, at_once, post_form, told
from tests.faults.site import Site
from tests.support import on_postgresql

AT_ONCE = 50
ROUNDS = int(os.environ.get("ROTATION_ROUNDS", "8"))  # seconds each ten
SQLITE_ROUNDS = 3
HTTP_ROUNDS = int(os.environ.get("ROTATION_ROUNDS", "3"))
Use = Callable[[str], list[str | None]]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty threads of one process wait for each other, not for PostgreSQL."""
    patient = postgresql._LIMITS.replace("'1s'", "'20s'").replace("'1500ms'", "'20s'")
    monkeypatch.setattr(postgresql, "_LIMITS", patient)


@contextmanager
def crowd(house: House, retry: timedelta) -> Iterator[Use]:
    """Fifty who use one token at once, each with a connection; None is a refusal.

    Whatever else happens to one of them fails the test.
    """
    databases = [Database(house.url) for _ in range(AT_ONCE // POOL_SIZE)]
    many = [replace(house.refreshing, database=each, retry=retry) for each in databases]
    together = Barrier(AT_ONCE)

    def use(refreshing: Refreshing, token: str) -> str | None:
        together.wait(10)
        try:
            return successor(refreshing(token, client_id=None, scope=None, caller=CALLER))
        except InvalidGrant:
            return None

    with ThreadPoolExecutor(AT_ONCE) as pool:

        def all_use(token: str) -> list[str | None]:
            return list(pool.map(use, many * POOL_SIZE, [token] * AT_ONCE))

        try:
            yield all_use
        finally:
            for database in databases:
                database.close()


def rounds_of(house: House) -> range:
    return range(SQLITE_ROUNDS if house.url.startswith("sqlite") else ROUNDS)


@pytest.mark.usefixtures("patient")
def test_fifty_at_once_get_the_same_successor(house: House) -> None:
    with crowd(house, timedelta(seconds=10)) as all_use:
        for _ in rounds_of(house):
            token = house.token()
            given = set(all_use(token))
            assert len(given) == 1
            assert None not in given
            assert house.session_of(token).ended_at is None
            assert house.refresh(given.pop() or "").refresh_token


@pytest.mark.usefixtures("patient")
def test_without_a_window_one_of_fifty_wins(house: House) -> None:
    with crowd(house, timedelta(0)) as all_use:
        for _ in rounds_of(house):
            token = house.token()
            given = all_use(token)
            assert given.count(None) == AT_ONCE - 1
            family = house.session_of(token)
            assert family.ended_because == "refresh_token_reused"
            assert [row[1] for row in house.rows()["refresh_tokens"]].count(family.id) == 2


@pytest.mark.usefixtures("patient")
def test_a_line_used_by_many_tabs_is_one_line(house: House) -> None:
    """Each round all use what the last one gave: no round makes two, and none is logged out."""
    with crowd(house, timedelta(seconds=10)) as all_use:
        line = [house.token()]
        for _ in range(4):
            given = set(all_use(line[-1]))
            assert len(given) == 1
            line.append(given.pop() or "")
    assert len(house.rows()["refresh_tokens"]) == len(set(line)) == 5
    with pytest.raises(InvalidGrant):
        house.refresh(line[0])


@on_postgresql
def test_over_http_each_is_given_the_same_or_told_to_come_again(site: Site) -> None:
    token, asked = site.refresh_token, list[Asked]()
    for _ in range(HTTP_ROUNDS):
        form = post_form("/auth/token", grant_type="refresh_token", refresh_token=token)
        answers = at_once(site.port, [form] * AT_ONCE)
        given = {one.json["refresh_token"] for one in answers if one.status == 200}
        assert len(given) == 1, told(answers)
        asked += answers
        token = given.pop()
    print(f"{HTTP_ROUNDS} rounds: {told(asked)}")
    assert {one.status for one in asked} <= {200, 503}, told(asked)
    assert site.count("refresh_tokens WHERE used_at IS NULL") == site.count("sessions")
