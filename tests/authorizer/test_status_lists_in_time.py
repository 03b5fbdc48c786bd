"""When the lists are asked for again, for how long a decision waits, and how long they count."""

import socket
import time
from collections.abc import Iterator
from threading import Event

import pytest

from app.tokens.fetch import Fetched, fetch
from authorizer import status_lists
from tests.app.tokens.ringing import START
from tests.authorizer.list_service import ALIVE, UNAVAILABLE, ListService, list_service
from tests.web_server import Speak, answers, drips, hangs, hangs_up, says

NOW = int(START)
NOT_MODIFIED = says(b"HTTP/1.1 304 Not Modified\r\n\r\n")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"
DOWN: dict[str, Speak] = {
    "hung up": hangs_up,
    "404": answers(b"{}", 404),
    "500": answers(b"", 500),
    "503": answers(b"{}", 503),
    "304 though nothing was named": NOT_MODIFIED,
    "no HTTP": says(b"what?"),
    "an empty answer": answers(b""),
    "a page": answers(b"<html>", Content_Type="text/html"),
    "broken off": says(HEAD + b"x"),
    "compressed": answers(b"x", Content_Encoding="gzip"),
    "over 1 MiB": answers(b"x" * (2**20 + 1)),
}


@pytest.fixture
def service() -> Iterator[ListService]:
    with list_service() as service:
        yield service


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long each asking could have waited."""
    seen: list[float] = []

    def fetching(url: str, *, seconds: float, **more: object) -> Fetched:
        seen.append(seconds)
        return fetch(url, seconds=seconds, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(status_lists, "fetch", fetching)
    return seen


def test_a_list_is_asked_for_again_after_15_seconds(
    service: ListService, bounds: list[float]
) -> None:
    service.publish()
    assert service.said() == ALIVE
    service.publish(0)
    for seconds, times, said in (
        (0, 1, ALIVE),
        (14.999, 1, ALIVE),
        (15, 2, "session_ended"),
        (29.999, 2, "session_ended"),
    ):
        service.clock.at(seconds)
        assert (service.said(), service.times_asked) == (said, times), seconds
    assert bounds == [5.0, 0.3]


@pytest.mark.parametrize("down", DOWN)
def test_the_list_of_before_serves_until_it_expires_and_then_nothing_is_said(
    down: str, service: ListService
) -> None:
    service.publish(1)
    assert (service.said(0), service.said(1)) == (ALIVE, "session_ended")
    service.server.speak = DOWN[down]
    for seconds in (15, 100, 299.999):
        service.clock.at(seconds)
        assert (service.said(0), service.said(1)) == (ALIVE, "session_ended"), seconds
    for seconds in (300.0, 301, 10_000):
        service.clock.at(seconds)
        assert (service.said(0), service.said(1)) == (UNAVAILABLE, UNAVAILABLE), seconds
    service.clock.at(10_002)
    service.publish(0)
    assert (service.said(0), service.said(1)) == ("session_ended", ALIVE)


@pytest.mark.parametrize("down", DOWN)
def test_nothing_is_said_before_a_first_list_came(down: str, service: ListService) -> None:
    service.server.speak = DOWN[down]
    for times in (1, 2):
        assert service.said() == UNAVAILABLE
        assert service.times_asked == times
        service.clock.at(2 * times)
    service.publish()
    assert service.said() == ALIVE


def test_after_a_failure_nobody_is_asked_for_two_seconds(
    service: ListService, bounds: list[float]
) -> None:
    service.publish()
    service.said()
    service.server.speak = hangs_up
    for seconds, times in ((15, 2), (15.1, 2), (16.999, 2), (17, 3), (18.999, 3), (19, 4)):
        service.clock.at(seconds)
        assert (service.said(), service.times_asked) == (ALIVE, times), seconds
    service.publish(0)
    service.clock.at(20.999)
    assert service.said() == ALIVE
    service.clock.at(21)
    assert service.said() == "session_ended"
    assert bounds == [5.0, 0.3, 0.3, 0.3, 0.3]


@pytest.mark.parametrize("speak", [hangs, drips(HEAD)], ids=["hanging", "dripping"])
def test_a_decision_waits_300_milliseconds_while_there_is_a_list(
    speak: Speak, service: ListService
) -> None:
    service.publish()
    service.said()
    service.server.speak = speak
    service.clock.at(15)
    start = time.monotonic()
    assert service.said() == ALIVE
    assert 0.29 < time.monotonic() - start < 2
    start = time.monotonic()
    assert service.said() == ALIVE
    assert time.monotonic() - start < 0.25


@pytest.mark.parametrize("speak", [hangs, drips(HEAD)], ids=["hanging", "dripping"])
def test_a_decision_waits_its_longest_while_there_is_none(
    speak: Speak, service: ListService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status_lists.FIRST_SECONDS == 5
    monkeypatch.setattr(status_lists, "FIRST_SECONDS", 0.6)
    service.server.speak = speak
    start = time.monotonic()
    assert service.said() == UNAVAILABLE
    assert 0.59 < time.monotonic() - start < 3


def test_without_a_list_one_decision_waits_and_those_of_two_seconds_do_not(
    service: ListService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_lists, "FIRST_SECONDS", 0.3)
    service.server.speak = hangs
    for seconds, times in ((0, 1), (0.1, 1), (1.999, 1), (2, 2), (3.999, 2)):
        service.clock.at(seconds)
        assert (service.said(), service.times_asked) == (UNAVAILABLE, times), seconds
    service.publish()
    assert service.said() == UNAVAILABLE
    assert service.said(uri=service.uri(2)) == UNAVAILABLE  # asked: the list came, of 1
    assert service.times_asked == 3
    service.clock.at(4)
    assert service.said() == ALIVE


def test_an_expired_list_that_cannot_be_had_again_is_waited_for_once(
    service: ListService,
) -> None:
    service.publish()
    assert service.said() == ALIVE
    service.server.speak = hangs_up
    for seconds, times in ((300, 2), (301.999, 2), (302, 3)):
        service.clock.at(seconds)
        assert (service.said(), service.times_asked) == (UNAVAILABLE, times), seconds


def test_no_more_failures_are_remembered_than_lists(service: ListService) -> None:
    for number in range(100):
        assert service.said(0, service.uri(number)) == UNAVAILABLE
    assert len(service.lists._failed_at) == status_lists.MAX_LISTS
    assert service.said(0, service.uri(99)) == UNAVAILABLE
    assert service.times_asked == 100


def test_an_expired_list_is_as_good_as_none(service: ListService, bounds: list[float]) -> None:
    service.publish(etag='"one"', exp=NOW + 10)
    assert service.said() == ALIVE
    service.clock.at(9.999)
    assert service.said() == ALIVE
    service.clock.at(10)
    service.publish()
    assert service.said() == ALIVE
    assert bounds == [5.0, 5.0]
    assert b"If-None-Match" not in service.server.requests[1]


@pytest.mark.parametrize(
    ("etag", "answer"), [(None, hangs_up), ('"one"', NOT_MODIFIED)], ids=["hung up", "304"]
)
def test_a_list_that_expires_while_it_is_asked_for_again_is_not_used(
    etag: str | None, answer: Speak, service: ListService
) -> None:
    def late(connection: socket.socket, closing: Event) -> None:
        service.clock.at(20)
        answer(connection, closing)

    service.publish(etag=etag, exp=NOW + 20)
    assert service.said() == ALIVE
    service.server.speak = late
    service.clock.at(19)
    assert service.said() == UNAVAILABLE


def test_a_list_that_has_not_changed_counts_as_come_anew(service: ListService) -> None:
    service.publish(1, etag='W/"one"')
    assert service.said() == ALIVE
    service.server.speak = NOT_MODIFIED
    for seconds, times in ((15, 2), (29.999, 2), (30, 3), (45, 4), (299, 5)):
        service.clock.at(seconds)
        assert (service.said(0), service.said(1)) == (ALIVE, "session_ended")
        assert service.times_asked == times, seconds
    assert all(b'\r\nIf-None-Match: W/"one"\r\n' in asked for asked in service.server.requests[1:])
    assert b"If-None-Match" not in service.server.requests[0]
    service.clock.at(300)
    assert service.said() == UNAVAILABLE


def test_that_nothing_has_changed_is_no_answer_where_no_version_was_named(
    service: ListService,
) -> None:
    service.publish()
    assert service.said() == ALIVE
    service.server.speak = NOT_MODIFIED
    for seconds, times in ((15, 2), (16.999, 2), (17, 3)):
        service.clock.at(seconds)
        assert (service.said(), service.times_asked) == (ALIVE, times), seconds


def test_the_newest_etag_is_the_one_that_is_sent(service: ListService) -> None:
    sent = []
    for number, etag in enumerate(
        ('"one"', None, '"three"', '"' + "x" * 200 + '"', '"\xa9"', '""')
    ):
        service.clock.at(15 * number)
        service.publish(etag=etag)
        assert service.said() == ALIVE
        asked = service.server.requests[-1].split(b"\r\n")
        sent.append([line[15:].decode() for line in asked if line.startswith(b"If-None-Match")])
    assert sent == [[], ['"one"'], [], ['"three"'], [], []]
