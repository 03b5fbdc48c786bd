"""Lists under a clock that is set back: a little is forgiven, and after more nothing is known."""

import socket
from collections.abc import Iterator
from threading import Event

import pytest

from tests.authorizer.list_service import ALIVE, UNAVAILABLE, ListService, list_service
from tests.web_server import hangs_up


@pytest.fixture
def service() -> Iterator[ListService]:
    with list_service() as service:
        yield service


@pytest.mark.parametrize("back", [5.001, 14, 3600, 10**6])
def test_a_clock_that_was_set_back_keeps_no_list_for_longer(
    back: float, service: ListService
) -> None:
    service.publish(iat=0)
    assert service.said() == ALIVE
    service.clock.at(14.5)
    assert (service.said(), service.times_asked) == (ALIVE, 1)
    service.clock.at(14.5 - back)
    service.publish(0, iat=0)
    assert (service.said(), service.times_asked) == ("session_ended", 2)
    service.server.speak = hangs_up
    service.clock.at(9.4 - back)
    assert service.said() == UNAVAILABLE


@pytest.mark.parametrize("back", [0.001, 1, 5])
def test_a_clock_that_was_set_back_a_little_stands_until_it_is_there_again(
    back: float, service: ListService
) -> None:
    service.publish()
    assert service.said() == ALIVE
    service.clock.at(14.5)
    assert service.said() == ALIVE
    service.server.speak = hangs_up
    for seconds, times in ((14.5 - back, 1), (14.5, 1), (15, 2), (15 - back, 2), (16.999, 2)):
        service.clock.at(seconds)
        assert (service.said(), service.times_asked) == (ALIVE, times), seconds
    service.publish(0)
    service.clock.at(17)
    assert (service.said(), service.times_asked) == ("session_ended", 3)


def test_a_clock_that_is_set_back_a_little_each_time_keeps_no_list_either(
    service: ListService,
) -> None:
    service.publish(iat=0)
    service.clock.at(14)
    for seconds, said in ((14, ALIVE), (11, ALIVE), (9, ALIVE), (8.9, UNAVAILABLE)):
        service.clock.at(seconds)
        assert service.said() == said, seconds
        service.server.speak = hangs_up


def test_a_clock_that_is_set_back_a_little_while_a_list_is_asked_for_drops_none(
    service: ListService,
) -> None:
    def slewed(connection: socket.socket, closing: Event) -> None:
        service.clock.at(14)
        hangs_up(connection, closing)

    service.publish()
    assert service.said() == ALIVE
    service.server.speak = slewed
    service.clock.at(15)
    assert (service.said(), service.times_asked) == (ALIVE, 2)


def test_what_is_asked_for_while_the_clock_is_set_back_counts_once(service: ListService) -> None:
    """Nobody knows how long ago that was, by a clock that has not reached it again."""

    def set_back(connection: socket.socket, closing: Event) -> None:
        service.clock.at(-100)
        service.publish(0)
        service.server.speak(connection, closing)

    service.server.speak = set_back
    for times in (1, 2, 2):
        assert (service.said(), service.times_asked) == ("session_ended", times)
