"""Whatever comes over the wire, h11 reads it as `app/protocol.py` does, or nobody reads it.

Two readings of one request are what smuggling lives of. Here the other reader is a parser that has
nothing in common with ours; and ours must not depend on how the bytes were cut into packets.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn import Config
from uvicorn.server import ServerState

from app.protocol import HEAD_BYTES, Strict
from app.server import configured

METHODS = (*[b"GET", b"POST", b"PUT"] * 4, b"HEAD", b"DELETE", b"OPTIONS", b"CONNECT", b"get", b"X")
TARGETS = (
    *[b"/a", b"/a?x=1"] * 8,
    *(b"/", b"/a?", b"/a??", b"//e/a", b"/a#f", b"/?#", b"http://x/a", b"*", b"a", b"/@h:1/a"),
    *(b"/\xff", b"/a\x00", b"/a b", b"/%", b"/\\", b"/[::1]", b'/{}|^`"<>', b"/:80", b"/;b@c:9/.."),
)
VERSIONS = (*[b"HTTP/1.1", b"HTTP/1.0"] * 5, b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/11", b"")
HEADERS = (
    *[b"Content-Length: 3", b"Transfer-Encoding: chunked", b"X:  a\tb  "] * 4,
    *(b"Host: y", b"Host : y", b"Content-Length: 4", b"Content-Length:+3", b"Content-Length: 3, 4"),
    *(b"Content-Length: -1", b"Content-Length: 0x3", b"Content-Length: 03 ", b"Content-Length:"),
    *(
        b"Content-Length: 99999999999999999999",
        b"transfer-encoding:CHUNKED ",
        b"Transfer-Encoding:",
    ),
    *(b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: gzip, chunked", b"Te: trailers"),
    *(b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: chunked;q=1", b"Trailer: X"),
    *(b"Connection: close", b"Connection: Upgrade", b"Upgrade: h2c", b"Expect: 100-continue"),
    *(b"X: a\r\n b", b"X:\x01", b"X: \xff", b"X", b": a", b"X\x00: a", b"X(: a", b"X: a\rb"),
)
BODIES = (
    *[b"abc", b"3\r\nabc\r\n0\r\n\r\n"] * 4,
    *(b"", b"abcd", b"0\r\n\r\n", b"0\r\nX: 1\r\n\r\n", b"3;x=y\r\nabc\r\n0\r\n\r\n"),
    *(
        b"3\nabc\n0\n\n",
        b"3 \r\nabc\r\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
    ),
    *(
        b"+3\r\nabc\r\n0\r\n\r\n",
        b"003\r\nabc\r\n00\r\n\r\n",
        b"3;\x00\r\nabc\r\n0\r\n\r\n",
        b"-1\r\n",
    ),
    *(b"fffffffffffffffffff\r\nabc", b"3\r\nabc0\r\n\r\n", b"0\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
)
ENDS = (*[b"\r\n"] * 30, b"\n", b"\r", b"\r\r\n")


class Reading(NamedTuple):
    """Of a first request, and whether it came to its end."""

    method: bytes
    target: bytes
    version: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    whole: bool


class Reader(Strict):
    """Begins no work."""

    target = b""

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self.target, self.asked = self.url, cycle


class Wire(asyncio.Transport):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.said, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.said += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """What it holds is all there is."""


@pytest.fixture(scope="module")
def config() -> Config:
    async def nobody(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("nobody is asked")

    made = configured(nobody, log_config=None)
    made.load()
    return made


def told(config: Config, pieces: Sequence[bytes]) -> tuple[Reader, Wire]:
    loop = asyncio.new_event_loop()
    wire, reader = Wire(), Reader(config, ServerState(), {}, loop)
    reader.connection_made(wire)
    for piece in pieces:
        if not wire.closed:
            reader.data_received(piece)
    loop.close()
    return reader, wire


def read_by_us(config: Config, pieces: Sequence[bytes]) -> Reading | None:
    reader, wire = told(config, pieces)
    if not reader.target or wire.said:
        return None
    asked = reader.asked
    headers = [
        # Which h11 writes in small letters.
        (name, value.lower() if name == b"transfer-encoding" else value)
        for name, value in asked.scope["headers"]
    ]
    method, version = asked.scope["method"].encode(), asked.scope["http_version"].encode()
    return Reading(method, reader.target, version, headers, bytes(asked.body), not asked.more_body)


def read_by_h11(sent: bytes) -> Reading | None:
    other = h11.Connection(h11.SERVER)
    other.receive_data(sent)
    try:
        head, body = other.next_event(), b""
        if not isinstance(head, h11.Request):
            return None
        while isinstance(event := other.next_event(), h11.Data):
            body += event.data
    except h11.RemoteProtocolError:
        return None
    headers = [(bytes(name), bytes(value)) for name, value in head.headers]
    whole = isinstance(event, h11.EndOfMessage)
    return Reading(head.method, head.target, head.http_version, headers, body, whole)


def test_head_and_body_have_a_bound_each_and_what_came_before_is_not_counted(
    config: Config,
) -> None:
    line = b"X: " + b"a" * (HEAD_BYTES - 100)
    head = [b"POST /a HTTP/1.1\r\nHost: x\r\n", line, b"\r\nContent-Length: 1048000\r\n\r\n"]
    body = [b"a" * 65_500] * 16
    reader, wire = told(
        config, [*head, *body, b"GET /b HTTP/1.1\r\n", line, b"\r\nHost: x\r\n\r\n"]
    )
    assert wire.said == b""
    assert (reader.target, reader.cycle.scope["path"]) == (b"/a", "/b")


def test_behind_what_was_refused_nothing_is_read_though_an_answer_is_on_its_way(
    config: Config,
) -> None:
    long = b"GET /" + b"b" * 200 + b" HTTP/1.1\r\nX: " + b"a" * (HEAD_BYTES - 100)
    first, rest = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\nHost: x\r\n\r\n"
    reader, wire = told(config, [first, long, rest])
    assert (reader.cycle.scope["path"], reader.cycle.keep_alive) == ("/a", False)
    assert wire.said == b""


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    line = b" ".join(draw(st.sampled_from(words)) for words in (METHODS, TARGETS, VERSIONS))
    hosts = draw(st.sampled_from([[b"Host: x"]] * 9 + [[]]))
    headers = draw(st.lists(st.sampled_from(HEADERS), max_size=2))
    lines = [*draw(st.permutations([*hosts, *headers])), b""]
    head = line + draw(st.sampled_from(ENDS))
    return (
        head
        + b"".join(one + draw(st.sampled_from(ENDS)) for one in lines)
        + draw(st.sampled_from(BODIES))
    )


@settings(max_examples=1000, deadline=None)
@given(sent=requests(), at=st.lists(st.floats(0, 1), max_size=3))
def test_nobody_else_reads_it_otherwise(config: Config, sent: bytes, at: list[float]) -> None:
    cuts = sorted(int(place * len(sent)) for place in at)
    pieces = [sent[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    ours = read_by_us(config, [sent])
    assert read_by_us(config, pieces) == ours
    assert ours is None or read_by_h11(sent) == ours
