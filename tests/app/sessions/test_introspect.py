"""`POST /auth/introspect` (RFC 7662): what a token is worth, told to clients that authenticate."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update

from app.accounts.models import User
from app.clients.service import delete_client
from app.database import Base, Database
from app.parts import find
from app.sessions.models import AuthSession, RefreshToken
from app.sessions.opaque_tokens import hash_of
from app.tokens.errors import KeysUnavailable
from app.tokens.verify import Verifier
from tests.app.clients.machine import Machine, refused
from tests.conftest import AppMaker
from tests.support import ISSUER, PASSWORD, Account, bearer

CREDENTIALS = {"username": "member@example.com", "password": PASSWORD}
MARKER = "hunter2-marker"
INACTIVE = {"active": False}
NOW = datetime.now(UTC)
pytestmark = pytest.mark.usefixtures("member")
Tokens = dict[str, str]
KINDS = ("access_token", "refresh_token")


def ask(machine: Machine, token: str, **form: str) -> httpx.Response:
    answer: httpx.Response = machine.client.post(
        "/auth/introspect", data={"token": token, **form}, headers=machine.headers
    )
    return answer


def told(machine: Machine, token: str, **form: str) -> dict[str, Any]:
    answer = ask(machine, token, **form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    members: dict[str, Any] = answer.json()
    return members


def rows(app: FastAPI) -> list[Any]:
    """Everything that the database holds."""
    with find(app, Database).transaction() as session:
        tables = Base.metadata.sorted_tables
        return [sorted(map(repr, session.execute(select(table)))) for table in tables]


@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "saml", "\0"])
def test_of_an_access_token_its_claims_are_told(
    app: FastAPI, machine: Machine, tokens: Tokens, hint: str
) -> None:
    claims = find(app, Verifier).verify(tokens["access_token"])
    names = ("scope", "client_id", "exp", "iat", "sub", "aud", "iss", "jti", "sid")
    expected = {"active": True, "token_type": "Bearer"} | {
        name: getattr(claims, name) for name in names
    }
    assert told(machine, tokens["access_token"], token_type_hint=hint) == expected


def test_of_a_clients_token_too_and_by_any_client(app: FastAPI, machine: Machine) -> None:
    other = Machine.make(app, machine.client, "notes:read")
    for token in (machine.token(), other.token()):
        members = told(machine, token)
        assert members["active"]
        assert members["sub"] == members["client_id"]


@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "saml"])
def test_of_a_refresh_token_its_session_is_told(
    app: FastAPI, machine: Machine, tokens: Tokens, hint: str
) -> None:
    with find(app, Database).transaction() as session:
        row = session.get_one(RefreshToken, hash_of(tokens["refresh_token"]))
        auth = session.get_one(AuthSession, row.session_id)
    assert told(machine, tokens["refresh_token"], token_type_hint=hint) == {
        "active": True,
        "scope": tokens["scope"],
        "client_id": "ostiary",
        "exp": int(auth.expires_at.timestamp()),
        "iat": int(row.created_at.timestamp()),
        "sub": str(auth.user_id),
    }


def test_asking_spends_nothing_and_ends_nothing(
    app: FastAPI, client: TestClient, machine: Machine, tokens: Tokens
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    following = client.post("/auth/token", data=form).json()
    with find(app, Database).transaction() as session:
        long_ago = RefreshToken.used_at.is_not(None)
        session.execute(update(RefreshToken).where(long_ago).values(salt=None))
    before = rows(app)
    for token in (tokens["refresh_token"], *(following[kind] for kind in KINDS), "A" * 43, "x.y.z"):
        ask(machine, token)
    assert rows(app) == before
    form["refresh_token"] = following["refresh_token"]
    assert client.post("/auth/token", data=form).status_code == 200


def test_a_spent_refresh_token_is_not_active_and_its_successor_is(
    client: TestClient, machine: Machine, tokens: Tokens
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    following = client.post("/auth/token", data=form).json()
    assert told(machine, tokens["refresh_token"]) == INACTIVE
    assert told(machine, following["refresh_token"])["active"]
    assert told(machine, tokens["access_token"])["active"]


ENDS: dict[str, Any] = {
    "ended": update(AuthSession).values(ended_at=NOW),
    "user disabled": update(User).values(disabled_at=NOW),
    "user gone": delete(User),
    "session gone": delete(AuthSession),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_app_refuses_is_not_active(
    app: FastAPI, client: TestClient, machine: Machine, tokens: Tokens, end: Any, kind: str
) -> None:
    assert told(machine, tokens[kind])["active"]
    with find(app, Database).transaction() as session:
        session.execute(end)
    assert client.get("/users/me", headers=bearer(tokens["access_token"])).status_code == 401
    assert told(machine, tokens[kind]) == INACTIVE


def test_an_expired_session_has_no_active_refresh_token(
    app: FastAPI, machine: Machine, tokens: Tokens
) -> None:
    with find(app, Database).transaction() as session:
        over = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(update(AuthSession).values(expires_at=over))
    assert told(machine, tokens["refresh_token"]) == INACTIVE


def test_a_session_is_over_at_its_absolute_end_though_it_was_begun_under_a_longer_one(
    make_app: AppMaker, app: FastAPI, machine: Machine, tokens: Tokens
) -> None:
    with find(app, Database).transaction() as session:
        begun = datetime.now(UTC) - timedelta(days=2)
        session.execute(update(AuthSession).values(created_at=begun))
    assert told(machine, tokens["refresh_token"])["active"]
    shorter = TestClient(make_app(refresh_token_days=1), base_url=ISSUER)
    assert told(Machine(shorter, machine.id, machine.secret), tokens["refresh_token"]) == INACTIVE


def test_the_token_of_a_client_that_was_deleted_is_not_active(
    app: FastAPI, machine: Machine
) -> None:
    other = Machine.make(app, machine.client, "notes:read")
    token = other.token()
    with find(app, Database).transaction() as session:
        delete_client(session, other.id, datetime.now(UTC))
    assert told(machine, token) == INACTIVE


def test_an_expired_access_token_is_not_active(
    app: FastAPI, machine: Machine, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = find(app, Verifier)
    monkeypatch.setattr(verifier, "_clock", lambda clock=verifier._clock: clock() + 606)
    assert told(machine, tokens["access_token"]) == INACTIVE


@pytest.mark.parametrize(
    "token",
    [
        *("A" * 43, "A" * 42, "A" * 44, MARKER, ".", "..", "a.b.c", "x" * 60_000, "e30.e30."),
        *("\0", "é", "💥", " ", "%", "null", "' OR 1=1 --", "A" * 42 + "=", "-" * 43),
    ],
)
def test_of_what_is_no_token_nothing_else_is_told(machine: Machine, token: str) -> None:
    for hint in ("", "access_token", "refresh_token"):
        assert told(machine, token, token_type_hint=hint) == INACTIVE


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1] + "!", lambda t: t + " ", lambda t: t.swapcase(), lambda t: t[1:]]
)
def test_a_token_that_was_changed_is_not_active(
    machine: Machine, tokens: Tokens, change: Callable[[str], str]
) -> None:
    assert [told(machine, change(tokens[kind])) for kind in KINDS] == [INACTIVE, INACTIVE]


def test_nobody_else_is_told_anything(
    client: TestClient, member: Account, machine: Machine, tokens: Tokens
) -> None:
    wrong = Machine(client, machine.id, MARKER)
    for headers, form in (
        ({}, {}),
        ({}, {"client_id": "ostiary"}),
        ({}, {"client_id": machine.id}),
        ({}, wrong.form),
        (wrong.headers, {}),
        (member.headers, {}),
        (bearer(machine.token()), {}),
    ):
        for token in (tokens["access_token"], "A" * 43):
            data = {"token": token, **form}
            answer = client.post("/auth/introspect", data=data, headers=headers)
            assert refused(answer) == (401, "invalid_client")


def test_a_token_is_needed(machine: Machine) -> None:
    assert refused(ask(machine, "", token_type_hint="access_token")) == (400, "invalid_request")


def test_without_keys_nothing_is_said_of_an_access_token(
    machine: Machine, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeysUnavailable("nothing is there")

    monkeypatch.setattr(Verifier, "verify", fail)
    answer = ask(machine, tokens["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert told(machine, tokens["refresh_token"])["active"]
