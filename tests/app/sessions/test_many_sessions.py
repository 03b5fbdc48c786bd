"""Very many sessions of one user: few of them live, and he can be shut out whatever there was."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi.testclient import TestClient
from sqlalchemy import insert, select, text, update

from app.accounts.administration import delete_user
from app.accounts.models import User
from app.accounts.passwords import PasswordHasher
from app.database import POOL_SIZE
from app.parts import find
from app.sessions.beginning import MAX_SESSIONS
from app.sessions.ending import Because, end_sessions_of_user, forget_callers
from app.sessions.models import AuthSession, StatusList
from app.sessions.schemas import TokenResponse
from tests.app.sessions.house import House, is_refused
from tests.support import ISSUER, PASSWORD, bearer, on_postgresql

VERY_MANY = 60_000
DAY = timedelta(days=1)
# Begun two hours ago, a millisecond apart; the first half ended then, the other is only over.
LOADED = text("""
    INSERT INTO sessions (id, user_id, client_id, scope, status_list_id, status_index, created_at,
        last_used_at, expires_at, ended_at, ended_because, first_address, last_user_agent)
    SELECT gen_random_uuid(), :user_id, 'ostiary', 'notes:read', :list_id, n,
        at, at, at, CASE WHEN n <= :many / 2 THEN at END,
        CASE WHEN n <= :many / 2 THEN 'logout' END, '192.0.2.1', 'a browser'
    FROM generate_series(1, :many) AS n,
        LATERAL (SELECT CAST(:now AS timestamptz) - interval '2 hours' + n * interval '1 ms') t (at)
""")


def now_of(house: House) -> datetime:
    return datetime.fromtimestamp(house.clock.now, UTC)


def new_list(house: House, size: int) -> UUID:
    """A status list all of whose places are taken."""
    list_id, at = uuid4(), now_of(house)
    values = {"id": list_id, "key": bytes(32), "size": size, "taken": size}
    with house.database.engine.begin() as connection:
        connection.execute(insert(StatusList), [values | {"created_at": at, "last_taken_at": at}])
    return list_id


def put(house: House, user_id: UUID, created: Iterable[datetime], **changes: Any) -> list[UUID]:
    """Living sessions that began at these moments; their ids, in this order."""
    moments = list(created)
    common = {
        "user_id": user_id,
        "client_id": "ostiary",
        "scope": "notes:read",
        "status_list_id": new_list(house, len(moments)),
        "last_used_at": now_of(house),
        "expires_at": now_of(house) + DAY,
    } | changes
    made = [uuid4() for _ in moments]
    rows = [
        {"id": made[n], "status_index": n, "created_at": at, **common}
        for n, at in enumerate(moments)
    ]
    with house.database.engine.begin() as connection:
        connection.execute(insert(AuthSession), rows)
    return made


def hours_before(house: House, count: int) -> list[datetime]:
    """So many moments, oldest first, a second apart, the last an hour ago."""
    last = now_of(house) - timedelta(hours=1)
    return [last - timedelta(seconds=n) for n in reversed(range(count))]


def load_very_many(house: House, user_id: UUID) -> None:
    values = {"user_id": user_id, "list_id": new_list(house, VERY_MANY + 1), "many": VERY_MANY}
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.execute(LOADED, values | {"now": now_of(house)})


def ended(house: House, user_id: UUID, because: str | None = Because.TOO_MANY) -> set[UUID]:
    """His sessions that ended for this reason; without one, those that did not."""
    of_user = select(AuthSession.id).where(AuthSession.user_id == user_id)
    with house.database.transaction() as session:
        return set(session.scalars(of_user.where(AuthSession.ended_because == because)))


def test_one_session_too_many_ends_the_oldest_and_only_that(house: House) -> None:
    user_id, other = house.user(), house.user()
    put(house, other, hours_before(house, MAX_SESSIONS))
    oldest, *rest = put(house, user_id, hours_before(house, MAX_SESSIONS - 1))
    first = house.session_of(house.token(user_id)).id
    assert ended(house, user_id) == set()
    second = house.session_of(house.token(user_id)).id
    assert ended(house, user_id) == {oldest}
    assert ended(house, user_id, None) == {first, second, *rest}
    assert len(ended(house, other, None)) == MAX_SESSIONS
    with house.database.transaction() as session:
        over = session.get_one(AuthSession, oldest)
        assert over.ended_at == over.expires_at == now_of(house)


def test_of_sessions_that_began_at_one_instant_the_one_with_the_lowest_id_is_the_oldest(
    house: House,
) -> None:
    user_id = house.user()
    made = put(house, user_id, [now_of(house)] * MAX_SESSIONS)
    house.begin(user_id)
    assert ended(house, user_id) == {min(made)}


def test_a_session_that_was_one_too_many_gives_no_token_more(house: House) -> None:
    user_id = house.user()
    token = house.token(user_id)
    house.clock.move(1)
    put(house, user_id, [now_of(house)] * (MAX_SESSIONS - 1))
    claims = house.claims(house.begin(user_id))
    assert is_refused(house.post(token))
    assert str(house.session_of(token).id) != claims.sid


def test_sessions_that_are_over_are_not_counted(house: House) -> None:
    user_id, now = house.user(), now_of(house)
    moments = hours_before(house, MAX_SESSIONS)
    put(house, user_id, moments, expires_at=now)
    put(house, user_id, moments, ended_at=now, ended_because="logout")
    living = put(house, user_id, moments[1:])
    house.begin(user_id)
    assert ended(house, user_id) == set()
    assert set(living) < ended(house, user_id, None)


def test_the_session_that_begins_is_not_the_one_that_ends_where_a_clock_is_behind(
    house: House,
) -> None:
    user_id = house.user()
    put(house, user_id, [now_of(house)] * MAX_SESSIONS)
    house.clock.move(-60)
    new = house.session_of(house.token(user_id))
    assert new.ended_at is None
    assert len(ended(house, user_id)) == 1


def test_of_far_too_many_a_login_ends_a_few(house: House) -> None:
    user_id = house.user()
    put(house, user_id, hours_before(house, MAX_SESSIONS + 30))
    for gone in (10, 20, 30, 34, 35):
        house.begin(user_id)
        assert len(ended(house, user_id)) == gone
    assert len(ended(house, user_id, None)) == MAX_SESSIONS


@on_postgresql
def test_logins_at_once_end_as_many_as_they_begin(house: House) -> None:
    logins = 20
    user_id, other = house.user(), house.user()
    others = put(house, other, hours_before(house, MAX_SESSIONS))
    made = put(house, user_id, hours_before(house, MAX_SESSIONS))

    def begin(_: int) -> TokenResponse:
        return house.begin(user_id, epoch=0)

    with ThreadPoolExecutor(POOL_SIZE) as pool:
        begun = {UUID(house.claims(tokens).sid) for tokens in pool.map(begin, range(logins))}
    assert ended(house, user_id) == set(made[:logins])
    assert ended(house, user_id, None) == begun | set(made[logins:])
    assert ended(house, other, None) == set(others)


def test_what_may_be_alive_on_another_machine_ends_too_and_what_is_long_over_is_left(
    house: House,
) -> None:
    user_id, now = house.user(), now_of(house)
    for minutes in (-1, 0, 5):
        put(house, user_id, [now], expires_at=now - timedelta(minutes=minutes))
    (long_over,) = put(house, user_id, [now], expires_at=now - timedelta(minutes=11))
    with house.database.transaction() as session:
        assert end_sessions_of_user(session, user_id, Because.LOGOUT_EVERYWHERE, now) == 3
    assert ended(house, user_id, None) == {long_over}


@on_postgresql
def test_who_has_very_many_sessions_can_be_shut_out(house: House) -> None:
    """A statement over all of them would take longer than the database gives it."""
    admin, user_id = house.user("admin"), house.user()
    with house.database.transaction() as session:
        known = find(house.app, PasswordHasher).hash(PASSWORD)
        session.execute(update(User).where(User.id == user_id).values(password_hash=known))
    load_very_many(house, user_id)
    put(house, user_id, hours_before(house, MAX_SESSIONS))
    long_over = ended(house, user_id, None)

    def ask(who: UUID, method: str, path: str, body: Any = None) -> int:
        client = TestClient(house.app, base_url=ISSUER)
        headers = bearer(house.begin(who).access_token)
        answer: httpx.Response = client.request(method, path, json=body, headers=headers)
        return answer.status_code

    new = {"current_password": PASSWORD, "new_password": f"{PASSWORD} 2"}
    assert ask(user_id, "PUT", "/users/me/password", new) == 204
    living = long_over - ended(house, user_id, None)
    assert len(living) == MAX_SESSIONS, "what was over stays as it was"
    assert ask(user_id, "DELETE", "/sessions") == 204
    assert ask(admin, "PATCH", f"/users/{user_id}", {"disabled": True}) == 200
    assert ask(admin, "DELETE", f"/users/{user_id}") == 204
    with house.database.transaction() as session:
        told = AuthSession.first_address.is_not(None) | AuthSession.last_user_agent.is_not(None)
        assert set(session.scalars(select(AuthSession.user_id).where(told))) == {admin}


@on_postgresql
def test_a_deletion_has_more_time_than_other_transactions(house: House) -> None:
    shown = text("SHOW statement_timeout")
    with house.database.transaction() as session:
        user = session.get_one(User, house.user())
        delete_user(session, user, now_of(house))
        assert session.scalar(shown) == "12s"
    with house.database.transaction() as session:
        assert session.scalar(shown) == "1500ms"


@on_postgresql
def test_a_row_with_nothing_to_forget_is_not_written(house: House) -> None:
    user_id = house.user()
    known = [
        {"first_user_agent": "a browser"},
        {"first_address": "192.0.2.1"},
        {"last_user_agent": "a browser"},
        {"last_address": "192.0.2.1"},
    ]
    for columns in ({}, *known):
        put(house, user_id, [now_of(house)], **columns)
    written = text("SELECT count(*) FROM sessions WHERE xmin = pg_current_xact_id()::xid")
    with house.database.transaction() as session:
        forget_callers(session, user_id)
        assert session.scalar(written) == len(known)
