"""The process that loads a server: so many connections, each asking again once it is answered.

Reads jobs from its standard input, a line of JSON each, and answers each with a line:

    {"port": 8000, "requests": ["GET / HTTP/1.1\\r\\n…", …], "seconds": 1.5}
    {"latencies": [µs, …], "seconds": 1.502, "cpu": 0.31, "bodies": [one of each connection]}

One connection for each of the requests. Every answer must be a 200; else: {"failed": "what came"}.
"""

import json
import re
import selectors
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

HOST = "127.0.0.1"
PATIENCE_SECONDS = 30
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes


class LoadFailed(Exception):
    """Something else came than a 200, or nothing."""


def answer_in(received: bytes) -> Answer | None:
    """The answer that these bytes are, None as long as it is not whole (RFC 9112 §6.3).

    LoadFailed where it does not tell its length, or more came than was asked for.
    """
    head_end = received.find(_HEAD_END)
    if head_end < 0:
        return None
    length = _LENGTH.search(received, 0, head_end)
    if length is None:
        raise LoadFailed(f"an answer without a length: {received[:200]!r}")
    body = received[head_end + len(_HEAD_END) :]
    if len(body) < int(length[1]):
        return None
    if len(body) > int(length[1]):
        raise LoadFailed(f"more came than was asked for: {received[:200]!r}")
    return Answer(int(received[9:12]), body)


class Connection:
    """One that is kept alive; `latencies` in µs, `body` the first that came."""

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=PATIENCE_SECONDS)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.latencies: list[int] = []
        self.body = b""
        self._request, self._received, self._asked = request, b"", 0.0

    def ask(self) -> None:
        """Send the request; it is small enough for the system to take it whole."""
        self._received = b""
        self._asked = time.perf_counter()
        self.socket.sendall(self._request)

    def answered(self) -> bool:
        """Take what has come; whether that was the rest of the answer."""
        chunk = self.socket.recv(1 << 16)
        if not chunk:
            raise LoadFailed(f"the server hung up after {self._received[:200]!r}")
        self._received = self._received + chunk if self._received else chunk
        answer = answer_in(self._received)
        if answer is None:
            return False
        if answer.status != 200:
            raise LoadFailed(f"{answer.status}: {answer.body[:500]!r}")
        self.body = self.body or answer.body
        self.latencies.append(round((time.perf_counter() - self._asked) * 1e6))
        return True


def load(port: int, requests: Sequence[str], seconds: float) -> dict[str, Any]:
    """Ask for so long, and wait for the last answers; what was seen."""
    connections: list[Connection] = []
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for request in requests:
            connection = Connection(port, request.encode("ascii"))
            stack.enter_context(connection.socket)
            connections.append(connection)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        begun, worked = time.perf_counter(), time.process_time()
        _ask_until(begun + seconds, connections, selector)
        took, cpu = time.perf_counter() - begun, time.process_time() - worked
    return {
        "latencies": [latency for each in connections for latency in each.latencies],
        "seconds": took,
        "cpu": cpu,
        "bodies": [connection.body.decode("utf-8") for connection in connections],
    }


def _ask_until(
    end: float, connections: Sequence[Connection], selector: selectors.BaseSelector
) -> None:
    for connection in connections:
        connection.ask()
    while waiting := selector.get_map():
        ready = selector.select(PATIENCE_SECONDS)
        if not ready:
            raise LoadFailed(f"{len(waiting)} requests had no answer for {PATIENCE_SECONDS} s")
        for key, _ in ready:
            if not key.data.answered():
                continue
            if time.perf_counter() < end:
                key.data.ask()
            else:
                selector.unregister(key.fileobj)


def main() -> None:
    """Work off the jobs."""
    for line in sys.stdin:
        try:
            answer = load(**json.loads(line))
        except (LoadFailed, OSError) as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
