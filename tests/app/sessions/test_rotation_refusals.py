"""What a refresh token does not do, and what is lost by asking: nothing."""

from typing import Any

import pytest
from sqlalchemy import delete, update

from app.access.scopes import Role
from app.accounts.models import User, UserRole
from app.sessions.ending import Because, end_sessions_of_user
from app.sessions.oauth_errors import InvalidGrant
from app.sessions.opaque_tokens import new_token
from app.tokens.errors import KeysUnavailable
from app.tokens.issue import Issuer
from tests.app.sessions.house import DAY, House, is_refused, successor


@pytest.mark.parametrize("client_id", ["other", "OSTIARY", "ostiary ", "client_1", "é"])
def test_a_token_is_bound_to_its_client(house: House, client_id: str) -> None:
    token = house.token()
    before = house.rows()
    with pytest.raises(InvalidGrant):
        house.refresh(token, client_id=client_id)
    assert house.rows() == before
    following = successor(house.refresh(token, client_id="ostiary"))
    with pytest.raises(InvalidGrant):
        house.refresh(token, client_id=client_id)
    assert house.session_of(following).ended_at is None


@pytest.mark.parametrize(
    "token",
    [
        *(" ", "a", "A" * 42, "A" * 44, "A" * 42 + "B", "A" * 60_000, "é" * 43, "\0" * 43, "null"),
        *("' OR 1=1 --", "a.b.c", "[]", "\u202e" * 20),
    ],
    ids=range(13),
)
def test_what_is_no_token_is_refused_and_nothing_is_touched(house: House, token: str) -> None:
    house.refresh(house.token())
    before = house.rows()
    assert is_refused(house.post(token))
    assert house.rows() == before


def test_a_token_that_is_unknown_or_a_hash_is_refused(house: House) -> None:
    token = house.token()
    house.refresh(token)
    before = house.rows()
    row = house.row_of(token)
    for stolen in (new_token(), row.hash.hex(), str(row.session_id), f"{token}="):
        assert is_refused(house.post(stolen))
    assert house.rows() == before


def test_a_scope_narrows_this_access_token_alone(house: House) -> None:
    token = house.token()
    granted = house.claims(house.refresh(token)).scopes
    narrow = house.refresh(token, scope="notes:read account:read")
    assert narrow.scope == "account:read notes:read"
    assert house.claims(narrow).scopes == {"account:read", "notes:read"}
    following = house.refresh(successor(narrow))
    assert house.claims(following).scopes == granted > {"account:read", "notes:read"}


@pytest.mark.parametrize(
    "scope",
    [
        *("users:read", "notes:read users:read", "notes", "NOTES:READ", "*", "notes:*", " "),
        *("notes:read  account:read", "notes:read\taccount:read", "notes:read,account:read", "\0"),
        *("\u2003", "notes:read\u00a0account:read", "é", "x:" + "y" * 50_000),
    ],
    ids=range(15),
)
def test_a_scope_that_was_not_granted_is_refused_and_nothing_is_spent(
    house: House, scope: str
) -> None:
    token = house.token()
    before = house.rows()
    answer = house.post(token, scope=scope)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert house.rows() == before
    following = successor(house.refresh(token))
    assert house.post(token, scope=scope).json()["error"] == "invalid_scope"
    assert house.refresh(following).refresh_token


def test_an_empty_scope_is_none_at_all(house: House) -> None:
    token = house.token()
    assert house.post(token, scope="").json()["scope"] == house.refresh(token).scope


def test_what_the_roles_no_longer_give_is_dropped(house: House) -> None:
    user_id = house.user(Role.MEMBER, Role.ADMIN)
    token = house.token(user_id)
    with house.database.transaction() as session:
        session.execute(delete(UserRole).where(UserRole.name == "admin"))
    less = house.refresh(token)
    assert "users:read" not in house.claims(less).scopes
    assert "notes:read" in house.claims(less).scopes
    assert house.refresh(token, scope="users:read notes:read").scope == "notes:read"
    assert house.refresh(token, scope="users:read").scope == ""


def test_what_the_roles_give_since_the_login_is_not_added(house: House) -> None:
    user_id = house.user()
    token = house.token(user_id)
    with house.database.transaction() as session:
        session.add(UserRole(user_id=user_id, name="admin"))
    assert "users:read" not in house.claims(house.refresh(token)).scopes
    assert house.post(successor(house.refresh(token)), scope="users:read").status_code == 400


@pytest.mark.parametrize("how", ["disabled", "deleted", "ended"])
def test_a_user_who_may_not_log_in_refreshes_nothing(house: House, how: str) -> None:
    user_id = house.user()
    unused, spent = house.token(user_id), house.token(user_id)
    house.refresh(spent)
    other = house.token()
    with house.database.transaction() as session:
        if how == "disabled":
            now = house.refreshing.clock.now()
            session.execute(update(User).where(User.id == user_id).values(disabled_at=now))
        elif how == "deleted":
            session.execute(delete(User).where(User.id == user_id))
        else:
            now = house.refreshing.clock.now()
            end_sessions_of_user(session, user_id, Because.PASSWORD_CHANGED, now)
    before = house.rows()
    for token in (unused, spent):
        assert is_refused(house.post(token))
    assert house.rows() == before, "and it is not taken for a theft"
    assert house.refresh(other).refresh_token


def test_without_keys_nothing_is_spent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    token = house.token()
    before = house.rows()

    def no_keys(*_: object, **__: object) -> str:
        raise KeysUnavailable("the key service is down")

    with monkeypatch.context() as patch:
        patch.setattr(Issuer, "issue", no_keys)
        for _ in range(3):
            assert house.post(token).status_code == 503
    assert house.rows() == before
    house.clock.move(3600)
    following = successor(house.refresh(token))
    with monkeypatch.context() as patch:
        patch.setattr(Issuer, "issue", no_keys)
        assert house.post(token).status_code == 503
    assert successor(house.refresh(token)) == following


def slow(house: House, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """The key service answers after so many seconds."""
    sign = Issuer.issue

    def late(issuer: Issuer, **claims: Any) -> str:
        house.clock.move(seconds)
        return sign(issuer, **claims)

    monkeypatch.setattr(Issuer, "issue", late)


def test_the_window_begins_with_the_spending_and_not_with_the_request(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = house.token()
    with monkeypatch.context() as patch:
        slow(house, patch, 9.5)
        following = successor(house.refresh(token))
    house.clock.move(9)
    with monkeypatch.context() as patch:
        slow(house, patch, 9.5)
        assert successor(house.refresh(token)) == following, "who asked in time is in time"
    assert is_refused(house.post(token))


def test_a_session_whose_last_second_passes_while_it_is_signed_for_is_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, week = house.token(), house.open(refresh_token_days=7)
    house.clock.move(7 * DAY - 1.5)
    slow(house, monkeypatch, 2)
    assert is_refused(house.post(token, app=week))
