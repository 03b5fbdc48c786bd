"""Every refusal has one shape, problem+json, and says no more than it should."""

import logging
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.types import Message

from app.access.guards import router as guarded_router
from app.problems import MOST_FIELDS, Problem, problem_from
from tests.app.serving import post
from tests.conftest import AppMaker
from tests.support import ISSUER, PASSWORD, Account, bearer, on_postgresql, token_of

SECRET_REASON = "the reason is for the log alone"


def check_shape(answer: Response, status: int, code: str) -> dict[str, Any]:
    """The problem in an answer, once all that every problem has is seen to be there."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert set(body) - {"errors"} == set(Problem.model_fields)
    assert body["type"] == "about:blank"
    assert body["title"] == HTTPStatus(status).phrase
    assert body["detail"]
    return body


@pytest.fixture
def failing(app: FastAPI) -> FastAPI:
    """The app, with routes that nobody foresaw to fail."""
    router = guarded_router()

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError(SECRET_REASON)

    @router.get("/no-database/{kind}")
    async def no_database(kind: str) -> None:
        reason = OSError(SECRET_REASON)
        errors: dict[str, Exception] = {
            "operational": OperationalError("SELECT 1", {}, reason),
            "interface": InterfaceError("SELECT 1", {}, reason),
            "pool": PoolTimeoutError("no connection"),
        }
        raise errors[kind]

    app.include_router(router)
    return app


def test_every_refusal_of_a_route_has_the_one_shape(
    app: FastAPI, client: TestClient, member: Account
) -> None:
    lacking = bearer(token_of(app, "eve", "notes:read"))
    again = {"email": member.email, "password": PASSWORD}
    note = {"title": "", "body": ""}
    check_shape(client.get("/notes"), 401, "unauthorized")
    check_shape(client.get("/notes", headers=bearer("a.b.c")), 401, "invalid_token")
    check_shape(client.get("/users", headers=lacking), 403, "insufficient_scope")
    check_shape(client.get("/notes", headers=lacking), 403, "user_required")
    check_shape(client.get("/none"), 404, "not_found")
    check_shape(client.patch("/notes"), 405, "method_not_allowed")
    check_shape(client.post("/users", json=again), 409, "email_taken")
    check_shape(client.post("/users", content=b"a" * 70_000), 413, "content_too_large")
    check_shape(client.post("/auth/login", content=b"a"), 415, "unsupported_media_type")
    check_shape(client.get("/health", headers={"x": "a" * 17_000}), 431, "headers_too_large")
    refused = check_shape(
        client.post("/notes", json=note, headers=member.headers), 422, "invalid_request"
    )
    assert list(refused["errors"]) == ["body.title"]


def test_of_a_thousand_faults_the_first_twenty_are_told(client: TestClient) -> None:
    unknown = {f"member-{number}": 1 for number in range(1000)}
    answer = client.post("/users", json={"email": "a@example.com", "password": PASSWORD} | unknown)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == MOST_FIELDS + 1
    assert "and 980 more" in answer.json()["detail"]


def test_a_login_that_fails_has_the_one_shape(client: TestClient) -> None:
    wrong = {"username": "nobody@example.com", "password": PASSWORD}
    answer = client.post("/auth/login", data=wrong)
    check_shape(answer, 401, "invalid_credentials")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_challenge_of_a_refusal_is_that_of_rfc_6750(app: FastAPI, client: TestClient) -> None:
    def challenge(headers: dict[str, str]) -> str:
        return str(client.get("/users", headers=headers).headers["www-authenticate"])

    assert challenge({}) == "Bearer"
    assert challenge({"Authorization": "Basic YTpi"}) == "Bearer"
    assert challenge(bearer("a.b.c")) == 'Bearer error="invalid_token"'
    assert challenge(bearer(token_of(app, "eve", "notes:read"))) == (
        'Bearer error="insufficient_scope", scope="users:read"'
    )


def test_an_unforeseen_error_hides_its_reason_and_logs_it(
    failing: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/broken")
    check_shape(answer, 500, "internal_error")
    assert SECRET_REASON not in answer.text
    assert "RuntimeError" not in answer.text
    assert SECRET_REASON in caplog.text
    assert [record.levelno for record in caplog.records if record.name == "ostiary.errors"] == [
        logging.ERROR
    ]


@pytest.mark.parametrize("kind", ["operational", "interface", "pool"])
def test_a_database_that_does_not_answer_is_a_503_to_be_tried_again(
    failing: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    answer = client.get(f"/no-database/{kind}")
    check_shape(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert SECRET_REASON not in answer.text
    assert "The database did not answer" in caplog.text


@on_postgresql
def test_a_real_database_that_is_gone_is_a_503(make_app: AppMaker) -> None:
    app = make_app(database_url="postgresql+psycopg://x:secret@127.0.0.1:1/x")
    somebody = bearer(token_of(app, str(uuid4()), "account:read"))
    with TestClient(app, base_url=ISSUER) as client:
        for answer in (
            client.get("/ready"),
            client.get("/users/me", headers=somebody),
            client.post("/auth/login", data={"username": "a@example.com", "password": PASSWORD}),
            client.post("/users", json={"email": "a@example.com", "password": PASSWORD}),
        ):
            check_shape(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0
            assert "secret" not in answer.text
        assert client.get("/health").status_code == 200
        assert client.get("/notes").status_code == 401


def test_a_browser_of_an_allowed_origin_may_read_refusals_and_failures(make_app: AppMaker) -> None:
    origin = "https://app.example.com"
    app = make_app(allowed_origins=(origin,))
    router = guarded_router()

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError(SECRET_REASON)

    app.include_router(router)
    with TestClient(app, base_url=ISSUER) as client:
        for path, headers, status in (
            ("/notes", {}, 401),
            ("/users", bearer(token_of(app, "eve", "notes:read")), 403),
            ("/none", {}, 404),
            ("/health", {"x": "a" * 17_000}, 431),
            ("/broken", {}, 500),
        ):
            answer = client.get(path, headers={"Origin": origin, **headers})
            assert answer.status_code == status
            assert answer.headers["access-control-allow-origin"] == origin
            assert "WWW-Authenticate" in answer.headers["access-control-expose-headers"]
            other = client.get(path, headers={"Origin": "https://evil.example", **headers})
            assert "access-control-allow-origin" not in other.headers


def test_a_preflight_names_methods_and_headers_and_needs_no_token(make_app: AppMaker) -> None:
    origin = "https://app.example.com"
    asking = {
        "Origin": origin,
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    with TestClient(make_app(allowed_origins=(origin,)), base_url=ISSUER) as client:
        allowed = client.options("/notes", headers=asking)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == origin
        assert "DELETE" in allowed.headers["access-control-allow-methods"]
        assert allowed.headers["access-control-allow-credentials"] == "true"
        for change in (
            {"Origin": "https://evil.example"},
            {"Access-Control-Request-Method": "TRACE"},
            {"Access-Control-Request-Headers": "x-other"},
        ):
            assert client.options("/notes", headers=asking | change).status_code == 400


def test_an_error_without_any_request_becomes_a_problem_too() -> None:
    answer = problem_from(ValueError(SECRET_REASON))
    assert answer.status_code == 500
    assert SECRET_REASON.encode() not in bytes(answer.body)


@pytest.mark.parametrize("path", ["/auth/login", "/users"])
def test_a_client_that_hangs_up_is_nobodys_error(
    app: FastAPI, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    begun: Message = {"type": "http.request", "body": b'{"user', "more_body": True}
    post(app, path, begun, {"type": "http.disconnect"})
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in errors] == []
