"""The app under a real uvicorn on a free loopback port, and requests byte by byte."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Literal

import uvicorn
from starlette.types import ASGIApp, Message

from app.server import bound, configured

STARTED_WITHIN_SECONDS = 20
ANSWERED_WITHIN_SECONDS = 10


@contextmanager
def served(app: ASGIApp, lifespan: Literal["auto", "off"] = "auto") -> Iterator[int]:
    """The port on 127.0.0.1 where uvicorn serves `app`, set as `ostiary serve` sets it."""
    started = threading.Event()

    class AnnouncingServer(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    server = AnnouncingServer(configured(app, log_config=None, lifespan=lifespan))
    with closing(bound("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert started.wait(STARTED_WITHIN_SECONDS), "uvicorn did not start"
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@dataclass(frozen=True)
class RawAnswer:
    """An HTTP/1.1 answer, taken apart no further than needed."""

    status: int
    headers: dict[str, str]
    body: bytes


def exchange(port: int, request: bytes) -> RawAnswer:
    """What comes back for these bytes; the connection is given up after one answer."""
    with socket.create_connection(("127.0.0.1", port), ANSWERED_WITHIN_SECONDS) as connection:
        connection.sendall(request)
        return read_answer(connection)


def read_answer(connection: socket.socket) -> RawAnswer:
    """One answer with a Content-Length, or one that ends with its connection."""
    with connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers: dict[str, str] = {}
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = headers.get("content-length")
        return RawAnswer(status, headers, stream.read(int(length) if length else -1))


def request(method: bytes, target: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """The bytes of a request that closes its connection."""
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close"]
    return b"\r\n".join([*lines, *headers, b"", body])


def post(
    app: ASGIApp, path: str, *received: Message, raw_path: bytes | None = None
) -> list[Message]:
    """What the app sends when a POST of JSON comes in these very messages of ASGI.

    Without a raw path it is Mangum that calls; uvicorn gives one.
    """
    coming, sent = iter(received), []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": raw_path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }

    async def receive() -> Message:
        return next(coming)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return sent
