"""The look-up of a name, which heeds no time-out: it is within the bounds of a fetch, too."""

import socket
import threading
import time

import pytest

from app.tokens.fetch import FetchError, fetch
from tests.web_server import WebServer, drips

SECONDS = 0.4


def refusal(url: str, seconds: float = 5) -> str:
    with pytest.raises(FetchError) as refused:
        fetch(url, seconds=seconds, most=1)
    return str(refused.value)


def test_the_look_up_of_a_name_is_within_the_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    found = threading.Event()

    def slow(*_: object) -> None:
        found.wait(60)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    before = set(threading.enumerate())
    start = time.monotonic()
    assert "no whole answer" in refusal("https://keys.example.com/jwks.json", SECONDS)
    assert time.monotonic() - start < SECONDS * 3
    (asking,) = set(threading.enumerate()) - before
    assert asking.daemon, "a process that ends does not wait for it"
    found.set()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TimeoutError("timed out"), "no whole answer came within 5 s"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (OSError("s3cret"), "OSError"),
        (RuntimeError("s3cret"), "RuntimeError"),
    ],
)
def test_every_fault_of_the_connection_is_told_without_what_came(
    error: Exception, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", faulty)
    assert refusal("https://keys.example.com/jwks.json") == told


def test_a_name_that_is_found_too_late_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever drips after a slow look-up would hold the thread for ever."""
    found, ask = threading.Event(), socket.getaddrinfo

    def slow(*arguments: object) -> object:
        found.wait(60)
        return ask(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    before = set(threading.enumerate())
    with WebServer(drips(b"HTTP/1.1 200 OK\r\n")) as server:
        refusal(server.url(), SECONDS)
        late = {t for t in threading.enumerate() if t.name != "web server"} - before
        found.set()
        for thread in late:
            thread.join(2)
            assert not thread.is_alive()
