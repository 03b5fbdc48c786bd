"""The lists that an authorizer holds: which sessions they end, and how many there are."""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from random import Random
from threading import Event

import pytest

from app.tokens.claims import StatusReference
from authorizer import status_lists
from tests.app.tokens.ringing import START, Crowd
from tests.authorizer.list_service import (
    ALIVE,
    PLACES,
    UNAVAILABLE,
    ListService,
    list_service,
    says_list,
)
from tests.certificates import certified
from tests.web_server import WebServer, answers, hangs_up


@pytest.fixture
def service() -> Iterator[ListService]:
    with list_service() as service:
        yield service


def test_exactly_those_sessions_that_were_ended_are_refused(service: ListService) -> None:
    ended = set(Random(1).sample(range(PLACES), 40))  # noqa: S311 - the same ones in each run
    service.publish(*ended)
    for idx in range(PLACES):
        assert service.said(idx) == ("session_ended" if idx in ended else ALIVE)
    assert service.times_asked == 1


@pytest.mark.parametrize("idx", [-1, PLACES, PLACES + 1, 2**31, 2**64, 10**40])
def test_a_place_that_the_list_does_not_have_is_refused(idx: int, service: ListService) -> None:
    service.publish()
    assert service.said(idx) == "wrong_status"
    assert service.said(PLACES - 1) == ALIVE


def test_a_token_without_a_place_is_refused_and_nobody_is_asked(service: ListService) -> None:
    service.publish()
    assert service.judged(None) == "missing_status"
    assert service.times_asked == 0


def test_a_list_elsewhere_is_refused_and_nobody_is_asked(service: ListService) -> None:
    service.publish()
    good = service.uri()
    port = f":{service.server.port}"
    for uri in (
        *(f"{good}/", f"{good}?", f"{good}#", f"{good}?a=b", good.upper(), f"{good}\n", f" {good}"),
        *(service.base, f"{service.base}/", f"{service.base}//{good[-36:]}", good[:-1]),
        *(good.replace("127.0.0.1", "localhost"), good.replace("http:", "https:")),
        *(good.replace("http://", "http://127.0.0.1@"), good.replace("http://", "http://a:b@")),
        *(good.replace(port, ""), good.replace(port, ":1"), good.replace(port, f"{port}0")),
        *(good.replace("/status-lists", "/status-lists/../status-lists"),),
        *(good.replace("/status-lists", "/%2e%2e/status-lists"), good.replace("-", "%2d")),
        *("https://evil.example/status-lists/" + good[-36:], f"https://evil.example/{good}"),
        *("file:///etc/passwd", "http://169.254.169.254/latest/meta-data", "u"),
    ):
        assert service.said(0, uri) == "wrong_status", uri
    assert service.times_asked == 0
    assert service.said() == ALIVE


def test_the_request_asks_for_a_list_and_names_nobody(service: ListService) -> None:
    service.publish()
    service.said(7)
    (asked,) = service.server.requests
    path = service.uri().removeprefix(service.server.url(""))
    assert asked.startswith(f"GET {path} HTTP/1.1\r\n".encode())
    assert b"\r\nAccept: application/statuslist+jwt\r\n" in asked
    assert b"Authorization" not in asked


def test_at_most_64_lists_are_held_and_the_one_least_used_goes(service: ListService) -> None:
    def speak(*words: object) -> None:
        number = int(service.server.requests[-1].split()[1][-12:], 16)
        says_list(service.token(number=number))(*words)  # type: ignore[arg-type]

    service.server.speak = speak
    for number in range(64):
        assert service.said(0, service.uri(number)) == ALIVE
    assert service.said(0, service.uri(0)) == ALIVE
    assert service.times_asked == 64
    assert service.said(0, service.uri(64)) == ALIVE  # and 1 goes, which nobody asked for since
    assert service.said(0, service.uri(0)) == ALIVE
    assert service.times_asked == 65
    assert service.said(0, service.uri(1)) == ALIVE
    assert service.times_asked == 66
    assert len(service.lists._held) == status_lists.MAX_LISTS == 64


def test_what_cannot_be_had_takes_no_place(service: ListService) -> None:
    service.publish()
    assert service.said() == ALIVE
    service.server.speak = hangs_up
    for number in range(2, 100):
        assert service.said(0, service.uri(number)) == UNAVAILABLE
    assert len(service.lists._held) == 1
    assert service.said() == ALIVE


def test_many_threads_are_told_the_same(service: ListService) -> None:
    service.publish(1)
    for seconds in (0, 15, 30):
        service.clock.at(seconds)
        assert set(Crowd(12, lambda: (service.said(0), service.said(1))).start().join()) == {
            (ALIVE, "session_ended")
        }


def test_a_list_that_comes_late_does_not_displace_a_newer_one(service: ListService) -> None:
    late = says_list(service.token(iat=int(START) - 1))

    def overtaken(connection: socket.socket, closing: Event) -> None:
        service.publish(0)
        assert service.said(0) == "session_ended"  # as another thread would be told meanwhile
        late(connection, closing)

    service.server.speak = overtaken
    assert service.said(0) == "session_ended"
    assert service.said(0) == "session_ended"
    assert service.times_asked == 2


def test_a_list_of_a_clock_ahead_that_comes_late_calls_nobody_back_to_life(
    service: ListService,
) -> None:
    late = says_list(service.token(1, iat=int(START) + 3))

    def overtaken(connection: socket.socket, closing: Event) -> None:
        service.clock.at(1)
        service.publish(0)
        assert service.said(0) == "session_ended"
        late(connection, closing)

    service.server.speak = overtaken
    assert (service.said(0), service.said(1)) == ("session_ended", "session_ended")
    assert service.times_asked == 2


def test_no_more_is_read_than_a_list_may_have(
    service: ListService, caplog: pytest.LogCaptureFixture
) -> None:
    service.publish()
    assert service.said() == ALIVE
    service.server.speak = answers(b"x" * (2**20 + 1))
    service.clock.at(15)
    assert service.said() == ALIVE
    assert "the answer has over 1048576 bytes" in caplog.text


def test_the_log_says_why_a_list_could_not_be_had(
    service: ListService, caplog: pytest.LogCaptureFixture
) -> None:
    service.publish()
    service.said()
    assert caplog.records == []
    service.server.speak = answers(b"SECRET", 503)
    service.clock.at(15)
    service.said()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("ostiary.authorizer", logging.WARNING)
    assert record.getMessage() == (
        "A status list could not be had again; the last one stays: "
        f"{service.uri()}: the status 200 was expected, not 503"
    )


def test_nobody_listening_is_no_statement_either() -> None:
    server = WebServer(hangs_up)
    service = ListService(server)
    assert service.judged(StatusReference(0, service.uri())) == UNAVAILABLE
    with server:
        service.clock.at(2)
        service.publish()
        assert service.said() == ALIVE


def test_lists_are_asked_for_over_tls_of_whom_the_machine_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, certificate = certified(tmp_path)
    with WebServer(hangs_up, tls=tls) as server:
        stranger = ListService(server)
        stranger.publish()
        assert stranger.said() == UNAVAILABLE
        assert server.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        service = ListService(server)
        monkeypatch.delenv("SSL_CERT_FILE")  # it was read once, for all the lists
        service.publish()
        assert service.said() == ALIVE
        service.publish(0)
        service.clock.at(15)
        assert service.said() == "session_ended"
