"""Each route with a pool of one connection, as on Lambda: who needs two would wait for himself."""

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import QueuePool, select

from app.database import Database
from app.parts import find
from app.sessions.models import StatusList
from tests.app.clients.machine import Machine
from tests.conftest import AppMaker
from tests.support import PASSWORD, Account, bearer, on_postgresql

LATER = PASSWORD[::-1]
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\{\w+\}")


class Walk:
    """Sends requests, and notes which routes they were for and what came back."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self.been: set[tuple[str, str]] = set()

    def to(self, verb: str, path: str, token: str = "", **given: Any) -> Any:
        headers = given.pop("headers", {}) | (bearer(token) if token else {})
        answer: httpx.Response = self._client.request(verb, path, headers=headers, **given)
        assert answer.is_success, f"{verb} {path}: {answer.status_code} {answer.text}"
        self.been.add((verb, _ID.sub("{}", path)))
        return answer.json() if answer.content.startswith(b"{") else None

    def log_in(self, email: str, password: str = PASSWORD) -> Any:
        return self.to("POST", "/auth/login", data={"username": email, "password": password})


@pytest.fixture
def app(make_app: AppMaker, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    monkeypatch.setattr("app.main.on_lambda", lambda: True)
    return make_app()


def as_a_stranger(walk: Walk) -> None:
    for path in ("", "/swagger-ui-bundle.js", "/swagger-ui.css"):
        walk.to("GET", f"/docs{path}")
    for name in ("jwks.json", "openid-configuration", "oauth-authorization-server"):
        walk.to("GET", f"/.well-known/{name}")
    for path in ("/health", "/ready", "/openapi.json"):
        walk.to("GET", path)


def as_a_member(walk: Walk, email: str) -> str:
    """His id."""
    him = str(walk.to("POST", "/users", json={"email": email, "password": PASSWORD})["id"])
    token = walk.log_in(email)["access_token"]
    note = walk.to("POST", "/notes", token, json={"title": "1", "body": ""})["id"]
    walk.to("GET", "/notes", token)
    walk.to("GET", f"/notes/{note}", token)
    walk.to("PUT", f"/notes/{note}", token, json={"title": "2", "body": ""})
    walk.to("DELETE", f"/notes/{note}", token)
    walk.to("GET", "/users/me", token)
    walk.to("PATCH", "/users/me", token, json={"name": "Ada"})
    change = {"current_password": PASSWORD, "new_password": LATER}
    walk.to("PUT", "/users/me/password", token, json=change)
    for _ in range(2):
        token = walk.log_in(email, LATER)["access_token"]
    session = walk.to("GET", "/sessions", token)["items"][-1]["id"]
    walk.to("DELETE", f"/sessions/{session}", token)
    walk.to("DELETE", "/sessions", token)
    return him


def as_a_client(walk: Walk, email: str, machine: Machine) -> None:
    begun = walk.log_in(email, LATER)
    form = {"grant_type": "refresh_token", "refresh_token": begun["refresh_token"]}
    begun = walk.to("POST", "/auth/token", data=form)
    token = {"token": begun["access_token"]}
    walk.to("POST", "/auth/introspect", data=token, headers=machine.headers)
    walk.to("POST", "/auth/revoke", data=token)
    walk.to(
        "POST", "/auth/token", data={"grant_type": "client_credentials"}, headers=machine.headers
    )


def as_an_administrator(walk: Walk, token: str, him: str) -> None:
    walk.to("GET", "/audit-events", token)
    walk.to("GET", "/users", token)
    walk.to("GET", f"/users/{him}", token)
    walk.to("PATCH", f"/users/{him}", token, json={"name": "Bob"})
    walk.to("PUT", f"/users/{him}/roles", token, json={"roles": ["member"]})
    walk.to("GET", f"/users/{him}/sessions", token)
    walk.to("DELETE", f"/users/{him}/sessions", token)
    walk.to("DELETE", f"/users/{him}", token)


@on_postgresql
def test_each_route_needs_one_connection(app: FastAPI, client: TestClient, admin: Account) -> None:
    pool = find(app, Database).engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.size() == 1
    assert pool._max_overflow == 0
    walk = Walk(client)
    as_a_stranger(walk)
    him = as_a_member(walk, "ada@example.com")
    as_a_client(walk, "ada@example.com", Machine.make(app, client, "notes:read"))
    as_an_administrator(walk, admin.token, him)
    with find(app, Database).transaction() as session:
        status_list = session.scalars(select(StatusList.id)).one()
    walk.to("GET", f"/status-lists/{status_list}")
    other = Account.create(app, client, "bob@example.com", ["member"])
    walk.to("DELETE", "/users/me", other.token)
    assert walk.been == {
        (entry.method, _ID.sub("{}", entry.path)) for entry in app.state.routes.entries
    }
