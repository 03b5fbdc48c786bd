"""HTTP as `ostiary serve` reads it: one reading of what is sent, or none, and never for ever."""

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from app.protocol import HEAD_BYTES, REST_BYTES, WAITING_REQUESTS
from tests.app.serving import exchange, request, served

CLOSED_WITHIN_SECONDS = 20
HOST = b"Host: x\r\n"
GET = b"GET /a HTTP/1.1\r\n" + HOST + b"\r\n"
CHUNKED = b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells what it was handed, a little later, once the whole body is there."""
    asked = Request(scope, receive)
    body = await asked.body()
    await asyncio.sleep(0)
    told = {"path": scope["path"], "query": scope["query_string"].decode(), "body": body.decode()}
    await JSONResponse({**told, "headers": dict(asked.headers)})(scope, receive, send)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(echo, lifespan="off") as port:
        yield port


def all_of(port: int, *sent: bytes) -> bytes:
    """Everything that comes back until the server closes the connection."""
    came = b""
    with socket.create_connection(("127.0.0.1", port), CLOSED_WITHIN_SECONDS) as wire:
        try:
            for part in sent:
                wire.sendall(part)
            while more := wire.recv(65_536):
                came += more
        except ConnectionError:
            pass  # it hung up on what it had not read to the end
    return came


def bodies(came: bytes) -> list[Any]:
    """Of answers that follow each other."""
    answers = came.split(b"HTTP/1.1 200 OK\r\n")[1:]
    return [json.loads(answer.partition(b"\r\n\r\n")[2]) for answer in answers]


def test_target_headers_and_body_are_handed_on_as_they_came(port: int) -> None:
    sent = request(b"POST", b"/a/%C3%A9?b=%20", b"X: 1 \t", b"Content-Length: 3", body=b"abc")
    told = json.loads(exchange(port, sent).body)
    assert (told["path"], told["query"], told["body"]) == ("/a/é", "b=%20", "abc")
    assert told["headers"]["x"] == "1"


def test_a_body_comes_in_any_pieces(port: int) -> None:
    pieces = [CHUNKED, b"Connection: close\r\n\r\n3\r", b"\nab", b"c\r\n0\r\n", b"\r\n"]
    assert bodies(all_of(port, *pieces))[0]["body"] == "abc"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /a HTTP/1.1\r\n\r\n",
        b"GET /a HTTP/1.1\r\n" + 2 * HOST + b"\r\n",
        b"GET /a HTTP/1.0\r\n" + 2 * HOST + b"\r\n",
        b"GET http://x/a HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET a HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /a HTTP/2.0\r\n" + HOST + b"\r\n",
        b"GET /a HTTP/0.9\r\n" + HOST + b"\r\n",
        b"GET /a\r\n\r\n",
        b"get /a HTTP/1.1\r\n" + HOST + b"\r\n",
        b"CONNECT x:1 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"CONNECT /a HTTP/1.1\r\n" + HOST + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /a HTTP/1.1\r\n" + HOST + b"X : 1\r\n\r\n",
        b"GET /a HTTP/1.1\r\n" + HOST + b"X: 1\r\n 2\r\n\r\n",
        b"GET /a HTTP/1.1\r\n" + HOST + b"X: \x00\r\n\r\n",
        b"GET /a HTTP/1.1\n" + HOST + b"\r\n",
        b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1_0\r\n\r\n0123456789",
        CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"\r\n-1\r\n",
        CHUNKED + b"\r\n0x1\r\na\r\n0\r\n\r\n",
        CHUNKED + b"\r\n1\r\nab\r\n0\r\n\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(port: int, sent: bytes) -> None:
    came = all_of(port, sent)
    assert came.startswith(b"HTTP/1.1 400 ")
    assert came.count(b"HTTP/1.1 ") == 1


def test_what_has_no_host_by_right_is_answered(port: int) -> None:
    assert all_of(port, b"GET /a HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("apart", [False, True], ids=["in one piece", "behind the rest"])
def test_what_comes_behind_a_body_is_no_header(port: int, apart: bool) -> None:
    head, last = CHUNKED + b"Connection: close\r\n\r\n3\r\nabc\r\n0\r\n", b"X-Admin: 1\r\n\r\n"
    (told,) = bodies(all_of(port, head, last) if apart else all_of(port, head + last))
    assert told["body"] == "abc"
    assert "x-admin" not in told["headers"]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"a" * HEAD_BYTES + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /" + b"a" * HEAD_BYTES,
        b"GET /a HTTP/1.1\r\nX: " + b"a" * HEAD_BYTES,
        b"GET /a HTTP/1.1\r\nX: " + b"a" * HEAD_BYTES + b"\r\n" + HOST + b"\r\n",
        b"GET /a HTTP/1.1\r\n" + HOST + b"X:\r\n" * (HEAD_BYTES // 4) + b"\r\n",
    ],
    ids=["a target", "one without end", "a header without end", "a header", "many headers"],
)
def test_a_head_has_a_bound(port: int, sent: bytes) -> None:
    assert all_of(port, sent).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("rest", [b"1;", b"0\r\nX: "], ids=["of a chunk", "of the body"])
def test_what_comes_behind_has_a_bound(port: int, rest: bytes) -> None:
    begun = CHUNKED + b"\r\n" + rest
    came = all_of(port, begun + b"a" * (1 + REST_BYTES - len(begun)))
    assert came.startswith(b"HTTP/1.1 400 ")


def test_each_request_has_a_head_of_its_own(port: int) -> None:
    long = b"GET /a HTTP/1.1\r\n" + HOST + b"X: " + b"a" * (HEAD_BYTES // 2) + b"\r\n\r\n"
    told = bodies(all_of(port, long * 3 + request(b"GET", b"/last")))
    assert [one["path"] for one in told] == ["/a", "/a", "/a", "/last"]


def test_requests_that_come_at_once_are_answered_in_turn(port: int) -> None:
    wanted = [f"/{number}" for number in range(WAITING_REQUESTS)]
    heads = [b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n" for path in wanted]
    last = request(b"GET", b"/last")
    told = bodies(all_of(port, b"".join(heads) + last))
    assert [one["path"] for one in told] == [*wanted, "/last"]


def test_no_more_than_so_many_wait_behind_an_answer(port: int) -> None:
    told = bodies(all_of(port, GET * 1000))
    assert len(told) == 1 + WAITING_REQUESTS


def test_what_is_no_http_takes_no_answer_from_who_came_before(port: int) -> None:
    came = all_of(port, GET + b"GARBAGE\r\n\r\n")
    assert len(bodies(came)) == 1
    assert came.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in came
    assert all_of(port, GET + CHUNKED + b"\r\n-1\r\n") == b""


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
def test_nobody_changes_the_protocol(port: int, protocol: bytes) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n"
    came = all_of(port, b"GET /a HTTP/1.1\r\n" + HOST + upgrade + GET)
    assert came.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in came
    assert len(bodies(came)) == 1
