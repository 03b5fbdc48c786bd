"""Lines of hostile requests, of some at once, and of those that came through API Gateway."""

import json
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any
from urllib.parse import urlencode

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.accounts.password_workers import PasswordWorkers
from app.caller import current_caller
from app.request_log import RequestLog
from app.telemetry import Metric, count, note
from tests.app.events import Handler, http_event, rest_event
from tests.app.request_lines import Lines, lines
from tests.support import ISSUER, on_sqlite

__all__ = ["lines"]

NAMESPACE = "Ostiary/shop"
FORM = "application/x-www-form-urlencoded"

HOSTILE = 'x"}\r\n{"message": "request", "sub": "admin"}\x00\x1b[2J\x7f\u2028'


def _drive(context: Context, call: Awaitable[None]) -> None:
    """A coroutine that waits for nothing, to its end; it needs no loop."""
    steps = call.__await__()
    with pytest.raises(StopIteration):
        context.run(next, steps)


async def _silent(scope: Scope, receive: Receive, send: Send) -> None:
    assert (current_caller().user_agent or "").isprintable()


async def _nothing() -> Any:
    return {}


async def _nowhere(_: Any) -> None:
    pass


def test_what_is_sent_cannot_begin_a_line_of_its_own(lines: Lines) -> None:
    scope = {
        "type": "http",
        "method": HOSTILE,
        "path": HOSTILE,
        "query_string": HOSTILE.encode(),
        "headers": [(b"user-agent", HOSTILE.encode())],
        "client": (HOSTILE, 1),
    }
    _drive(copy_context(), RequestLog(_silent, NAMESPACE)(scope, _nothing, _nowhere))
    line = lines.one()  # which is one, and ASCII that can be seen
    assert set(line) == {"message", "method", "status", "address", "request_id"}
    assert (line["method"], line["message"]) == ("?", "request")
    assert len(line["address"]) == 45
    assert line["address"].isprintable()


def test_requests_at_once_in_threads_of_their_own_do_not_mix(lines: Lines) -> None:
    workers, both = PasswordWorkers(2), threading.Barrier(2, timeout=60)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].strip("/")

        def work() -> None:
            both.wait()
            note(code=name, sub=current_caller().request_id)
            count(Metric.LOGINS if name == "first" else Metric.LOGINS_FAILED)
            both.wait()

        await workers.run(work)
        await PlainTextResponse("")(scope, receive, send)

    client = TestClient(RequestLog(app, NAMESPACE))
    with start_blocking_portal() as loop, ThreadPoolExecutor(2) as pool:
        client.portal = loop  # both in one loop, as under a server
        list(pool.map(client.get, ("/first", "/second")))

    told = {line["code"]: line for line in map(json.loads, lines.written)}
    assert set(told) == {"first", "second"}
    assert all(line["sub"] == line["request_id"] for line in told.values())
    assert {name: set(line) & set(Metric) for name, line in told.items()} == {
        "first": {"Logins"},
        "second": {"LoginsFailed"},
    }


def test_a_request_knows_nothing_of_the_one_before_in_the_same_context(lines: Lines) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/first":
            note(code="first", sub="somebody", client_id="something")
            count(Metric.LOGINS)

    ids, context = set(), copy_context()
    for path, told in (
        ("/first", {"code", "sub", "client_id", "_aws", "Logins"}),
        ("/then", set()),
    ):
        scope = {"type": "http", "method": "GET", "path": path, "headers": []}
        _drive(context, RequestLog(app, NAMESPACE)(scope, _nothing, _nowhere))
        line = lines.one()
        ids.add(line["request_id"])
        assert set(line) == {"message", "method", "status", "request_id", *told}
    assert len(ids) == 2


def _rest(request_id: str) -> Any:
    body = urlencode({"username": "nobody@example.com", "password": "wrong"})
    event = rest_event("POST", "/auth/login", body=body)
    event["multiValueHeaders"]["Content-Type"] = [FORM]
    event["requestContext"]["requestId"] = request_id
    return event


def _http(request_id: str) -> Any:
    body = urlencode({"username": "nobody@example.com", "password": "wrong"})
    event = http_event("POST", "/auth/login", body=body)
    event["headers"]["content-type"] = FORM
    event["requestContext"]["requestId"] = request_id
    return event


Shape = Callable[[str], Any]


@on_sqlite
@pytest.mark.parametrize("shape", [_rest, _http])
def test_api_gateways_id_of_a_request_goes_by_its_line_to_the_audit(
    handler: Handler, database_url: str, lines: Lines, shape: Shape
) -> None:
    given = "b4d6a3d5-7c1e-4b0a-9f0e-3b8d3e7b1c1a"
    assert handler(shape(given))["statusCode"] == 401
    line = lines.one()

    engine = create_engine(database_url)
    with engine.connect() as connection:
        query = "SELECT request_id, code, address FROM audit_events"
        (row,) = connection.execute(text(query))
    engine.dispose()
    assert row == (given, "unknown_address", "192.0.2.1")
    assert (line["request_id"], line["code"], line["address"]) == tuple(row)


@on_sqlite
@pytest.mark.parametrize("shape", [_rest, _http])
@pytest.mark.parametrize("given", ["a\nb", "a b", "é", "x" * 65, ""])
def test_an_id_that_can_be_none_of_api_gateways_is_no_request(
    handler: Handler, lines: Lines, shape: Shape, given: str
) -> None:
    assert handler(shape(given))["statusCode"] == 400
    assert lines.written == []


@on_sqlite
def test_without_an_id_each_request_gets_one(handler: Handler, lines: Lines) -> None:
    ids = set()
    for _ in range(2):
        assert handler(rest_event("GET", "/health"))["statusCode"] == 200
        ids.add(lines.one()["request_id"])
    assert {len(made) for made in ids} == {32}
    assert len(ids) == 2


@on_sqlite
def test_a_lambda_function_writes_lines_as_they_are(
    database_url: str, lines: Lines, capsys: pytest.CaptureFixture[str], request: Any
) -> None:
    """Within another record, metrics would be none."""
    handler: Handler = request.getfixturevalue("handler")  # which takes the place of `lines`
    handler(rest_event("GET", "/health"))
    captured = capsys.readouterr()
    (written,) = captured.out.splitlines()
    assert json.loads(written)["route"] == "/health"
    assert (captured.err, lines.written) == ("", [])


@on_sqlite
def test_nothing_is_written_where_nobody_listens(lines: Lines, app: FastAPI) -> None:
    logging.getLogger("ostiary.requests").setLevel(logging.WARNING)
    TestClient(app, base_url=ISSUER).get("/health")
    assert lines.written == []
