"""One's own account, and the list of all users."""

import logging
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import delete

from app.accounts.models import User
from app.database import Database
from app.parts import find
from tests.support import Account, bearer, token_of


def test_a_user_sees_his_own_account(client: TestClient, member: Account) -> None:
    answer = client.get("/users/me", headers=member.headers)
    assert answer.status_code == 200
    assert (answer.json()["email"], answer.json()["roles"]) == (member.email, ["member"])


def test_a_user_who_is_gone_holds_an_invalid_token(
    app: FastAPI, client: TestClient, member: Account, caplog: pytest.LogCaptureFixture
) -> None:
    with find(app, Database).transaction() as session:
        session.execute(delete(User))
    for path in ("/users/me", "/notes"):
        with caplog.at_level(logging.INFO, "ostiary"):
            caplog.clear()
            answer = client.get(path, headers=member.headers)
        told = [record for record in caplog.records if record.name == "ostiary.sessions"]
        assert [vars(record)["code"] for record in told] == ["user_gone"]
        assert member.token not in caplog.text
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("sub", ["client_1234", "admin", "0", "é", "probe", "x" * 255])
def test_a_machine_is_no_user(app: FastAPI, client: TestClient, sub: str) -> None:
    machine = bearer(token_of(app, sub, "account:read", "notes:read", "notes:write"))
    note = {"title": "x", "body": "y"}
    for answer in (
        client.get("/users/me", headers=machine),
        client.get("/notes", headers=machine),
        client.post("/notes", headers=machine, json=note),
        client.get(f"/notes/{uuid4()}", headers=machine),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "user_required")


def test_the_list_of_users_is_for_its_scope_alone(client: TestClient, member: Account) -> None:
    answer = client.get("/users", headers=member.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    challenge = 'Bearer error="insufficient_scope", scope="users:read"'
    assert answer.headers["www-authenticate"] == challenge
    assert "'users:read'" in answer.json()["detail"]


def test_a_machine_with_the_scope_may_list_users(
    app: FastAPI, client: TestClient, member: Account
) -> None:
    machine = bearer(token_of(app, "client_1234", "users:read"))
    listed = client.get("/users", headers=machine).json()
    assert [user["email"] for user in listed["items"]] == [member.email]


def test_an_administrator_pages_through_all_users(
    app: FastAPI, client: TestClient, admin: Account
) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with find(app, Database).transaction() as session:
        session.add_all(
            User(email=f"{number}@example.com", password_hash="x", created_at=moment)
            for number in range(23)
        )
    pages: list[list[str]] = []
    following: dict[str, Any] = {"limit": 5}
    while len(pages) < 10:
        page = client.get("/users", headers=admin.headers, params=following).json()
        pages.append([user["email"] for user in page["items"]])
        if page["next_cursor"] is None:
            break
        following = {"limit": 5, "cursor": page["next_cursor"]}
    assert [len(page) for page in pages] == [5, 5, 5, 5, 4]
    seen = [email for page in pages for email in page]
    assert seen[0] == admin.email
    assert sorted(seen) == sorted([admin.email, *(f"{n}@example.com" for n in range(23))])


def test_no_password_hash_is_ever_shown(client: TestClient, admin: Account) -> None:
    listed = client.get("/users", headers=admin.headers)
    shown = {"id", "email", "name", "roles", "disabled", "created_at"}
    assert set(listed.json()["items"][0]) == shown
    assert "argon2" not in listed.text
