"""One's own account: its name, and its end."""

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import User
from app.database import Database
from app.parts import find
from app.resources.notes.models import Note
from app.sessions.models import AuthSession
from app.sessions.transport import COOKIE
from tests.conftest import AppMaker
from tests.support import ISSUER, PASSWORD, Account, bearer, token_of

MACHINE = ("account:read", "account:write", "users:read", "users:write")


def change(client: TestClient, account: Account, body: object) -> httpx.Response:
    # Lone surrogates: the client's own encoder refuses what JSON can spell.
    headers = {**account.headers, "Content-Type": "application/json"}
    answer: httpx.Response = client.patch("/users/me", content=json.dumps(body), headers=headers)
    return answer


@pytest.mark.parametrize(
    "name", ["Ada", "x" * 100, "Zoë Ångström", "\U0001f469‍\U0001f52c", "' OR 1=1 --", " "]
)
def test_a_user_has_the_name_that_he_takes(client: TestClient, member: Account, name: str) -> None:
    answer = change(client, member, {"name": name})
    assert (answer.status_code, answer.json()["name"]) == (200, name)
    assert client.get("/users/me", headers=member.headers).json()["name"] == name


def test_a_name_can_be_taken_back_and_what_is_absent_stays(
    client: TestClient, member: Account
) -> None:
    assert client.get("/users/me", headers=member.headers).json()["name"] is None
    assert change(client, member, {"name": "Ada"}).json()["name"] == "Ada"
    assert change(client, member, {}).json()["name"] == "Ada"
    assert change(client, member, {"name": None}).json()["name"] is None
    assert client.get("/users/me", headers=member.headers).json()["name"] is None


@pytest.mark.parametrize(
    "name", ["", "x" * 101, "a\0b", "a\nb", "a\x1b[31m", "\x7f", "\u2028", "\ud800", 1, [], True]
)
def test_what_is_no_name_is_refused_and_not_repeated(
    client: TestClient, member: Account, name: Any
) -> None:
    answer = change(client, member, {"name": name})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["body.name"])
    assert "[31m" not in answer.text
    assert client.get("/users/me", headers=member.headers).json()["name"] is None


@pytest.mark.parametrize("email", ["new@example.com", "member@example.com", None, 7])
def test_the_address_is_refused_with_a_reason(
    client: TestClient, member: Account, email: Any
) -> None:
    answer = change(client, member, {"name": "Ada", "email": email})
    assert answer.status_code == 422
    assert answer.json()["errors"] == {
        "body.email": "an address cannot be changed here: nothing verifies that the new one is "
        "that of the same person"
    }
    own = client.get("/users/me", headers=member.headers).json()
    assert (own["email"], own["name"]) == ("member@example.com", None)


@pytest.mark.parametrize("field", ["roles", "disabled", "id", "password_hash", "session_epoch"])
def test_nobody_changes_more_of_himself(client: TestClient, member: Account, field: str) -> None:
    answer = change(client, member, {field: ["admin"]})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [f"body.{field}"])


def test_who_deletes_his_account_is_gone_with_what_was_his(
    app: FastAPI, client: TestClient, member: Account, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = Account.log_in(client, member.email)
    other = Account.register(client, "other@example.com")
    for account in (member, other):
        client.post("/notes", headers=account.headers, json={"title": "x", "body": "y"})
    with caplog.at_level("INFO", "ostiary.accounts"):
        deleted = client.delete("/users/me", headers=member.headers)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert "done: user.delete" in caplog.text
    assert member.token not in caplog.text
    for token in (member.token, elsewhere.token):
        answer = client.get("/users/me", headers=bearer(token))
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    with find(app, Database).transaction() as session:
        assert session.scalars(select(User.email)).all() == [other.email]
        assert len(session.scalars(select(Note)).all()) == 1
    assert client.get("/users/me", headers=other.headers).status_code == 200


def test_the_sessions_of_who_deleted_his_account_stay_ended_and_tell_nothing_of_him(
    app: FastAPI, client: TestClient, member: Account
) -> None:
    client.headers["User-Agent"] = "telling"
    Account.log_in(client, member.email)
    with find(app, Database).transaction() as session:
        places = {(a.status_list_id, a.status_index) for a in session.scalars(select(AuthSession))}
        assert "telling" in session.scalars(select(AuthSession.first_user_agent)).all()
    assert client.delete("/users/me", headers=member.headers).status_code == 204
    with find(app, Database).transaction() as session:
        left = session.scalars(select(AuthSession)).all()
        assert {(auth.status_list_id, auth.status_index) for auth in left} == places
        for auth in left:
            assert (auth.user_id, auth.ended_because) == (None, "user_deleted")
            assert auth.ended_at == auth.expires_at
            assert (auth.first_user_agent, auth.first_address) == (None, None)
            assert (auth.last_user_agent, auth.last_address) == (None, None)


def test_an_address_is_free_once_its_account_is_deleted(
    client: TestClient, member: Account
) -> None:
    assert client.delete("/users/me", headers=member.headers).status_code == 204
    again = Account.register(client, member.email)
    assert client.get("/users/me", headers=again.headers).status_code == 200
    assert client.get("/users/me", headers=member.headers).status_code == 401


def test_the_last_administrator_cannot_delete_himself(
    app: FastAPI, client: TestClient, admin: Account, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "ostiary.accounts"):
        refused = client.delete("/users/me", headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "last_administrator")
    assert [vars(record)["code"] for record in caplog.records] == ["last_administrator"]
    # Nothing is done by halves: he is still logged in.
    assert client.get("/users/me", headers=admin.headers).status_code == 200
    Account.create(app, client, "second@example.com", ["admin"])
    assert client.delete("/users/me", headers=admin.headers).status_code == 204


def test_where_there_is_no_administrator_a_member_can_still_go(
    client: TestClient, member: Account
) -> None:
    assert client.delete("/users/me", headers=member.headers).status_code == 204


@pytest.mark.parametrize("wanted", [True, False])
def test_the_cookie_is_cleared_with_the_account_where_it_is_asked_for(
    make_app: AppMaker, *, wanted: bool
) -> None:
    with TestClient(make_app(allowed_origins=("https://app.example.com",)), base_url=ISSUER) as c:
        member = Account.register(c, "member@example.com")
        transport = {"Ostiary-Transport": "cookie"} if wanted else {}
        deleted = c.delete("/users/me", headers=member.headers | transport)
        cleared = deleted.headers.get("set-cookie", "").startswith(f"{COOKIE}=; Max-Age=0;")
        assert (deleted.status_code, cleared) == (204, wanted)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/users/me", None),
        ("PATCH", "/users/me", {"name": "x"}),
        ("DELETE", "/users/me", None),
        ("PUT", "/users/me/password", {"current_password": "x", "new_password": PASSWORD}),
    ],
)
def test_a_machine_has_no_account(
    app: FastAPI, client: TestClient, method: str, path: str, body: Any
) -> None:
    machine = bearer(token_of(app, "client_1234", *MACHINE))
    answer = client.request(method, path, headers=machine, json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "user_required")
