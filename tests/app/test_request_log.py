"""One line a request: what it tells, what it never holds, and what CloudWatch takes from it."""

import json
import time
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.request_log import RequestLog
from app.request_rules import RequestRules
from app.telemetry import Metric, count
from tests.app.request_lines import Lines, lines
from tests.conftest import AppMaker
from tests.emf import metrics_of
from tests.support import ISSUER, PASSWORD, Account, on_sqlite

__all__ = ["lines"]

NAMESPACE = "Ostiary/shop"


@on_sqlite
def test_a_request_that_is_served_tells_its_route_and_whose_it_is(
    client: TestClient, member: Account, lines: Lines
) -> None:
    note_id = client.post("/notes", json={"title": "t", "body": "b"}, headers=member.headers)
    lines.written.clear()
    path = f"/notes/{note_id.json()['id']}?cursor=in-the-query"
    headers = member.headers | {"X-Amzn-RequestId": "chosen", "X-Forwarded-For": "203.0.113.9"}
    assert client.get(path, headers=headers).status_code == 200
    line = lines.one()

    sub = client.get("/users/me", headers=member.headers).json()["id"]
    assert len(line.pop("request_id")) == 32
    assert line == {
        "message": "request",
        "method": "GET",
        "route": "/notes/{note_id:id}",
        "status": 200,
        "sub": sub,
        "client_id": "ostiary",
        "address": "testclient",
    }


@on_sqlite
@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/notes", {}, 401, "missing_token"),
        ("/notes", {"Authorization": "Bearer a.b.c"}, 401, "malformed_token"),
        (f"/notes/{UUID(int=1)}", {"Authorization": "Basic dTpw"}, 401, "missing_token"),
        ("/nowhere", {}, 404, "not_found"),
        ("/auth/login", {}, 405, "method_not_allowed"),
        ("/notes", {"X-Long": "x" * 17_000}, 431, "headers_too_large"),
    ],
)
def test_a_request_that_is_refused_tells_the_code(
    client: TestClient,
    lines: Lines,
    path: str,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    assert client.get(path, headers=headers).status_code == status
    line = lines.one()
    assert (line["status"], line["code"]) == (status, code)
    assert "sub" not in line
    assert line.get("route", path[:9]) in (path, "/notes/{note_id:id}", "/nowhere")


@on_sqlite
def test_a_login_that_fails_tells_why_and_neither_who_was_meant_nor_what_he_typed(
    client: TestClient, member: Account, lines: Lines
) -> None:
    wrong = "a wrong password of mine"
    for email, code in ((member.email, "wrong_password"), ("x@y.example", "unknown_address")):
        form = {"username": email, "password": wrong, "client_secret": "typed by mistake"}
        assert client.post("/auth/login", data=form).status_code == 401
        (written,) = lines.written
        assert lines.one()["code"] == code
        assert not [typed for typed in form.values() if typed in written]


@on_sqlite
def test_nothing_that_a_client_sends_stands_in_a_line_but_the_verb(
    client: TestClient, member: Account, lines: Lines
) -> None:
    mark = "m4rk"
    headers = {"User-Agent": mark, "Cookie": mark, "Referer": mark, "Origin": f"https://{mark}"}
    headers |= {"X-Request-Id": mark, "traceparent": mark, "X-Forwarded-For": mark}
    for path in (f"/{mark}", f"/notes/{mark}", f"/notes?{mark}={mark}"):
        body = {"title": mark, "body": mark, mark: mark}
        client.post(path, json=body, headers=member.headers | headers)
        client.request(mark.upper(), path, headers=member.headers | headers)
    assert len(lines.written) == 6
    assert not [line for line in lines.written if mark in line.lower()]
    assert [json.loads(line)["method"] for line in lines.written] == ["POST", "?"] * 3


async def _hangs_up(scope: Scope, receive: Receive, send: Send) -> None:
    raise ClientDisconnect


async def _breaks(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("a bug")


async def _breaks_in_the_middle(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("a bug")


@pytest.mark.parametrize(
    ("app", "status", "code"),
    [
        (RequestRules(_hangs_up), 499, None),
        (RequestRules(_breaks), 500, "internal_error"),
        (_breaks, 500, "internal_error"),
        (RequestRules(_breaks_in_the_middle), 200, "internal_error"),
    ],
)
def test_what_breaks_and_who_hangs_up_is_told_and_a_bug_is_counted_once(
    lines: Lines, app: ASGIApp, status: int, code: str | None
) -> None:
    client = TestClient(RequestLog(app, NAMESPACE), raise_server_exceptions=False)
    client.get("/")
    (written,) = lines.written
    line = lines.one()
    assert (line["status"], line.get("code")) == (status, code)
    counted = {"UnforeseenErrors": 1} if code else {}
    assert metrics_of(written, NAMESPACE, time.time()) == counted


@on_sqlite
def test_only_what_was_counted_is_a_metric(make_app: AppMaker, lines: Lines) -> None:
    app = make_app(metrics=NAMESPACE)
    with TestClient(app, base_url=ISSUER) as client:
        email = Account.create(app, client, "a@b.example", ["member"]).email
        form = {"username": email, "password": "wrong"}
        for path, data, expected in (
            ("/auth/login", form, {"LoginsFailed": 1}),
            ("/auth/login", form | {"password": PASSWORD}, {"Logins": 1}),
            ("/auth/token", {"grant_type": "password"}, {}),
        ):
            client.post(path, data=data)
            (written,) = lines.written
            assert metrics_of(written, NAMESPACE, time.time()) == expected
            assert ("_aws" in lines.one()) == bool(expected)


@on_sqlite
def test_without_a_namespace_there_is_no_metric(client: TestClient, lines: Lines) -> None:
    client.post("/auth/login", data={"username": "a@b.example", "password": "wrong"})
    assert not {"_aws", "LoginsFailed"} & set(lines.one())


def test_two_of_one_kind_and_one_of_another_are_one_line(lines: Lines) -> None:
    async def counts(scope: Scope, receive: Receive, send: Send) -> None:
        for metric in (Metric.LOGINS_FAILED, Metric.KEY_FAILURES, Metric.LOGINS_FAILED):
            count(metric)
        await PlainTextResponse("")(scope, receive, send)

    TestClient(RequestLog(counts, NAMESPACE, clock=lambda: 1_800_000_000.25)).get("/")
    (written,) = lines.written
    expected = {"LoginsFailed": 2, "KeyFailures": 1}
    assert metrics_of(written, NAMESPACE, 1_800_000_001) == expected
    assert json.loads(written)["_aws"]["Timestamp"] == 1_800_000_000_250
    assert json.loads(written)["timestamp"] == "2027-01-15T08:00:00.250+00:00"
