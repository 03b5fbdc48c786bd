"""One's password: changed by who knows it, at the cost of a login, and all sessions end with it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, current_thread
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.accounts.models import User
from app.accounts.password_workers import PasswordWorkers
from app.accounts.passwords import PasswordHasher, Verdict
from app.database import Database
from app.parts import find
from app.sessions.login import Login
from app.sessions.models import AuthSession
from app.sessions.transport import COOKIE
from tests.app.accounts.conftest import costs
from tests.support import ISSUER, PASSWORD, Account

NEW = "an entirely new password"


def change(
    client: TestClient, account: Account, current: Any = PASSWORD, new: Any = NEW, **headers: str
) -> httpx.Response:
    body = {"current_password": current, "new_password": new}
    answer: httpx.Response = client.put(
        "/users/me/password", json=body, headers=account.headers | headers
    )
    return answer


def log_in(client: TestClient, email: str, password: str) -> int:
    answer = client.post("/auth/login", data={"username": email, "password": password})
    status: int = answer.status_code
    return status


def hash_of(app: FastAPI, email: str) -> str | None:
    with find(app, Database).transaction() as session:
        return session.scalar(select(User.password_hash).where(User.email == email))


def test_the_new_password_takes_the_place_of_the_old_and_all_sessions_end(
    app: FastAPI, client: TestClient, member: Account
) -> None:
    other = Account.register(client, "other@example.com")
    elsewhere = Account.log_in(client, member.email)
    answer = change(client, member)
    assert (answer.status_code, answer.content) == (204, b"")
    for account in (member, elsewhere):
        refused = client.get("/users/me", headers=account.headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    assert log_in(client, member.email, PASSWORD) == 401
    assert log_in(client, member.email, NEW) == 200
    assert client.get("/users/me", headers=other.headers).status_code == 200
    with find(app, Database).transaction() as session:
        ended = session.scalars(select(AuthSession.ended_because)).all()
    assert sorted(map(str, ended)) == ["None", "None", "password_changed", "password_changed"]


@pytest.mark.parametrize("current", ["an entirely wrong password", "", "short", "a" * 5000, "\0"])
def test_who_does_not_know_the_password_does_not_change_it(
    app: FastAPI,
    client: TestClient,
    member: Account,
    caplog: pytest.LogCaptureFixture,
    current: str,
) -> None:
    before = hash_of(app, member.email)
    with caplog.at_level("INFO", "ostiary.accounts"):
        answer = change(client, member, current)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_password")
    assert "www-authenticate" not in answer.headers
    assert [vars(record)["code"] for record in caplog.records] == ["wrong_password"]
    assert NEW not in caplog.text
    assert hash_of(app, member.email) == before
    assert client.get("/users/me", headers=member.headers).status_code == 200


def test_the_password_of_somebody_else_does_not_do(
    app: FastAPI, client: TestClient, member: Account
) -> None:
    other = Account.register(client, "other@example.com")
    with find(app, Database).transaction() as session:
        other_hash = find(app, PasswordHasher).hash("the password of another")
        session.execute(
            update(User).where(User.email == other.email).values(password_hash=other_hash)
        )
    assert change(client, member, "the password of another").status_code == 403


def test_a_wrong_attempt_costs_one_comparison_and_a_right_one_a_hash_more(
    client: TestClient, member: Account, evaluations: list[tuple[int, int, int]]
) -> None:
    assert change(client, member, "an entirely wrong password").status_code == 403
    assert len(evaluations) == 1
    assert change(client, member).status_code == 204
    assert evaluations == [(19_456, 2, 1)] * 3


def test_an_attempt_is_a_logins_and_in_the_password_workers(
    app: FastAPI, client: TestClient, member: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, seen = Login.check, []

    def watched(self: Login, username: str, password: str, *how: Any, **more: Any) -> Any:
        seen.append((current_thread().name.split("_")[0], username, password))
        return check(self, username, password, *how, **more)

    monkeypatch.setattr(Login, "check", watched)
    assert change(client, member, "an entirely wrong password").status_code == 403
    assert log_in(client, member.email, PASSWORD) == 200
    assert seen == [
        ("password", member.email, "an entirely wrong password"),
        ("password", member.email, PASSWORD),
    ]


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        (PASSWORD, "short", "new_password"),
        (PASSWORD, "a" * 129, "new_password"),
        (PASSWORD, "a" * 20 + "\0", "new_password"),
        (PASSWORD, None, "new_password"),
        (None, NEW, "current_password"),
        ([PASSWORD], NEW, "current_password"),
    ],
)
def test_what_is_no_password_is_refused_before_anything_is_compared(
    client: TestClient,
    member: Account,
    evaluations: list[tuple[int, int, int]],
    current: Any,
    new: Any,
    field: str,
) -> None:
    answer = change(client, member, current, new)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [f"body.{field}"])
    assert PASSWORD not in answer.text
    assert evaluations == []


def test_an_ended_session_is_refused_before_anything_is_compared(
    client: TestClient, member: Account, evaluations: list[tuple[int, int, int]]
) -> None:
    assert client.delete("/sessions", headers=member.headers).status_code == 204
    assert change(client, member).status_code == 401
    assert evaluations == []


def meanwhile(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, act: Callable[[TestClient], object]
) -> None:
    """Let `act` happen once, after the next password was found right and before more is done."""
    app.state.parts[PasswordWorkers] = PasswordWorkers(4, patience=60)
    hasher = find(app, PasswordHasher)
    compare, acts = hasher.compare, [act]

    def acting(text: str, stored: str | None) -> Verdict:
        verdict = compare(text, stored)
        if acts:
            acts.pop()(TestClient(app, base_url=ISSUER))
        return verdict

    monkeypatch.setattr(hasher, "compare", acting)


def test_a_session_that_ends_while_the_password_is_compared_changes_nothing(
    app: FastAPI, client: TestClient, member: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hash_of(app, member.email)
    meanwhile(app, monkeypatch, lambda c: c.delete("/sessions", headers=member.headers))
    assert change(client, member).status_code == 401
    assert hash_of(app, member.email) == before


def test_a_hash_that_changes_while_the_password_is_compared_is_not_overwritten(
    app: FastAPI, client: TestClient, member: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(_: TestClient) -> None:
        with find(app, Database).transaction() as session:
            session.execute(update(User).values(password_hash="another"))

    meanwhile(app, monkeypatch, replace)
    answer = change(client, member)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_password")
    assert hash_of(app, member.email) == "another"


def test_a_login_that_is_under_way_does_not_outlive_the_change(
    app: FastAPI, client: TestClient, member: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed: list[int] = []
    meanwhile(app, monkeypatch, lambda c: changed.append(change(c, member).status_code))
    assert log_in(client, member.email, PASSWORD) == 401
    assert changed == [204]
    with find(app, Database).transaction() as session:
        assert None not in session.scalars(select(AuthSession.ended_at)).all()


def test_of_two_changes_at_once_one_is_done(
    app: FastAPI, client: TestClient, member: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.state.parts[PasswordWorkers] = PasswordWorkers(4, patience=60)
    hasher, both = find(app, PasswordHasher), Barrier(2, timeout=30)
    hash_now = hasher.hash

    def together(password: str) -> str:
        both.wait()  # both have been found to know the password
        return hash_now(password)

    monkeypatch.setattr(hasher, "hash", together)

    def attempt(number: int) -> int:
        return change(TestClient(app, base_url=ISSUER), member, new=f"{NEW} {number}").status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(attempt, (0, 1)))
    monkeypatch.undo()
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 401, 403}
    assert costs(hash_of(app, member.email) or "") == (19_456, 2, 1)
    logins = [log_in(client, member.email, f"{NEW} {number}") for number in (0, 1)]
    assert [status == 200 for status in logins] == [status == 204 for status in statuses]


def test_the_cookie_is_cleared_where_it_is_asked_for(client: TestClient, member: Account) -> None:
    asking = {"Ostiary-Transport": "cookie"}
    wrong = change(client, member, "an entirely wrong password", **asking)
    assert "set-cookie" not in wrong.headers
    done = change(client, member, **asking)
    assert done.headers["set-cookie"].startswith(f"{COOKIE}=; Max-Age=0;")


def test_where_it_is_not_asked_for_no_cookie_is_spoken_of(
    client: TestClient, member: Account
) -> None:
    assert "set-cookie" not in change(client, member).headers
