"""Servers on loopback that answer as a test likes: well, badly, slowly, or not at all."""

import json
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Self

Speak = Callable[[socket.socket, Event], None]  # the Event is set when the server closes
TLS_HANDSHAKE = b"\x16"
PACE = 0.02  # seconds between two drops of what drips


class WebServer:
    """Hands each connection, after its request was read, to `speak`, which may be changed.

    `requests` holds what came, one a connection; the port is held, and refuses, until `listen`.
    """

    def __init__(self, speak: Speak, *, tls: ssl.SSLContext | None = None) -> None:
        self.speak = speak
        self.requests: list[bytes] = []
        self._tls = tls
        self._closing = Event()
        self._threads: list[Thread] = []
        self._connections: list[socket.socket] = []
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    def url(self, path: str = "/jwks.json") -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}{path}"

    def listen(self) -> None:
        self._socket.listen()
        self._start(self._accept)

    def __enter__(self) -> Self:
        self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Everybody is hung up on, and every thread of this server ends."""
        self._closing.set()
        for listening in (self._socket, *self._connections):
            with suppress(OSError):  # it may be closed already, or never have listened
                listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        self._socket.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = Thread(target=target, args=arguments, name="web server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        self._connections.append(connection)
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._connections.append(connection)
            with connection:
                self.requests.append(_request(connection))
                self.speak(connection, self._closing)
        except OSError:
            connection.close()  # the other side hung up, or never spoke TLS


def _request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(4096)
        received += more
        if not more or received.startswith(TLS_HANDSHAKE):
            break
    return received


def says(raw: bytes) -> Speak:
    """Exactly these bytes, and then the end."""
    return lambda connection, _: connection.sendall(raw)


def answers(body: bytes, status: int = 200, **headers: str) -> Speak:
    """A whole HTTP answer; an underscore in a header's name stands for a hyphen."""
    return says(written(body, status, {"Content-Length": str(len(body))} | headers))


def written(body: bytes, status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Said"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answers_json(document: object) -> Speak:
    return answers(json.dumps(document).encode(), Content_Type="application/json")


def drips(before: bytes, drop: bytes = b"x") -> Speak:
    """`before` at once, and then a drop after another for as long as somebody listens."""

    def speak(connection: socket.socket, closing: Event) -> None:
        connection.sendall(before)
        while not closing.wait(PACE):
            connection.sendall(drop)

    return speak


def hangs(connection: socket.socket, closing: Event) -> None:
    """Takes the request, and never answers."""
    closing.wait(60)


def hangs_up(connection: socket.socket, _: Event) -> None:
    """Closes without a word: what a client sees of a source that is down."""
