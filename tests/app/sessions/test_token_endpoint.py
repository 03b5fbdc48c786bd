"""`POST /auth/token` for clients by themselves (RFC 6749 §4.4), and all that is no request."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.database import Database
from app.parts import find
from app.sessions.models import AuthSession, RefreshToken
from app.tokens.errors import KeysUnavailable
from app.tokens.issue import Issuer
from app.tokens.verify import Verifier
from tests.app.clients.machine import Machine, refused
from tests.app.sessions.house import House
from tests.support import ISSUER, PASSWORD, Account, bearer

MARKER = "hunter2-marker"
FORM = "application/x-www-form-urlencoded"
INVALID_REQUEST, INVALID_SCOPE = (400, "invalid_request"), (400, "invalid_scope")
COOKIE = {"Ostiary-Transport": "cookie"}
ENDPOINTS = pytest.mark.parametrize("endpoint", ["token", "revoke", "introspect"])


@pytest.fixture
def machine(app: FastAPI, client: TestClient) -> Machine:
    return Machine.make(app, client, "notes:read", "users:read")


def log_in(client: TestClient) -> dict[str, Any]:
    credentials = {"username": "member@example.com", "password": PASSWORD}
    answer: dict[str, Any] = client.post("/auth/login", data=credentials).json()
    return answer


def test_a_clients_token_says_whose_it_is_and_what_it_opens(house: House) -> None:
    app, client = house.app, TestClient(house.app, base_url=ISSUER)
    machine = Machine.make(app, client, "notes:read", "users:read")
    answer = machine.ask()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "scope"}
    claims = find(app, Verifier).verify(answer.json()["access_token"])
    assert claims.sub == claims.client_id == machine.id
    assert claims.scope == answer.json()["scope"] == "notes:read users:read"
    assert claims.exp - claims.iat == 600
    assert answer.json()["expires_in"] == 600
    assert (claims.auth_time, claims.amr) == (None, None)
    with find(app, Database).transaction() as session:
        (auth,) = session.scalars(select(AuthSession)).all()
        assert session.scalars(select(RefreshToken)).all() == []
    assert (str(auth.id), auth.client_id, auth.user_id) == (claims.sid, machine.id, None)
    assert claims.status is not None
    assert claims.status.idx == auth.status_index
    assert claims.status.uri == f"{ISSUER}/status-lists/{auth.status_list_id}"


def test_a_service_calls_what_its_scopes_open_and_nothing_that_belongs_to_users(
    client: TestClient, machine: Machine
) -> None:
    headers = bearer(machine.token())
    assert client.get("/users", headers=headers).status_code == 200
    for method, path in (("GET", "/notes"), ("GET", f"/notes/{'0' * 8}-0000-4000-8000-{'0' * 12}")):
        answer = client.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "user_required")
    answer = client.post("/notes", headers=headers, json={"title": "x", "body": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("notes:read", "notes:read"),
        ("users:read notes:read", "notes:read users:read"),
        ("notes:read notes:read", "notes:read"),
        ("", "notes:read users:read"),
    ],
)
def test_a_client_may_ask_for_less(machine: Machine, asked: str, given: str) -> None:
    assert machine.ask(scope=asked).json()["scope"] == given


@pytest.mark.parametrize("asked", ["notes:write", "notes:read notes:write", "NOTES:READ", "*", "~"])
def test_a_client_gets_no_scope_that_it_was_not_made_with(machine: Machine, asked: str) -> None:
    assert refused(machine.ask(scope=asked)) == INVALID_SCOPE


@pytest.mark.parametrize(
    "junk",
    [
        *(" ", " notes:read", "notes:read ", "notes:read  users:read", "notes:read\tusers:read"),
        *("notes:read\n", "notes:read,users:read\0", '"notes:read"', "notes:read\\", "nötes:read"),
        *("notes:read\u00a0users:read", "\x7f", "💥", " " * 5_000),
    ],
)
def test_a_scope_that_is_none_is_refused_in_every_grant(
    client: TestClient, member: Account, machine: Machine, junk: str
) -> None:
    assert refused(machine.ask(scope=junk)) == INVALID_SCOPE
    form = {"grant_type": "refresh_token", "refresh_token": log_in(client)["refresh_token"]}
    assert refused(client.post("/auth/token", data=form | {"scope": junk})) == INVALID_SCOPE
    assert client.post("/auth/token", data=form).status_code == 200


def test_a_confidential_client_has_no_use_for_a_users_refresh_token(
    client: TestClient, member: Account, machine: Machine
) -> None:
    token = log_in(client)["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    for headers, more in ((machine.headers, {}), ({}, machine.form)):
        answer = client.post("/auth/token", data=form | more, headers=headers)
        assert refused(answer) == (400, "invalid_grant")
    assert client.post("/auth/token", data=form | {"client_id": "ostiary"}).status_code == 200


@pytest.mark.parametrize("form", [{}, {"client_id": "ostiary"}])
def test_nobody_gets_a_clients_token_without_being_one(
    client: TestClient, form: dict[str, str]
) -> None:
    answer = client.post("/auth/token", data={"grant_type": "client_credentials", **form})
    assert refused(answer) == (401, "invalid_client")


@pytest.mark.parametrize(
    "grant_type",
    [
        *("password", "authorization_code", "implicit", "CLIENT_CREDENTIALS", "refresh_token "),
        *("urn:ietf:params:oauth:grant-type:token-exchange", MARKER, "\0", "é", "x" * 9_000),
    ],
)
def test_other_grants_are_not_offered(
    client: TestClient, machine: Machine, member: Account, grant_type: str
) -> None:
    form = {"grant_type": grant_type, "username": member.email, "password": PASSWORD}
    for headers in ({}, machine.headers):
        answer = client.post("/auth/token", data=form, headers=headers)
        assert refused(answer) == (400, "unsupported_grant_type")
        assert MARKER not in answer.text


def test_a_clients_token_does_not_travel_by_cookie(machine: Machine) -> None:
    form = {"grant_type": "client_credentials"}
    answer = machine.client.post("/auth/token", data=form, headers=machine.headers | COOKIE)
    assert refused(answer) == INVALID_REQUEST
    assert "set-cookie" not in answer.headers


def send(machine: Machine, endpoint: str, body: str | bytes, kind: str | None) -> httpx.Response:
    headers = machine.headers | ({"Content-Type": kind} if kind else {})
    answer: httpx.Response = machine.client.post(f"/auth/{endpoint}", content=body, headers=headers)
    return answer


GOOD = {"grant_type": "client_credentials", "token": MARKER}


@ENDPOINTS
@pytest.mark.parametrize(
    "body",
    [
        *("", "&&", "token", f"{MARKER}", "grant_type=&token=", "scope=x", "=", "a=b;c=d"),
        urlencode([*GOOD.items(), *GOOD.items()]),
        urlencode([*GOOD.items(), ("scope", MARKER), ("scope", "x")]),
        urlencode([*GOOD.items(), ("client_id", "ostiary"), ("client_id", "ostiary")]),
        urlencode([*GOOD.items(), ("x", ""), ("x", "")]),
        urlencode(GOOD | {f"x{number}": MARKER for number in range(40)}),
        urlencode(GOOD) + "&a=%ff",
        urlencode(GOOD).encode() + b"&a=\xff",
    ],
)
def test_a_form_that_is_none_or_says_something_twice_is_refused(
    machine: Machine, endpoint: str, body: str | bytes
) -> None:
    answer = send(machine, endpoint, body, FORM)
    assert refused(answer) == INVALID_REQUEST
    assert MARKER not in answer.text


@ENDPOINTS
@pytest.mark.parametrize(
    "kind",
    [None, "", "application/json", "text/plain", f"{FORM}x", "multipart/form-data; boundary=x"],
)
def test_another_media_type_than_a_form_is_refused(
    machine: Machine, endpoint: str, kind: str | None
) -> None:
    for body in (urlencode(GOOD), json.dumps(GOOD), ""):
        answer = send(machine, endpoint, body, kind)
        assert refused(answer) == INVALID_REQUEST
        assert MARKER not in answer.text


@ENDPOINTS
def test_what_stands_in_the_address_is_not_looked_at(client: TestClient, endpoint: str) -> None:
    form = {"grant_type": "client_credentials", "token": "x"}
    answer = client.post(f"/auth/{endpoint}?{urlencode(form)}", data={"x": "y"})
    assert refused(answer) in (INVALID_REQUEST, (401, "invalid_client"))


@ENDPOINTS
def test_a_body_over_the_limit_and_other_verbs_are_refused_as_everywhere(
    machine: Machine, endpoint: str
) -> None:
    answer = send(machine, endpoint, urlencode(GOOD | {"x": "x" * 70_000}), FORM)
    assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")
    for verb in ("GET", "HEAD", "PUT", "DELETE"):
        assert machine.client.request(verb, f"/auth/{endpoint}").status_code == 405


def test_without_keys_nothing_is_given_and_no_session_begins(
    app: FastAPI, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise KeysUnavailable("nothing is there")

    monkeypatch.setattr(Issuer, "issue", fail)
    answer = machine.ask()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    with find(app, Database).transaction() as session:
        assert session.scalars(select(AuthSession)).all() == []


def test_a_clients_token_lives_as_long_as_it_is_set(house: House) -> None:
    app = house.open(access_token_seconds=60)
    token = Machine.make(app, TestClient(app, base_url=ISSUER), "notes:read").token()
    claims = find(app, Verifier).verify(token)
    assert claims.exp - claims.iat == 60
