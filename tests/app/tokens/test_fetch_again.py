"""A GET for what is at hand already: it is asked for only if it has changed."""

import ssl
from pathlib import Path

import pytest

from app.tokens.fetch import FetchError, fetch
from tests.certificates import certified
from tests.web_server import WebServer, answers, says

MOST = 1000
NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\n\r\n'


def test_without_an_etag_no_condition_is_sent() -> None:
    with WebServer(answers(b"{}")) as server:
        fetch(server.url(), seconds=5, most=MOST)
    (asked,) = server.requests
    assert b"if-none-match" not in asked.lower()
    assert b"\r\nAccept: application/json\r\n" in asked


def test_etag_and_media_type_are_sent_and_304_is_a_status_like_others() -> None:
    with WebServer(says(NOT_MODIFIED)) as server:
        answer = fetch(
            server.url(), seconds=5, most=MOST, accept="application/statuslist+jwt", etag='W/"one"'
        )
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", '"one"')
    (asked,) = server.requests
    assert b'\r\nIf-None-Match: W/"one"\r\n' in asked
    assert b"\r\nAccept: application/statuslist+jwt\r\n" in asked
    assert b"\r\nAccept-Encoding: identity\r\n" in asked


@pytest.mark.parametrize("etag", ['"a\r\nX-Forged: 1"', '"a\nb"', "\N{KEY}"])
def test_an_etag_that_would_forge_a_header_is_not_sent(etag: str) -> None:
    with WebServer(answers(b"{}")) as server:
        with pytest.raises(FetchError):
            fetch(server.url(), seconds=5, most=MOST, etag=etag)
        assert not [asked for asked in server.requests if b"X-Forged" in asked]


def test_whom_to_trust_can_be_read_once_for_many(tmp_path: Path) -> None:
    tls, certificate = certified(tmp_path)
    trusted = ssl.create_default_context(cafile=str(certificate))
    with WebServer(answers(b"{}"), tls=tls) as server:
        for _ in range(2):
            assert fetch(server.url(), seconds=5, most=MOST, tls=trusted).body == b"{}"
        with pytest.raises(FetchError, match="self-signed certificate"):
            fetch(server.url(), seconds=5, most=MOST, tls=ssl.create_default_context())
