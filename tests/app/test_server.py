"""The socket that `ostiary serve` listens on, and how long it is patient with whoever connects."""

import socket
import threading
from contextlib import suppress
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app import protocol
from app.request_log import RequestLog
from tests.app.serving import exchange, request, served

GIVEN_UP_WITHIN_SECONDS = 20
_CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
_PLAIN = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def generous(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers, once it was told all, with more than any buffer on the way holds."""
    with suppress(ClientDisconnect):
        await Request(scope, receive).body()
    await PlainTextResponse("x" * 5_000_000)(scope, receive, send)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTT",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 5,
    ],
    ids=["nothing", "half a line", "half a body", "and reads nothing"],
)
def test_who_says_or_reads_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    lost, end = threading.Event(), protocol.Impatient.connection_lost

    def noted(connection: protocol.Impatient, error: Exception | None) -> None:
        end(connection, error)
        lost.set()

    monkeypatch.setattr(protocol.Impatient, "connection_lost", noted)
    monkeypatch.setattr(protocol, "REQUEST_SECONDS", 0.3)
    monkeypatch.setattr(protocol.Impatient._expect_request, "__defaults__", (0.3,))
    with served(generous, lifespan="off") as port, socket.socket() as idle:
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        idle.connect(("127.0.0.1", port))
        idle.sendall(sent)
        assert lost.wait(GIVEN_UP_WITHIN_SECONDS)


@pytest.mark.parametrize(
    ("sent", "then"),
    [(_CHUNKED + b"-1\r\n", b""), (_CHUNKED, b"zz\r\n"), (_PLAIN + b"GARBAGE\r\n\r\n", b"")],
    ids=["a broken chunk with the head", "after it was answered", "behind a request"],
)
def test_what_is_no_http_is_refused_once_and_is_nobodys_bug(
    caplog: pytest.LogCaptureFixture, sent: bytes, then: bytes
) -> None:
    async def hasty(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("", 415)(scope, receive, send)

    app = RequestLog(hasty, "Ostiary/test")
    caplog.set_level("INFO")
    with served(app, lifespan="off") as port, socket.create_connection(("127.0.0.1", port)) as wire:
        wire.settimeout(GIVEN_UP_WITHIN_SECONDS)
        wire.sendall(sent)
        heads = wire.recv(65_536) if then else b""
        wire.sendall(then)
        while more := wire.recv(65_536):
            heads += more
    assert heads.startswith(b"HTTP/1.1 4")
    assert heads.count(b"HTTP/1.1 ") == 1
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert "UnforeseenErrors" not in caplog.text


def test_no_answer_waits_for_an_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bool] = []
    begin = protocol.Impatient.connection_made

    def noted(connection: protocol.Impatient, transport: Any) -> None:
        begin(connection, transport)
        accepted = transport.get_extra_info("socket")
        made.append(bool(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))

    monkeypatch.setattr(protocol.Impatient, "connection_made", noted)
    with served(generous, lifespan="off") as port:
        assert exchange(port, request(b"GET", b"/")).status == 200
    assert made == [True]
