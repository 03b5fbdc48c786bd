"""A session that ended opens no route: every guarded route of the real table is tried."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.access.entries import RouteEntry
from app.accounts.models import User
from app.clock import Clock
from app.database import Database
from app.main import unwired_app
from app.parts import find
from app.sessions.ending import Because, end_session
from app.tokens.verify import Verifier
from tests.support import PASSWORD, Account, bearer, token_of

GUARDED: tuple[RouteEntry, ...] = unwired_app().state.routes.guarded
# What each route takes, so that nothing but the token is wrong.
BODIES: dict[str, dict[str, Any]] = {
    "POST /notes": {"title": "x", "body": "y"},
    "PUT /notes/{note_id}": {"title": "x", "body": "y"},
    "PATCH /users/me": {"name": "x"},
    "PUT /users/me/password": {"current_password": PASSWORD, "new_password": PASSWORD * 2},
    "PATCH /users/{user_id}": {"name": "x"},
    "PUT /users/{user_id}/roles": {"roles": ["member"]},
}


def ask(client: TestClient, route: RouteEntry, token: str) -> httpx.Response:
    """A request that the route would take, for an id that nothing has."""
    path = "/".join(
        str(uuid4()) if segment.startswith("{") else segment for segment in route.path.split("/")
    )
    body = BODIES.get(f"{route.method} {route.path}")
    headers = {"Authorization": f"Bearer {token}"}
    answer: httpx.Response = client.request(route.method, path, json=body, headers=headers)
    return answer


def claims_of(app: FastAPI, token: str) -> tuple[UUID, UUID]:
    """The ids of a token's user and session."""
    claims = find(app, Verifier).verify(token)
    assert claims.sid
    return UUID(claims.sub), UUID(claims.sid)


def _end(session: Session, _: UUID, session_id: UUID) -> None:
    end_session(session, session_id, Because.LOGOUT, Clock().now())


def _disable(session: Session, user_id: UUID, _: UUID) -> None:
    session.execute(update(User).where(User.id == user_id).values(disabled_at=Clock().now()))


def _delete(session: Session, user_id: UUID, _: UUID) -> None:
    session.execute(delete(User).where(User.id == user_id))


@pytest.mark.parametrize("shut_out", [_end, _disable, _delete])
@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
def test_who_is_shut_out_is_refused_at_once(
    app: FastAPI,
    client: TestClient,
    admin: Account,
    route: RouteEntry,
    shut_out: Callable[[Session, UUID, UUID], None],
) -> None:
    Account.create(app, client, "another@example.com", ["admin"])
    with find(app, Database).transaction() as session:
        shut_out(session, *claims_of(app, admin.token))
    answer = ask(client, route, admin.token)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token"), answer.text
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
def test_the_same_request_of_who_is_not_shut_out_gets_through(
    app: FastAPI, client: TestClient, admin: Account, route: RouteEntry
) -> None:
    Account.create(app, client, "another@example.com", ["admin"])
    answer = ask(client, route, admin.token)
    assert answer.status_code in (200, 201, 204, 404), answer.text


def test_a_token_without_a_session_ends_with_all_sessions_of_its_user(
    app: FastAPI, client: TestClient, member: Account
) -> None:
    """Such as was issued before there were sessions."""
    me = client.get("/users/me", headers=member.headers).json()["id"]
    old = bearer(token_of(app, me, "account:read"))
    assert client.get("/users/me", headers=old).status_code == 200
    assert client.delete("/sessions", headers=member.headers).status_code == 204
    assert client.get("/users/me", headers=old).status_code == 401
