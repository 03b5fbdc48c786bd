"""The doors of the soak, and a request through them, byte for byte, on a connection of its own."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from benchmarks.app_driver import HOST

ANSWERED_WITHIN_SECONDS = 30
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True)
class Door:
    """Where the API answers. `prefix` stands before each path.

    `addressed`: the caller's address is told by a header, as the emulator takes it; elsewhere the
    connection comes from that address of the loopback network. `at_once`: so many requests are
    under way at the most, the next waits; its latency counts from when it was due.
    """

    name: str
    port: int
    prefix: str = ""
    addressed: bool = False
    at_once: int = 200


@dataclass(frozen=True)
class Request:
    """What is sent, by whom. `raw`: the very bytes, where a client would not write them so."""

    method: str
    path: str
    token: str = ""
    form: Mapping[str, str] | None = None
    json: Any = None
    basic: str = ""
    raw: bytes = field(default=b"", repr=False)

    def written(self, door: Door, address: str) -> bytes:
        """The bytes that go over the wire."""
        if self.raw:
            return self.raw
        kind, body = self._body()
        lines = [
            f"{self.method} {door.prefix}{self.path} HTTP/1.1",
            f"Host: {HOST}:{door.port}",
            "Connection: close",
            *([f"X-Forwarded-For: {address}"] if door.addressed else []),
            *([f"Authorization: Bearer {self.token}"] if self.token else []),
            *([f"Authorization: Basic {self.basic}"] if self.basic else []),
            *([f"Content-Type: {kind}", f"Content-Length: {len(body)}"] if kind else []),
        ]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + body

    def _body(self) -> tuple[str, bytes]:
        if self.form is not None:
            return FORM, urlencode(self.form).encode()
        if self.json is not None:
            return JSON, json.dumps(self.json).encode()
        return "", b""


@dataclass(frozen=True)
class Answer:
    """What came back. Status 0: none, and `text` says why."""

    status: int
    text: str = ""

    def __getitem__(self, member: str) -> Any:
        """A member of the JSON in it; None where there is none."""
        try:
            document = json.loads(self.text)
        except ValueError:
            return None
        return document.get(member) if isinstance(document, dict) else None


async def ask(door: Door, request: Request, address: str) -> Answer:
    """The answer to a request; no failure of the wire is raised, it is an answer of its own."""
    try:
        async with asyncio.timeout(ANSWERED_WITHIN_SECONDS):
            return await _exchanged(door, request.written(door, address), address)
    except (OSError, TimeoutError, ValueError, IndexError) as error:
        return Answer(0, f"{type(error).__name__}: {error}")


async def _exchanged(door: Door, sent: bytes, address: str) -> Answer:
    source = None if door.addressed else (address, 0)
    reader, writer = await asyncio.open_connection(HOST, door.port, local_addr=source)
    try:
        writer.write(sent)
        received = await reader.read(-1)
    finally:
        writer.close()
    head, _, body = received.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    if b"transfer-encoding: chunked" in head.lower():
        body = _joined(body)
    return Answer(status, body.decode("utf-8", "replace"))


def _joined(chunks: bytes) -> bytes:
    """RFC 9112 §7.1, without extensions and trailers."""
    body = b""
    while chunks:
        size, _, rest = chunks.partition(b"\r\n")
        length = int(size, 16)
        body, chunks = body + rest[:length], rest[length + 2 :]
        if not length:
            break
    return body
