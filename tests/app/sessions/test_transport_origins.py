"""The cookie is for the origins that are let in, and their scripts can read every answer."""

import argon2.low_level
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.database import Database
from app.parts import find
from tests.app.sessions.by_cookie import (
    ASKED,
    BY_COOKIE,
    COOKIE,
    CREDENTIALS,
    ORIGIN,
    REFRESH,
    given,
    log_in,
    refresh,
    rows,
)
from tests.conftest import AppMaker
from tests.support import bearer

pytestmark = pytest.mark.usefixtures("member")
SECOND = "http://localhost:3000"
CLIENT = {"client_id": f"client_{32 * '0'}", "client_secret": "x" * 43}
STRANGERS = [
    *(["https://evil.example"], ["null"], ["*"], [""], ["https://blog.example.com"]),
    *(["http://app.example.com"], ["https://APP.example.com"], ["HTTPS://app.example.com"]),
    *(["https://app.example.com."], ["https://app.example.com:443"], ["https://app.example.com/"]),
    *(["https://app.example.com:8443"], ["https://app.example.com.evil.example"]),
    *(["https://u@app.example.com"], ["app.example.com"], ["https://xn--pp-eka.example.com"]),
    *([f"{ORIGIN} {SECOND}"], [f"{ORIGIN}, {SECOND}"], [f"{ORIGIN}, {ORIGIN}"]),
    *([ORIGIN, SECOND], [ORIGIN, ORIGIN], [ORIGIN, "https://evil.example"], [ORIGIN, "null"]),
    *(["https://evil.example", ORIGIN], ["http://localhost"], ["http://localhost:30000"]),
]


@pytest.fixture
def app(make_app: AppMaker) -> FastAPI:
    return make_app(allowed_origins=(ORIGIN, SECOND))


def asked_from(origins: list[str]) -> list[tuple[str, str]]:
    return [*ASKED.items(), *(("Origin", origin) for origin in origins)]


@pytest.fixture
def looked_at(app: FastAPI, member: object, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each statement for the database and each password compared, from here on."""
    seen: list[str] = []

    def comparing(*_: object) -> bool:
        seen.append("a password")
        return True

    monkeypatch.setattr(argon2.low_level, "verify_secret", comparing)
    event.listen(
        find(app, Database).engine,
        "before_cursor_execute",
        lambda *arguments: seen.append(arguments[2]),
    )
    return seen


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/auth/login", CREDENTIALS),
        ("/auth/login", {}),
        ("/auth/token", REFRESH | {"refresh_token": "A" * 43}),
        ("/auth/token", CLIENT | {"grant_type": "client_credentials"}),
        ("/auth/token", {}),
        ("/auth/revoke", {"token": "A" * 43}),
        ("/auth/revoke", CLIENT | {"token": "A" * 43}),
    ],
)
def test_an_origin_that_is_not_let_in_is_refused_before_anything_is_looked_at(
    client: TestClient, looked_at: list[str], path: str, fields: dict[str, str]
) -> None:
    for origins in STRANGERS:
        headers = [*asked_from(origins), ("Cookie", f"{COOKIE}={'A' * 43}")]
        answer = client.post(path, data=fields, headers=headers)
        assert answer.status_code == 403, origins
        assert answer.json()["code"] == "origin_refused"
        assert "OSTIARY_ALLOWED_ORIGINS" in answer.json()["detail"]
        assert "set-cookie" not in answer.headers
    assert looked_at == []


def test_from_such_an_origin_no_token_is_spent_and_no_session_ended(
    app: FastAPI, client: TestClient
) -> None:
    begun = log_in(client)
    token, before = given(begun), rows(app)
    for origins in STRANGERS:
        headers = [*asked_from(origins), ("Cookie", f"{COOKIE}={token}")]
        own = [*headers, *bearer(begun.json()["access_token"]).items()]
        for answer in (
            client.post("/auth/token", data=REFRESH, headers=headers),
            client.post("/auth/login", data=CREDENTIALS, headers=headers),
            client.delete("/sessions", headers=own),
            client.delete("/users/me", headers=own),
            client.put("/users/me/password", json={}, headers=own),
        ):
            assert answer.status_code == 403, origins
            assert answer.json()["code"] == "origin_refused"
            assert "set-cookie" not in answer.headers
    assert rows(app) == before
    assert given(refresh(client, token)) != token


@pytest.mark.parametrize("origin", [ORIGIN, SECOND])
def test_each_origin_that_is_let_in_has_the_cookie(client: TestClient, origin: str) -> None:
    headers = ASKED | {"Origin": origin}
    assert given(refresh(client, given(log_in(client, headers)), headers))


def test_where_none_is_let_in_no_browser_has_the_cookie(make_app: AppMaker) -> None:
    with TestClient(make_app()) as client:
        for origin in (ORIGIN, "http://testserver", "null"):
            assert log_in(client, ASKED | {"Origin": origin}).status_code == 403


def test_a_script_can_read_every_answer(app: FastAPI, client: TestClient) -> None:
    begun = log_in(client)
    other = {"username": "nobody@example.com"}
    answers = {
        "login": (200, begun),
        "refresh": (200, refresh(client, given(begun))),
        "invalid_grant": (400, refresh(client, "A" * 43)),
        "wrong": (401, client.post("/auth/login", data=CREDENTIALS | other, headers=BY_COOKIE)),
        "absent": (401, client.get("/users/me", headers=BY_COOKIE)),
        "insufficient": (
            403,
            client.get("/users", headers=BY_COOKIE | bearer(begun.json()["access_token"])),
        ),
        "nowhere": (404, client.get("/nowhere", headers=BY_COOKIE)),
        "method": (405, client.get("/auth/token", headers=BY_COOKIE)),
        "media type": (415, client.post("/auth/login", content=b"x", headers=BY_COOKIE)),
        "header": (422, log_in(client, BY_COOKIE | {"Ostiary-Transport": "x"})),
    }

    def fail(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    event.listen(find(app, Database).engine, "before_cursor_execute", fail)
    answers["no database"] = 503, refresh(client, "A" * 43)
    event.remove(find(app, Database).engine, "before_cursor_execute", fail)
    for what, (status, answer) in answers.items():
        assert answer.status_code == status, what
        assert answer.headers["access-control-allow-origin"] == ORIGIN, what
        assert answer.headers["access-control-allow-credentials"] == "true", what
        assert "Origin" in answer.headers["vary"], what


def test_no_script_of_another_origin_can_read_any(client: TestClient) -> None:
    for origins in STRANGERS:
        if origins[0] == ORIGIN:
            continue  # two of them, of which no browser is known to send more than one
        for headers in (asked_from(origins), [("Origin", origin) for origin in origins]):
            for answer in (
                client.post("/auth/login", headers=headers),
                client.post("/auth/token", data=REFRESH, headers=headers),
                client.get("/health", headers=headers),
            ):
                assert "access-control-allow-origin" not in answer.headers, origins
                assert "Origin" in answer.headers["vary"]


def preflight(client: TestClient, path: str, origin: str, headers: str) -> tuple[int, str, str]:
    asking = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": headers,
    }
    answer = client.options(path, headers=asking)
    assert "Origin" in answer.headers["vary"]
    names = ("access-control-allow-origin", "access-control-allow-credentials")
    return (answer.status_code, *(answer.headers.get(name, "") for name in names))


@pytest.mark.parametrize("path", ["/auth/login", "/auth/token", "/auth/revoke", "/sessions"])
def test_a_preflight_lets_the_header_by_for_these_origins_alone(
    client: TestClient, path: str
) -> None:
    assert preflight(client, path, ORIGIN, "ostiary-transport") == (200, ORIGIN, "true")
    assert preflight(client, path, ORIGIN, "ostiary-transport,x-other")[0] == 400
    for origins in STRANGERS:
        if len(origins) == 1:
            status, named, _ = preflight(client, path, origins[0], "ostiary-transport")
            assert (status, named) == (400, ""), origins
