"""Administration: who may do what to whom, and what it does to sessions."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import User
from app.database import Database
from app.parts import find
from app.sessions.models import AuthSession
from tests.support import PASSWORD, Account, token_of

ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("PATCH", "", {"name": "x"}),
    ("DELETE", "", None),
    ("PUT", "/roles", {"roles": ["member"]}),
    ("GET", "/sessions", None),
    ("DELETE", "/sessions", None),
]


def id_of(account: Account) -> str:
    own = account.client.get("/users/me", headers=account.headers)
    assert own.status_code == 200, own.text
    return str(own.json()["id"])


def ask(who: Account, method: str, path: str, body: Any = None) -> httpx.Response:
    answer: httpx.Response = who.client.request(
        method, f"/users/{path}", json=body, headers=who.headers
    )
    return answer


def reasons(app: FastAPI) -> list[str | None]:
    """Why each session ended that is the user's, None where it did not, oldest first."""
    with find(app, Database).transaction() as session:
        ended = select(AuthSession.ended_because).order_by(AuthSession.created_at)
        return list(session.scalars(ended))


def is_out(account: Account) -> bool:
    answer = account.client.get("/users/me", headers=account.headers)
    assert answer.status_code in (200, 401)
    return bool(answer.status_code == 401)


@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
def test_a_member_may_do_nothing_to_another_or_by_this_way_to_himself(
    client: TestClient, member: Account, method: str, rest: str, body: Any
) -> None:
    other = Account.register(client, "other@example.com")
    for whose in (id_of(other), id_of(member), str(uuid4())):
        answer = ask(member, method, f"{whose}{rest}", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert not is_out(other)


@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
def test_who_may_only_read_changes_nothing(
    app: FastAPI, client: TestClient, member: Account, method: str, rest: str, body: Any
) -> None:
    reader = Account(client, "", token_of(app, "client_reader", "users:read"))
    answer = ask(reader, method, f"{id_of(member)}{rest}", body)
    assert answer.status_code == (200 if method == "GET" else 403)
    assert not is_out(member)


@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
def test_an_id_that_nobody_has_is_not_found(
    admin: Account, method: str, rest: str, body: Any
) -> None:
    answer = ask(admin, method, f"{uuid4()}{rest}", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("respell", [str.upper, lambda i: i.replace("-", ""), lambda i: f"{{{i}}}"])
@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
def test_an_id_has_one_spelling(
    admin: Account, member: Account, method: str, rest: str, body: Any, respell: Any
) -> None:
    assert ask(admin, method, f"{respell(id_of(member))}{rest}", body).status_code in (400, 404)
    assert not is_out(member)


@pytest.mark.parametrize("whose", ["0", "-1", "me%0a", "..%2fme", "x" * 36, "' OR 1=1", "%00"])
def test_a_hostile_id_finds_nothing(admin: Account, whose: str) -> None:
    for method, rest, body in ROUTES:
        assert ask(admin, method, f"{whose}{rest}", body).status_code in (400, 404)


def test_an_administrator_sees_a_user(admin: Account, member: Account) -> None:
    shown = ask(admin, "GET", id_of(member)).json()
    assert shown == member.client.get("/users/me", headers=member.headers).json()
    assert (shown["name"], shown["disabled"]) == (None, False)


def test_an_administrator_names_a_user_who_stays_logged_in(admin: Account, member: Account) -> None:
    assert ask(admin, "PATCH", id_of(member), {"name": "Ada"}).json()["name"] == "Ada"
    assert ask(admin, "PATCH", id_of(member), {}).json()["name"] == "Ada"
    assert ask(admin, "PATCH", id_of(member), {"name": None}).json()["name"] is None
    assert not is_out(member)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"disabled": None}, "disabled"),
        ({"disabled": "yes"}, "disabled"),
        ({"disabled": 1}, "disabled"),
        ({"email": "x@example.com"}, "email"),
        ({"roles": ["admin"]}, "roles"),
        ({"name": "a\nb"}, "name"),
    ],
)
def test_what_cannot_be_changed_is_refused(
    admin: Account, member: Account, body: Any, field: str
) -> None:
    answer = ask(admin, "PATCH", id_of(member), body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [f"body.{field}"])
    assert not is_out(member)


def test_who_is_disabled_is_out_at_once_and_cannot_log_in(
    app: FastAPI, client: TestClient, member: Account, admin: Account
) -> None:
    whose = id_of(member)
    assert ask(admin, "PATCH", whose, {"disabled": True}).json()["disabled"] is True
    assert is_out(member)
    assert reasons(app) == ["user_disabled", None]
    credentials = {"username": member.email, "password": PASSWORD}
    assert client.post("/auth/login", data=credentials).status_code == 401
    assert ask(admin, "GET", whose).json()["disabled"] is True
    assert not is_out(admin)


def test_who_is_let_in_again_logs_in_anew(
    client: TestClient, member: Account, admin: Account
) -> None:
    whose = id_of(member)
    for disabled in (True, True, False, False):
        answer = ask(admin, "PATCH", whose, {"disabled": disabled})
        assert answer.json()["disabled"] is disabled
    assert is_out(member)
    again = Account.log_in(client, member.email)
    assert ask(admin, "PATCH", whose, {"disabled": False}).status_code == 200
    assert not is_out(again)


def test_who_is_deleted_is_out_at_once_and_his_sessions_stay_ended(
    app: FastAPI, member: Account, admin: Account
) -> None:
    whose = id_of(member)
    assert ask(admin, "DELETE", whose).status_code == 204
    assert is_out(member)
    assert ask(admin, "GET", whose).status_code == 404
    with find(app, Database).transaction() as session:
        (left,) = session.scalars(select(AuthSession).where(AuthSession.user_id.is_(None)))
        assert (left.ended_because, left.first_user_agent) == ("user_deleted", None)
        assert (left.last_user_agent, left.first_address, left.last_address) == (None, None, None)


def test_an_administrator_sees_and_ends_the_sessions_of_a_user(
    app: FastAPI, client: TestClient, member: Account, admin: Account
) -> None:
    whose = id_of(member)
    Account.log_in(client, member.email)
    page = ask(admin, "GET", f"{whose}/sessions?limit=1").json()
    rest = ask(admin, "GET", f"{whose}/sessions?cursor={page['next_cursor']}").json()
    assert [len(p["items"]) for p in (page, rest)] == [1, 1]
    assert not any(item["current"] for p in (page, rest) for item in p["items"])
    (own,) = ask(admin, "GET", f"{id_of(admin)}/sessions").json()["items"]
    assert own["current"] is True
    assert ask(admin, "DELETE", f"{whose}/sessions").status_code == 204
    assert is_out(member)
    assert not is_out(admin)
    assert sorted(map(str, reasons(app))) == ["None", "administrator", "administrator"]
    assert ask(admin, "GET", f"{whose}/sessions").json()["items"] == []


def test_a_machine_with_the_scopes_may_administrate(
    app: FastAPI, client: TestClient, member: Account
) -> None:
    scopes = ("users:read", "users:write")
    machine = Account(client, "", token_of(app, "client_1234", *scopes))
    whose = id_of(member)
    assert ask(machine, "GET", whose).status_code == 200
    assert ask(machine, "PATCH", whose, {"name": "Ada"}).json()["name"] == "Ada"
    assert ask(machine, "PUT", f"{whose}/roles", {"roles": []}).json()["roles"] == []
    assert ask(machine, "GET", f"{whose}/sessions").status_code == 200
    assert ask(machine, "DELETE", f"{whose}/sessions").status_code == 204
    assert ask(machine, "DELETE", whose).status_code == 204
    with find(app, Database).transaction() as session:
        assert session.scalars(select(User)).all() == []


def test_what_is_done_stands_in_the_log_without_a_name_or_a_token(
    member: Account, admin: Account, caplog: pytest.LogCaptureFixture
) -> None:
    whose, by = id_of(member), id_of(admin)
    with caplog.at_level("INFO", "ostiary.accounts"):
        ask(admin, "PATCH", whose, {"name": "Ada Lovelace", "disabled": True})
        ask(admin, "PATCH", whose, {"disabled": False})
        ask(admin, "PUT", f"{whose}/roles", {"roles": ["member", "admin"]})
        ask(admin, "DELETE", f"{whose}/sessions")
        ask(admin, "DELETE", whose)
    told = [record for record in caplog.records if record.name == "ostiary.accounts"]
    done = "user.change and user.disable", "user.enable", "user.roles", "sessions.end_all"
    assert [record.message for record in told] == [
        f"done: {what}: user {whose} by '{by}'" for what in (*done, "user.delete")
    ]
    assert {vars(record)["sub"] for record in told} == {by}
    assert {vars(record)["user_id"] for record in told} == {whose}
