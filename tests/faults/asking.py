"""Requests to an app that serves on a port: many at once, each with its answer and its time."""

import json
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

from tests.app.serving import ANSWERED_WITHIN_SECONDS, RawAnswer, read_answer, request

FORM = b"Content-Type: application/x-www-form-urlencoded"
JSON = b"Content-Type: application/json"


@dataclass(frozen=True)
class Asked:
    """An answer, and after how many seconds it was there."""

    answer: RawAnswer
    seconds: float

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def json(self) -> Any:
        return json.loads(self.answer.body)


def get(path: str, token: str = "") -> bytes:
    """The bytes of a GET."""
    return request(b"GET", path.encode(), *_bearer(token))


def post(path: str, body: object, token: str = "") -> bytes:
    """The bytes of a POST of JSON."""
    return _with_body(path, JSON, json.dumps(body), token)


def post_form(path: str, **fields: str) -> bytes:
    """The bytes of a POST as an HTML form makes it."""
    return _with_body(path, FORM, urlencode(fields), "")


def _with_body(path: str, media_type: bytes, text: str, token: str) -> bytes:
    body = text.encode()
    length = b"Content-Length: %d" % len(body)
    return request(b"POST", path.encode(), media_type, length, *_bearer(token), body=body)


def _bearer(token: str) -> list[bytes]:
    return [b"Authorization: Bearer " + token.encode()] if token else []


def ask(port: int, sent: bytes) -> Asked:
    """What comes back for these bytes, and how long after they were sent.

    Not after the connection was asked for: of many at once the kernel makes some wait for a second.
    """
    with socket.create_connection(("127.0.0.1", port), ANSWERED_WITHIN_SECONDS) as connection:
        began = time.monotonic()
        connection.sendall(sent)
        return Asked(read_answer(connection), time.monotonic() - began)


def at_once(port: int, requests: Sequence[bytes], callers: int | None = None) -> list[Asked]:
    """What so many callers are answered, all of whom begin together; or one for each request."""
    callers = callers or len(requests)
    together = Barrier(callers)

    def call(number: int) -> list[tuple[int, Asked]]:
        together.wait(30)
        own = range(number, len(requests), callers)
        return [(place, ask(port, requests[place])) for place in own]

    with ThreadPoolExecutor(callers) as pool:
        asked = dict(pair for pairs in pool.map(call, range(callers)) for pair in pairs)
    return [asked[place] for place in range(len(requests))]


def percentile(asked: Sequence[Asked], percent: float) -> float:
    """Within so many seconds so many of a hundred were answered."""
    seconds = sorted(one.seconds for one in asked)
    return seconds[min(len(seconds) - 1, int(len(seconds) * percent / 100))]


def told(asked: Sequence[Asked]) -> str:
    """The statuses and times, for a page or a failing test."""
    statuses = sorted(one.status for one in asked)
    counted = ", ".join(f"{statuses.count(one)} × {one}" for one in sorted(set(statuses)))
    middle, late, last = (1000 * percentile(asked, at) for at in (50, 99, 100))
    return f"{counted}; p50 {middle:.0f} ms, p99 {late:.0f} ms, longest {last:.0f} ms"
