"""What is refused before routing, on real sockets: paths of two readings, headers, bodies."""

import json
import socket
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.types import Message

from tests.app.conftest import Standing
from tests.app.serving import ANSWERED_WITHIN_SECONDS, exchange, post, read_answer, request

FORM = b"Content-Type: application/x-www-form-urlencoded"
JSON = b"Content-Type: application/json"


@pytest.fixture
def port(standing: Standing) -> int:
    return standing.port


@pytest.fixture
def carrying(standing: Standing) -> bytes:
    """The header with a member's token."""
    return f"Authorization: Bearer {standing.member.token}".encode()


def spellings(path: bytes) -> Iterator[bytes]:
    """Other ways to write a path, each of which some server or gateway takes for it."""
    head, tail = path[:1], path[1:]
    yield from (path + end for end in (b"%0A", b"%0a", b"%0D%0A", b"%00", b"%20", b"%09", b"%7F"))
    yield from (path + end for end in (b"/", b"//", b"/.", b"/..", b"/%2e", b"/%2E%2e", b"%2F"))
    yield from (
        path + end for end in (b"\\", b"%5C", b";x=1", b"..;", b".", b"..", b"%3B", b"%3Fx")
    )
    yield from (head + start + tail for start in (b"/", b"./", b"../", b"x/../", b"%2F", b"\\"))
    yield from (
        head + start + tail for start in (b"%2e/", b".%2e/", b"%5C", b"%00", b"%0A", b"..;/")
    )
    yield head + b"%%%02X" % tail[0] + tail[1:]
    yield head + b"%%%02x" % tail[0] + tail[1:]
    yield head + b"%%25%02X" % tail[0] + tail[1:]
    yield head + b"%%%02X" % (tail[0] - 32) + tail[1:]
    yield head + tail.upper()
    yield head + "\uff4e".encode() + tail[1:]
    yield head + b"%EF%BD%8E" + tail[1:]
    yield b"http://127.0.0.1" + path
    yield b"http://evil.example" + path
    yield b"//evil.example" + path
    yield b"/prod" + path
    yield tail
    yield b"*"


def test_the_one_spelling_of_a_path_is_served(port: int, carrying: bytes) -> None:
    for target in (b"/notes", b"/users/me", b"/notes?limit=1", b"/notes?cursor="):
        status = exchange(port, request(b"GET", target, carrying)).status
        assert (target, status) in ((target, 200), (b"/notes?cursor=", 422))


@pytest.mark.parametrize("path", [b"/notes", b"/users", b"/users/me", b"/health", b"/docs"])
def test_no_other_spelling_reaches_a_route(port: int, carrying: bytes, path: bytes) -> None:
    for target in spellings(path):
        for headers in ((), (carrying,)):
            answer = exchange(port, request(b"GET", target, *headers))
            assert answer.status in (400, 404), (target, answer)


@pytest.mark.parametrize("inner", [b"/notes%2F", b"/%6Eotes/", b"/notes//", b"/notes/./"])
def test_no_other_spelling_reaches_a_single_note(port: int, carrying: bytes, inner: bytes) -> None:
    note = b'{"title": "x", "body": "y"}'
    made = request(b"POST", b"/notes", carrying, JSON, b"Content-Length: 27", body=note)
    note_id: bytes = json.loads(exchange(port, made).body)["id"].encode()
    assert exchange(port, request(b"GET", b"/notes/" + note_id, carrying)).status == 200
    assert exchange(port, request(b"GET", inner + note_id, carrying)).status == 404
    for end in (b"%0A", b"/", b"%00", b"%20", b";a", b"\n"):
        answer = exchange(port, request(b"GET", b"/notes/" + note_id + end, carrying))
        assert answer.status in (400, 404), end


def test_a_refused_path_gets_the_problem_that_an_unknown_one_gets(port: int) -> None:
    unknown = exchange(port, request(b"GET", b"/none"))
    refused = exchange(port, request(b"GET", b"/notes%2Fx"))
    assert (refused.status, refused.body) == (404, unknown.body)
    assert refused.headers["content-type"] == "application/problem+json"
    assert "location" not in exchange(port, request(b"GET", b"/notes/")).headers


def test_a_trailing_slash_is_no_redirect_where_no_raw_path_is_given(app: FastAPI) -> None:
    for path in ("/notes/", "/auth/login/", "/users/"):
        start, *_ = post(app, path, {"type": "http.request", "body": b"{}"})
        assert start["status"] == 404


def test_a_host_is_never_echoed(port: int, carrying: bytes) -> None:
    for target in (b"/notes/", b"/none", b"/docs", b"/openapi.json", b"/.well-known/jwks.json"):
        for host in (b"evil.example", b"evil/admin?x=", b"a:b", b""):
            line = b"GET " + target + b" HTTP/1.1\r\nConnection: close\r\nHost: " + host
            answer = exchange(port, line + b"\r\nX-Forwarded-Host: evil.example\r\n\r\n")
            assert answer.status < 500
            assert b"evil" not in answer.body
            assert not any("evil" in value for value in answer.headers.values())


@pytest.mark.parametrize("method", [b"TRACE", b"HEAD", b"PROPFIND", b"PATCH", b"OPTIONS"])
def test_only_a_routes_own_methods_are_its(port: int, carrying: bytes, method: bytes) -> None:
    override = b"X-HTTP-Method-Override: GET"
    answer = exchange(port, request(method, b"/notes", carrying, override))
    # An answer to HEAD has no body, so the client of this test would wait for one.
    assert answer.status == 405
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    "headers",
    [
        (b"Content-Length: 3", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: chunked", b"Content-Length: 3"),
        (b"Content-Length: 3", b"Content-Length: 4"),
        (b"Content-Length : 3",),
        (b"Content-Length: +3",),
        (b"Content-Length: 0x3",),
        (b"Transfer-Encoding: identity, chunked",),
        (b"Transfer-Encoding: chunked, chunked",),
        (b"Transfer-Encoding : chunked",),
        (b"X: a\r\n b", b"Content-Length : 3"),
    ],
)
def test_a_body_of_two_lengths_is_refused(port: int, headers: tuple[bytes, ...]) -> None:
    body = b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = exchange(port, request(b"POST", b"/auth/login", FORM, *headers, body=body))
    assert answer.status in (400, 501)


@pytest.mark.parametrize("kib", [17, 40, 100, 300])
@pytest.mark.parametrize("target", [b"/health", b"/notes"])
def test_headers_over_16_kib_are_refused(port: int, kib: int, target: bytes) -> None:
    one, many = [b"X: " + b"a" * kib * 1024], [b"X%d: " % n + b"a" * 1024 for n in range(kib)]
    for padding in (one, many):
        try:
            status = exchange(port, request(b"GET", target, *padding)).status
        except ConnectionError:
            status = 0  # uvicorn hung up on what it had not read to the end
        assert status in (0, 400, 431)


def test_headers_below_16_kib_are_taken(port: int) -> None:
    assert exchange(port, request(b"GET", b"/health", b"X: " + b"a" * 16_000)).status == 200
    refused = exchange(port, request(b"GET", b"/health", b"X: " + b"a" * 16_384))
    assert (refused.status, json.loads(refused.body)["code"]) == (431, "headers_too_large")


def chunked(body: bytes, size: int = 8192) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "route", [(b"/auth/login", FORM), (b"/auth/login", JSON), (b"/users", JSON)]
)
def test_a_body_over_64_kib_is_refused_with_and_without_its_length(
    port: int, route: tuple[bytes, bytes]
) -> None:
    target, kind = route
    body = b'{"username": "a", "x": "' + b"a" * 66_000 + b'"}'
    length = b"Content-Length: %d" % len(body)
    sized = request(b"POST", target, kind, length, body=body)
    unsized = request(b"POST", target, kind, b"Transfer-Encoding: chunked", body=chunked(body))
    for sent in (sized, unsized):
        answer = exchange(port, sent)
        assert (answer.status, json.loads(answer.body)["code"]) == (413, "content_too_large")


def test_a_body_is_measured_over_all_its_pieces(app: FastAPI) -> None:
    piece: Message = {"type": "http.request", "body": b" " * 8_000, "more_body": True}
    start, *_ = post(app, "/auth/login", *[piece] * 9)
    assert start["status"] == 413


def test_a_body_of_64_kib_is_taken(port: int) -> None:
    body = b"username=a&password=" + b"a" * (65_536 - 20)
    for sent in (
        request(b"POST", b"/auth/login", FORM, b"Content-Length: %d" % len(body), body=body),
        request(b"POST", b"/auth/login", FORM, b"Transfer-Encoding: chunked", body=chunked(body)),
    ):
        assert exchange(port, sent).status == 401


def test_a_stranger_is_refused_before_his_body_comes(port: int) -> None:
    head = request(b"POST", b"/notes", JSON, b"Content-Length: 60000")
    with socket.create_connection(("127.0.0.1", port), ANSWERED_WITHIN_SECONDS) as connection:
        connection.sendall(head)
        assert read_answer(connection).status == 401


def test_a_preflight_without_a_token_shows_no_data(port: int) -> None:
    asking = (b"Origin: https://evil.example", b"Access-Control-Request-Method: GET")
    answer = exchange(port, request(b"OPTIONS", b"/notes", *asking))
    assert answer.status in (400, 405)
    assert "access-control-allow-origin" not in answer.headers
