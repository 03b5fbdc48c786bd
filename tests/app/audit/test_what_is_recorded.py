"""Each act, and each proof that was wrong, is in the audit; what was rolled back is not."""

from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from typer.testing import CliRunner

from app.accounts.models import User
from app.accounts.recording import recorded
from app.audit.models import AuditEvent
from app.audit.recording import OPERATOR, Action, record
from app.cli import cli
from app.database import Database
from app.parts import find
from app.tokens.verify import Verifier
from tests.app.accounts.test_administration import ask, id_of
from tests.app.audit.conftest import Events
from tests.support import PASSWORD, Account

NEW = "an entirely new passphrase"
Told = tuple[str, str, str | None]


def told(event: dict[str, str]) -> Told:
    return event["action"], event["outcome"], event["code"]


def log_in(client: TestClient, email: str, password: str = PASSWORD) -> dict[str, str]:
    answer = client.post("/auth/login", data={"username": email, "password": password})
    body: dict[str, str] = answer.json()
    return body


def test_a_login_tells_who_and_which_session_from_where(
    client: TestClient, member: Account, events: Events
) -> None:
    log_in(client, member.email)
    event = events()[0]
    assert told(event) == ("login", "success", None)
    assert event["actor"] == id_of(member)
    sessions = client.get("/sessions", headers=member.headers).json()["items"]
    assert event["target"] == sessions[0]["id"]
    assert (event["address"], event["user_agent"]) == ("testclient", "testclient")
    assert len(event["request_id"]) == 32


@pytest.mark.parametrize("why", ["wrong_password", "user_disabled", "password_hash_damaged"])
def test_a_login_that_fails_tells_on_whom_and_why(
    app: FastAPI, client: TestClient, member: Account, events: Events, why: str
) -> None:
    who = id_of(member)
    with find(app, Database).transaction() as session:
        user = session.scalars(select(User).where(User.email == member.email)).one()
        if why == "user_disabled":
            user.disabled_at = user.created_at
        if why == "password_hash_damaged":
            user.password_hash = "$argon2id$"
    password = "not the one it is" if why == "wrong_password" else PASSWORD
    assert log_in(client, member.email, password)["code"] == "invalid_credentials"
    event = events()[0]
    assert told(event) == ("login", "failure", why)
    assert (event["actor"], event["target"]) == (None, who)


@pytest.mark.parametrize("typed", ["my secret passphrase 1", "nobody@example.com", "\0"])
def test_what_was_typed_where_an_address_belongs_is_nowhere(
    client: TestClient, events: Events, typed: str
) -> None:
    log_in(client, typed)
    event = events()[0]
    assert told(event) == ("login", "failure", "unknown_address")
    assert typed not in str(event)
    assert (event["actor"], event["target"]) == (None, None)


def test_what_users_do_to_their_own(client: TestClient, member: Account, events: Events) -> None:
    who = id_of(member)
    change = {"current_password": "not the one it is", "new_password": NEW}
    client.put("/users/me/password", json=change, headers=member.headers)
    change["current_password"] = PASSWORD
    client.put("/users/me/password", json=change, headers=member.headers)
    headers = {"Authorization": f"Bearer {log_in(client, member.email, NEW)['access_token']}"}
    session = client.get("/sessions", headers=headers).json()["items"][0]["id"]
    client.delete(f"/sessions/{session}", headers=headers)
    tokens = log_in(client, member.email, NEW)
    client.post("/auth/revoke", data={"token": tokens["refresh_token"]})
    headers = {"Authorization": f"Bearer {log_in(client, member.email, NEW)['access_token']}"}
    client.delete("/sessions", headers=headers)
    headers = {"Authorization": f"Bearer {log_in(client, member.email, NEW)['access_token']}"}
    client.delete("/users/me", headers=headers)
    done = [told(event) for event in events(actor=who) if event["action"] != "login"]
    assert done == [
        ("user.delete", "success", None),
        ("sessions.end_all", "success", None),
        ("session.end", "success", None),
        ("session.end", "success", None),
        ("password.change", "success", None),
        ("password.change", "failure", "wrong_password"),
    ]
    assert {event["target"] for event in events(actor=who, action="user.delete")} == {who}


def test_a_registration_and_one_of_a_taken_address(client: TestClient, events: Events) -> None:
    new = {"email": "new@example.com", "password": PASSWORD}
    who = client.post("/users", json=new).json()["id"]
    client.post("/users", json=new)
    taken, made = events(action="user.create")[:2]
    assert told(made) == ("user.create", "success", None)
    assert (made["actor"], made["target"]) == (who, who)
    assert told(taken) == ("user.create", "failure", "email_taken")
    assert (taken["actor"], taken["target"]) == (None, None)


def test_what_administrators_do_to_others(member: Account, admin: Account, events: Events) -> None:
    who, by = id_of(member), id_of(admin)
    ask(admin, "PATCH", who, {"disabled": True, "name": "Ada"})
    ask(admin, "PATCH", who, {"disabled": False})
    ask(admin, "PUT", f"{who}/roles", {"roles": ["member", "admin"]})
    ask(admin, "DELETE", f"{who}/sessions")
    ask(admin, "DELETE", who)
    found = [event for event in events(target=who) if event["actor"] == by]
    assert sorted(event["action"] for event in found) == [
        "sessions.end_all",
        "user.change",
        "user.delete",
        "user.disable",
        "user.enable",
        "user.roles",
    ]
    assert {event["outcome"] for event in found} == {"success"}


def test_a_denial_is_recorded_though_nothing_was_done(admin: Account, events: Events) -> None:
    by = id_of(admin)
    assert ask(admin, "PATCH", by, {"disabled": True}).status_code == 409
    event = events()[0]
    assert told(event) == ("user.disable", "denial", "last_administrator")
    assert (event["actor"], event["target"]) == (by, by)


def test_a_spent_refresh_token_that_comes_back(
    client: TestClient, member: Account, events: Events
) -> None:
    first = log_in(client, member.email)["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": first}
    second = client.post("/auth/token", data=form).json()["refresh_token"]
    client.post("/auth/token", data=form | {"refresh_token": second})
    assert client.post("/auth/token", data=form).status_code == 400
    assert client.post("/auth/token", data=form).status_code == 400
    reused = events(action="refresh_token.reuse")
    assert [told(event) for event in reused] == [
        ("refresh_token.reuse", "failure", "refresh_token_reused")
    ], "once: the session had ended by the second time"


@pytest.fixture
def ostiary(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", database_url)

    def run(*words: str) -> str:
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def test_what_operators_do_by_commands(
    client: TestClient, member: Account, ostiary: Callable[..., str], events: Events
) -> None:
    who = id_of(member)
    ostiary("users", "set-roles", member.email, "member", "admin")
    ostiary("users", "set-roles", member.email, "member", "admin")  # no change
    ostiary("users", "set-password", member.email, "--password", NEW)
    ostiary("users", "disable", member.email)
    ostiary("users", "enable", member.email)
    log_in(client, member.email, NEW)
    ostiary("sessions", "revoke", "--user", member.email)
    made = ostiary("clients", "create", "reports", "--scope", "users:read")
    client_id = made.partition("client_id=")[2].split()[0]
    wrong = client.post("/auth/token", auth=(client_id, "x"), data={"grant_type": "x"})
    assert wrong.status_code == 401
    ostiary("clients", "rotate-secret", client_id)
    ostiary("clients", "set-scope", client_id, "--scope", "notes:read")
    ostiary("clients", "delete", client_id)
    assert [(event["action"], event["target"]) for event in reversed(events(actor=OPERATOR))] == [
        ("user.roles", who),
        ("password.change", who),
        ("user.disable", who),
        ("user.enable", who),
        ("sessions.end_all", who),
        ("client.create", client_id),
        ("client.rotate_secret", client_id),
        ("client.set_scope", client_id),
        ("client.delete", client_id),
    ]
    refused = events(target=client_id, outcome="failure")
    assert [told(event) for event in refused] == [
        ("client.authentication", "failure", "invalid_client")
    ]
    assert {event["address"] for event in events(actor=OPERATOR)} == {None}
    ostiary("sessions", "revoke", "--everybody")


def test_what_is_rolled_back_was_not_done(app: FastAPI) -> None:
    database = find(app, Database)
    with suppress(ZeroDivisionError), database.transaction() as session:
        record(session, Action.USER_DELETE, actor=uuid4())
        raise ZeroDivisionError
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == 0


def test_what_cannot_be_recorded_is_not_done(
    app: FastAPI, member: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("app.accounts.recording.record", fail)
    database = find(app, Database)
    claims = find(app, Verifier).verify(member.token)
    with (
        pytest.raises(ZeroDivisionError),
        recorded(database, claims, claims.sub, Action.USER_CHANGE) as session,
    ):
        session.scalars(select(User).where(User.email == member.email)).one().name = "Ada"
    with database.transaction() as session:
        assert session.scalars(select(User.name).where(User.email == member.email)).one() is None
