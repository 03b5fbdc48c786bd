"""One GET from servers that redirect, flood, drip, hang, lie, or are somebody else."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from app.tokens.fetch import Fetched, FetchError, fetch
from tests.web_server import (
    Speak,
    WebServer,
    answers,
    drips,
    hangs,
    hangs_up,
    says,
    written,
)

SECONDS = 0.4
MOST = 1000
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Whatever happened, the thread that asked ends by itself."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive(), thread


def own_threads() -> list[threading.Thread]:
    """Those that ask, while the server that they ask still runs."""
    return [t for t in threading.enumerate() if t.daemon and t.name != "web server"]


def got(speak: Speak, most: int = MOST) -> Fetched:
    with WebServer(speak) as server:
        return fetch(server.url(), seconds=5, most=most)


def refusal(url: str, seconds: float = 5) -> str:
    with pytest.raises(FetchError) as refused:
        fetch(url, seconds=seconds, most=MOST)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return str(refused.value)


def test_an_answer_is_given_with_its_status_headers_and_time() -> None:
    start = time.monotonic()
    fetched = got(answers(b"{}", 200, Content_Type="application/json", X_CASED="Kept"))
    assert (fetched.status, fetched.body) == (200, b"{}")
    assert fetched.headers["content-type"] == "application/json"
    assert fetched.headers["x-cased"] == "Kept"
    assert 0 < fetched.seconds <= time.monotonic() - start


def test_it_asks_for_json_and_says_nothing_of_itself() -> None:
    with WebServer(answers(b"{}")) as server:
        fetch(server.url("/a/b%20c?d=e&f"), seconds=5, most=MOST)
        fetch(server.url(""), seconds=5, most=MOST)
        fetch(server.url("?a=b"), seconds=5, most=MOST)
        host = f"127.0.0.1:{server.port}"
    first, second, third = (request.decode().split("\r\n") for request in server.requests)
    assert first[0] == "GET /a/b%20c?d=e&f HTTP/1.1"
    assert second[0] == "GET / HTTP/1.1"
    assert third[0] == "GET /?a=b HTTP/1.1"
    assert set(first[1:]) == {
        f"Host: {host}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "",
    }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    with WebServer(answers(b"elsewhere")) as elsewhere, WebServer(hangs_up) as server:
        server.speak = answers(b"", status, Location=elsewhere.url())
        assert fetch(server.url(), seconds=5, most=MOST).status == status
    assert len(server.requests) == 1
    assert elsewhere.requests == []


@pytest.mark.parametrize("status", [200, 204, 304, 404, 500, 503])
def test_every_status_is_the_askers_to_judge(status: int) -> None:
    assert got(answers(b"", status)).status == status


@pytest.mark.parametrize("size", [0, 1, MOST - 1, MOST])
def test_a_body_of_up_to_the_bound_is_taken(size: int) -> None:
    body = b"x" * size
    chunks = b"".join(b"1\r\nx\r\n" for _ in range(size)) + b"0\r\n\r\n"
    for speak in (
        answers(body),
        says(HEAD + b"\r\n" + body),
        says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks),
    ):
        assert got(speak).body == body


@pytest.mark.parametrize("size", [MOST + 1, 10_000_000])
def test_a_longer_body_is_refused(size: int) -> None:
    body = b"x" * size
    chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % size
    lying = b"Content-Length: 1000000000000\r\n\r\n"
    for speak in (
        answers(body),
        says(HEAD + lying + body),
        says(HEAD + chunked + body + b"\r\n0\r\n\r\n"),
    ):
        with WebServer(speak) as server:
            assert refusal(server.url()) == f"the answer has over {MOST} bytes"


@pytest.mark.parametrize("head", [b"", b"Connection: close\r\nContent-Length: 10000000\r\n"])
def test_whoever_is_refused_is_hung_up_on(head: bytes) -> None:
    hung_up = threading.Event()

    def speak(connection: socket.socket, _: threading.Event) -> None:
        try:
            connection.sendall(HEAD + head + b"\r\n" + b"x" * 10_000_000)
        except ConnectionError:  # a reset, and no time-out of the server's own
            hung_up.set()

    with WebServer(speak) as server:
        assert refusal(server.url()) == f"the answer has over {MOST} bytes"
        assert hung_up.wait(2)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "x-unknown", "identity, gzip"])
def test_an_encoded_body_is_refused(encoding: str) -> None:
    with WebServer(answers(gzip.compress(b"{}"), Content_Encoding=encoding)) as server:
        assert refusal(server.url()) == "an answer without Content-Encoding was asked for"


@pytest.mark.parametrize("encoding", ["identity", "Identity"])
def test_no_encoding_may_be_said_in_words(encoding: str) -> None:
    assert got(answers(b"{}", Content_Encoding=encoding)).body == b"{}"


@pytest.mark.parametrize(
    "speak",
    [
        hangs,
        drips(b""),
        drips(HEAD, b"X-Drop: 1\r\n"),
        drips(HEAD + b"X-Drop: "),
        drips(HEAD + b"Content-Length: 900\r\n\r\n"),
        pytest.param(drips(HEAD + b"\r\n")),
        pytest.param(drips(HEAD + b"Connection: close\r\nContent-Length: 900\r\n\r\n")),
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99),
    ],
    ids=[
        "silence",
        "status",
        "headers",
        "header",
        "body",
        "endless",
        "closing",
        "chunks",
        "continue",
    ],
)
def test_what_is_slow_costs_no_more_than_its_time_and_leaves_no_thread(speak: Speak) -> None:
    before = set(own_threads())
    with WebServer(speak) as server:
        start = time.monotonic()
        refusal(server.url(), SECONDS)
        assert SECONDS * 0.9 < time.monotonic() - start < SECONDS * 3
        for thread in set(own_threads()) - before:
            thread.join(2)  # while the server still has it on the line
            assert not thread.is_alive()


def test_what_is_slow_is_told_with_the_time_it_had() -> None:
    with WebServer(drips(HEAD)) as server:
        assert refusal(server.url(), SECONDS) == f"no whole answer came within {SECONDS} s"


def test_a_source_that_is_not_there_says_so() -> None:
    server = WebServer(hangs_up)  # its port is taken, and nobody listens
    assert refusal(server.url()) == "Connection refused"
    server.close()


@pytest.mark.parametrize(
    ("speak", "told"),
    [
        (says(b"s3cret\r\n\r\n"), "BadStatusLine"),
        (says(b"\x16\x03\x01s3cret"), "BadStatusLine"),
        (says(b"HTTP/9.9 s3cret\r\n\r\n"), "BadStatusLine"),
        (says(b"HTTP/2.0 200 s3cret\r\n\r\n"), "UnknownProtocol"),
        (says(HEAD + b"X: " + b"s3cret" * 20_000), "LineTooLong"),
        (says(HEAD + b"X: s3cret\r\n" * 200 + b"\r\n"), "HTTPException"),
        (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\ns3cret\r\n"), "IncompleteRead"),
        (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\ns3cret"), "IncompleteRead"),
    ],
)
def test_what_is_no_http_is_refused_and_not_repeated(speak: Speak, told: str) -> None:
    with WebServer(speak) as server:
        sentence = refusal(server.url())
    assert sentence == f"the answer is no HTTP ({told})"
    assert "s3cret" not in sentence


def test_a_source_that_hangs_up_says_so() -> None:
    with WebServer(hangs_up) as server:
        assert refusal(server.url()) == "RemoteDisconnected"


@pytest.mark.parametrize("sent", [0, 1, 9])
def test_a_body_that_breaks_off_is_no_answer(sent: int) -> None:
    with WebServer(says(written(b"x" * sent, 200, {"Content-Length": "10"}))) as server:
        refusal(server.url())


@pytest.mark.parametrize("scheme", ["http", "https", "all", "HTTP", "HTTPS", "ALL"])
def test_no_proxy_of_the_environment_is_asked(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with WebServer(answers(b"proxied")) as proxy, WebServer(answers(b"{}")) as server:
        name = f"{scheme}_PROXY" if scheme.isupper() else f"{scheme}_proxy"
        monkeypatch.setenv(name, proxy.url(""))
        monkeypatch.delenv("no_proxy", raising=False)
        assert fetch(server.url(), seconds=5, most=MOST).body == b"{}"
    assert proxy.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/jwks.json",
        "https://user@example.com/",
        "https://example.com/#part",
        "https://example.com/a b",
        "https://example.com/\r\nX-Injected: 1",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
    ],
)
def test_only_a_url_that_may_be_believed_is_asked(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> None:
        pytest.fail("somebody was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(ValueError, match="an https URL without user or fragment"):
        fetch(url, seconds=1, most=1)
