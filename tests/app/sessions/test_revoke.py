"""`POST /auth/revoke` (RFC 7009): whoever holds a token may end its session, and nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.database import Database
from app.parts import find
from app.sessions.access_tokens import AccessTokens
from app.sessions.models import AuthSession
from app.tokens.errors import KeysUnavailable
from app.tokens.verify import Verifier
from tests.app.clients.machine import Machine, refused
from tests.support import PASSWORD, Account, bearer, token_of

CREDENTIALS = {"username": "member@example.com", "password": PASSWORD}
MARKER = "hunter2-marker"
COOKIE = {"Ostiary-Transport": "cookie"}
pytestmark = pytest.mark.usefixtures("member")
Tokens = dict[str, str]


def refresh(client: TestClient, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    answer: httpx.Response = client.post("/auth/token", data=form)
    return answer


def revoke(client: TestClient, token: str, headers: Any = None, **form: str) -> httpx.Response:
    answer: httpx.Response = client.post(
        "/auth/revoke", data={"token": token, **form}, headers=headers
    )
    return answer


def done(answer: httpx.Response) -> bool:
    """Whether it is the one answer that says nothing."""
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    return (answer.status_code, answer.content) == (200, b"")


def ended(app: FastAPI) -> list[str | None]:
    """Why sessions have ended, one word each."""
    with find(app, Database).transaction() as session:
        query = select(AuthSession.ended_because).where(AuthSession.ended_at.is_not(None))
        return list(session.scalars(query))


def is_over(client: TestClient, tokens: Tokens) -> bool:
    """Whether no token of a session does anything more."""
    seen: int = client.get("/users/me", headers=bearer(tokens["access_token"])).status_code
    refreshed = refresh(client, tokens["refresh_token"]).status_code
    assert (seen, refreshed) in {(200, 200), (401, 400)}
    return seen == 401


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
@pytest.mark.parametrize("hint", ["", "refresh_token", "access_token", "saml", "\0", "x" * 9_000])
@pytest.mark.parametrize("client_id", ["", "ostiary"])
def test_either_token_ends_its_session_whatever_is_hinted(
    app: FastAPI,
    client: TestClient,
    tokens: Tokens,
    member: Account,
    kind: str,
    hint: str,
    client_id: str,
) -> None:
    assert done(revoke(client, tokens[kind], token_type_hint=hint, client_id=client_id))
    assert is_over(client, tokens)
    assert ended(app) == ["logout"]
    assert client.get("/users/me", headers=member.headers).status_code == 200


@pytest.mark.parametrize("uses", [1, 2, 3])
def test_every_token_of_the_family_ends_it_the_spent_ones_too(
    app: FastAPI, client: TestClient, tokens: Tokens, uses: int
) -> None:
    newest = tokens
    for _ in range(uses):
        newest = refresh(client, newest["refresh_token"]).json()
    assert done(revoke(client, tokens["refresh_token"]))
    assert is_over(client, newest)
    assert ended(app) == ["logout"]


def test_what_has_ended_ends_no_other_time(
    app: FastAPI, client: TestClient, tokens: Tokens
) -> None:
    revoke(client, tokens["refresh_token"])
    with find(app, Database).transaction() as session:
        before = session.scalars(select(AuthSession.ended_at)).all()
    for kind in ("refresh_token", "access_token", "refresh_token"):
        assert done(revoke(client, tokens[kind]))
    with find(app, Database).transaction() as session:
        assert session.scalars(select(AuthSession.ended_at)).all() == before


@pytest.mark.parametrize(
    "token",
    [
        *("A" * 43, "A" * 42, "A" * 44, "A" * 42 + "B", MARKER, ".", "..", "a.b.c", "x" * 60_000),
        *("\0", "é", "💥", " ", "%", "null", "' OR 1=1 --", "A" * 42 + "=", "-" * 43, "e30.e30."),
    ],
)
def test_what_is_no_token_is_answered_as_one_that_was(
    app: FastAPI, client: TestClient, token: str
) -> None:
    for hint in ("", "access_token", "refresh_token"):
        assert done(revoke(client, token, token_type_hint=hint))
    assert ended(app) == []


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1] + "!", lambda t: t + " ", lambda t: t.swapcase()]
)
def test_a_token_that_was_changed_ends_nothing(
    app: FastAPI, client: TestClient, tokens: Tokens, change: Callable[[str], str]
) -> None:
    for kind in ("refresh_token", "access_token"):
        assert done(revoke(client, change(tokens[kind])))
    assert ended(app) == []


def test_a_session_that_has_expired_is_left_as_it_is(
    app: FastAPI, client: TestClient, tokens: Tokens
) -> None:
    with find(app, Database).transaction() as session:
        over = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(update(AuthSession).values(expires_at=over))
    for kind in ("refresh_token", "access_token"):
        assert done(revoke(client, tokens[kind]))
    assert ended(app) == []


def test_an_expired_access_token_ends_nothing(
    app: FastAPI, client: TestClient, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = find(app, Verifier)
    monkeypatch.setattr(verifier, "_clock", lambda clock=verifier._clock: clock() + 606)
    assert done(revoke(client, tokens["access_token"]))
    assert ended(app) == []
    assert done(revoke(client, tokens["refresh_token"]))
    assert ended(app) == ["logout"]


def test_a_token_is_needed(client: TestClient) -> None:
    for form in ({"token_type_hint": "access_token"}, {"token": "", "client_id": "ostiary"}):
        assert refused(client.post("/auth/revoke", data=form)) == (400, "invalid_request")


@pytest.mark.parametrize("by_form", [True, False])
@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_a_client_that_authenticates_ends_no_session_of_another(
    app: FastAPI, client: TestClient, tokens: Tokens, machine: Machine, kind: str, *, by_form: bool
) -> None:
    other = Machine.make(app, client, "users:read")
    for token in (tokens[kind], other.token()):
        if by_form:
            answer = revoke(client, token, **machine.form)
        else:
            answer = revoke(client, token, machine.headers)
        assert refused(answer) == (400, "invalid_grant")
        assert "another client" in answer.json()["error_description"]
    assert ended(app) == []
    assert not is_over(client, tokens)


@pytest.mark.parametrize("authenticated", [True, False])
def test_a_clients_own_token_ends_its_session(
    app: FastAPI, client: TestClient, machine: Machine, *, authenticated: bool
) -> None:
    """Holding it suffices: whoever finds one may make it worthless."""
    token, left = machine.token(), machine.token()
    assert done(revoke(client, token, machine.headers if authenticated else None))
    assert client.get("/users", headers=bearer(token)).status_code == 401
    assert client.get("/users", headers=bearer(left)).status_code == 200
    assert ended(app) == ["logout"]


def test_the_first_party_client_named_is_not_the_client_of_a_machines_token(
    app: FastAPI, client: TestClient, machine: Machine
) -> None:
    answer = revoke(client, machine.token(), client_id="ostiary")
    assert refused(answer) == (400, "invalid_grant")
    assert ended(app) == []


def test_bad_credentials_end_nothing_though_the_token_is_good(
    app: FastAPI, client: TestClient, tokens: Tokens, machine: Machine
) -> None:
    for headers, form in (
        ({"Authorization": "Basic x"}, {}),
        ({}, {"client_id": machine.id}),
        ({}, {"client_id": machine.id, "client_secret": MARKER}),
        (bearer(tokens["access_token"]), {}),
    ):
        answer = revoke(client, tokens["refresh_token"], headers, **form)
        assert refused(answer) == (401, "invalid_client")
        assert MARKER not in answer.text
    assert ended(app) == []


def test_an_access_token_without_a_session_is_not_said_to_be_revoked(
    app: FastAPI, client: TestClient
) -> None:
    answer = revoke(client, token_of(app, "somebody"))
    assert refused(answer) == (400, "unsupported_token_type")


def test_a_session_id_that_cannot_be_is_none(app: FastAPI, client: TestClient) -> None:
    issuer = find(app, AccessTokens).issuer
    token = issuer.issue(sub="somebody", client_id="ostiary", scopes=[], sid=MARKER)
    assert done(revoke(client, token))


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_the_cookie_is_cleared_where_a_session_ended_and_the_header_asks_for_it(
    client: TestClient, tokens: Tokens, kind: str
) -> None:
    first, second = (revoke(client, tokens[kind], COOKIE) for _ in range(2))
    expected = "__Host-ostiary-refresh=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"
    assert (first.status_code, first.headers["set-cookie"]) == (200, expected)
    assert first.headers["cache-control"] == "no-store"
    assert done(second)


def test_the_cookie_itself_is_never_read(app: FastAPI, client: TestClient, tokens: Tokens) -> None:
    cookie = {"Cookie": f"__Host-ostiary-refresh={tokens['refresh_token']}"}
    for headers in (cookie, cookie | COOKIE):
        answer = client.post("/auth/revoke", data={"token_type_hint": "x"}, headers=headers)
        assert refused(answer) == (400, "invalid_request")
        assert done(revoke(client, MARKER, headers))
    assert ended(app) == []


def test_a_foreign_origin_ends_nothing(app: FastAPI, client: TestClient, tokens: Tokens) -> None:
    headers = COOKIE | {"Origin": "https://evil.example"}
    answer = revoke(client, tokens["refresh_token"], headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")
    assert ended(app) == []


def test_without_keys_a_refresh_token_is_revoked_and_an_access_token_cannot_be_judged(
    app: FastAPI, client: TestClient, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeysUnavailable("nothing is there")

    monkeypatch.setattr(Verifier, "verify", fail)
    answer = revoke(client, tokens["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert ended(app) == []
    assert done(revoke(client, tokens["refresh_token"]))
    assert ended(app) == ["logout"]
