"""SIGTERM with requests under way: `ostiary serve` ends as they do, and none is broken off."""

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.resources.notes.schemas import NoteContent
from tests.app.serving import RawAnswer, read_answer, request
from tests.faults.asking import ask, get, post, post_form
from tests.faults.counting import count
from tests.faults.proxy import Proxy
from tests.faults.serving import Serving, serving
from tests.support import PASSWORD

BOUND_SECONDS = 10.0
AWAY_SECONDS = 0.2  # that each word of the database is late, so that whoever asks it is under way
EMAIL = "ada@example.com"
LOGIN = post_form("/auth/login", username=EMAIL, password=PASSWORD)
NOTE = NoteContent(title="One of many", body="…").model_dump()
LARGE = get("/docs/swagger-ui-bundle.js")


@dataclass(frozen=True)
class Standing:
    """A process that serves, the way to its database, and the database round that way."""

    serving: Serving
    way: Proxy
    url: str


@pytest.fixture
def standing(postgres_url: str, tmp_path: Path) -> Iterator[Standing]:
    with (
        Proxy(postgres_url).running() as way,
        serving(way.url, tmp_path, OSTIARY_REGISTRATION="open") as process,
    ):
        yield Standing(process, way, postgres_url)


def fifty(port: int) -> list[bytes]:
    """Requests that write, log in, refresh, and fetch more than fits into a socket's buffers."""
    tokens = ask(port, LOGIN).json
    refresh = post_form(
        "/auth/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    write = post("/notes", NOTE, tokens["access_token"])
    return [write] * 20 + [refresh] * 15 + [LOGIN] * 5 + [LARGE] * 10


def check_whole(answer: RawAnswer) -> None:
    assert answer.status in (200, 201, 503), answer
    assert len(answer.body) == int(answer.headers["content-length"])


def test_all_of_them_end_within_ten_seconds_and_nothing_is_half_written(
    standing: Standing,
) -> None:
    port = standing.serving.port
    assert ask(port, post("/users", {"email": EMAIL, "password": PASSWORD})).status == 201
    requests = fifty(port)
    standing.way.delay = AWAY_SECONDS
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), BOUND_SECONDS))
            for _ in requests
        ]
        for connection, sent in zip(connections, requests, strict=True):
            connection.sendall(sent)
        # Whoever comes after them is answered: what they sent was read before.
        assert ask(port, get("/health")).status == 200
        began = time.monotonic()
        standing.serving.process.send_signal(signal.SIGTERM)
        with ThreadPoolExecutor(len(connections)) as pool:
            answers = list(pool.map(read_answer, connections))
        code = standing.serving.exit_code(BOUND_SECONDS)
        took = time.monotonic() - began
    for answer in answers:
        check_whole(answer)
    statuses = [answer.status for answer in answers]
    counted = {status: statuses.count(status) for status in sorted(set(statuses))}
    print(f"fifty under way: {counted}; ended with {code} after {took:.1f} s")
    assert statuses.count(201) == count(standing.url, "notes")
    alone = "sessions WHERE id NOT IN (SELECT session_id FROM refresh_tokens)"
    assert count(standing.url, alone) == 0
    assert took < BOUND_SECONDS
    assert code == 0


def test_whoever_never_ends_his_request_keeps_nobody_from_ending(standing: Standing) -> None:
    head = (b"Content-Type: application/json", b"Content-Length: 99")
    half = request(b"POST", b"/auth/login", *head, body=b"{")
    with socket.create_connection(("127.0.0.1", standing.serving.port)) as connection:
        connection.sendall(half)
        assert ask(standing.serving.port, get("/health")).status == 200
        began = time.monotonic()
        standing.serving.process.send_signal(signal.SIGTERM)
        assert standing.serving.exit_code(BOUND_SECONDS) == 0
    print(f"half a request under way: ended after {time.monotonic() - began:.1f} s")
