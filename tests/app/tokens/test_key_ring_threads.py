"""A key set that many threads ask for at once: one reads, and nobody waits without need."""

import threading
from collections.abc import Callable

import pytest

from app.tokens.errors import KeysUnavailable
from app.tokens.key_ring import KeyRing
from app.tokens.keys import KeySet
from tests.app.tokens.ringing import START, Clock, Crowd, Shelf
from tests.support import key_set

OLD, NEW = key_set("ES256"), key_set("ES384")
DOWN = KeysUnavailable("the source is down")
SIZE = 20


class CrowdedLock:
    """A lock that knows when so many have asked for it, whether or not they got it."""

    def __init__(self, size: int) -> None:
        self.all_asked = threading.Event()
        self._asked = threading.Semaphore(size - 1)
        self._lock = threading.Lock()

    def acquire(self, blocking: bool = True) -> bool:
        if not self._asked.acquire(blocking=False):
            self.all_asked.set()
        return self._lock.acquire(blocking)

    def release(self) -> None:
        self._lock.release()


def crowd(shelf: Shelf, ring: KeyRing) -> None:
    """From now on the source answers when everybody in the crowd has asked."""
    lock = CrowdedLock(SIZE)
    ring._lock = lock  # type: ignore[assignment]
    shelf.before = lambda: lock.all_asked.wait(10)


def crowded(answer: KeySet | Exception, first: KeySet | None = None) -> tuple[Shelf, KeyRing]:
    shelf = Shelf(answer)
    ring = KeyRing(shelf.source(asked_for_unknown=True), first=first, clock=Clock())
    crowd(shelf, ring)
    return shelf, ring


def test_at_the_start_one_reads_and_all_get_its_set() -> None:
    shelf, ring = crowded(OLD)
    assert Crowd(SIZE, ring.current).start().join() == [OLD] * SIZE
    assert shelf.readings == 1


def test_a_refresh_waits_for_one_that_is_under_way() -> None:
    shelf, ring = crowded(OLD)
    assert Crowd(SIZE, ring.refresh).start().join() == [None] * SIZE
    assert shelf.readings == 1


def test_one_asks_for_an_unknown_kid_and_all_get_the_new_set() -> None:
    shelf, ring = crowded(NEW, first=OLD)
    assert Crowd(SIZE, ring.after_unknown_kid).start().join() == [NEW] * SIZE
    assert shelf.readings == 1


def test_at_the_start_all_get_the_error() -> None:
    _, ring = crowded(DOWN)
    told = Crowd(SIZE, ring.current).start().join()
    assert {(type(error), str(error)) for error in told} == {(KeysUnavailable, str(DOWN))}
    assert len({id(error) for error in told}) == SIZE  # none carries another's traceback


def test_at_the_start_those_who_wait_share_one_failure() -> None:
    """Else twenty who wait for a source that hangs wait for twenty times its time-out."""
    shelf, ring = crowded(DOWN)
    Crowd(SIZE, ring.current).start().join()
    assert shelf.readings == 1


class SlowReading:
    """A ring whose set is `age` seconds old, and a thread that reads it again until released."""

    def __init__(self, age: float, ask: Callable[[KeyRing], Callable[[], object]]) -> None:
        self.clock, self.shelf = Clock(), Shelf(OLD)
        self.ring = KeyRing(self.shelf.source(asked_for_unknown=True), clock=self.clock)
        self.ring.current()
        self.clock.at(age)
        self.begun, self.released = threading.Event(), threading.Event()
        self.shelf.answer, self.shelf.before = NEW, self._wait
        self.reader = Crowd(1, ask(self.ring)).start()
        assert self.begun.wait(10)

    def _wait(self) -> None:
        self.begun.set()
        self.released.wait(10)

    def end(self) -> list[object]:
        assert not self.released.is_set()
        self.released.set()
        return self.reader.join()


@pytest.mark.parametrize("age", [300, 3600])
@pytest.mark.parametrize("way", ["current", "after_unknown_kid", "refresh"])
def test_nobody_with_a_known_kid_waits_for_a_slow_reading(way: str, age: float) -> None:
    slow = SlowReading(age, lambda ring: getattr(ring, way))
    assert [slow.ring.current() for _ in range(3)] == [OLD] * 3
    assert slow.shelf.readings == 2
    assert slow.end() == [None if way == "refresh" else NEW]
    assert slow.ring.current() is NEW


def test_while_a_set_that_is_given_up_is_read_again_all_wait_for_it() -> None:
    """An app that was idle for an hour must not refuse its second request for being second."""
    clock, shelf = Clock(), Shelf(OLD)
    ring = KeyRing(shelf.source(), clock=clock)
    ring.current()
    clock.at(3601)
    shelf.answer = NEW
    crowd(shelf, ring)
    assert Crowd(SIZE, ring.current).start().join() == [NEW] * SIZE
    assert shelf.readings == 2


def test_whoever_looked_at_the_clock_first_and_asks_last_reads_no_second_time() -> None:
    """The clock is looked at before the lock is had: in between, somebody else may have read."""
    read, looked = threading.Event(), threading.Event()
    first = threading.current_thread()

    def clock() -> float:
        if threading.current_thread() is first or looked.is_set():
            return START + 20
        looked.set()
        read.wait(1)
        return START + 19.9

    shelf = Shelf(OLD)
    ring = KeyRing(shelf.source(asked_for_unknown=True), first=NEW, clock=clock)
    late = Crowd(1, ring.after_unknown_kid).start()
    assert looked.wait(10)
    ring.after_unknown_kid()
    read.set()
    assert late.join() == [OLD]
    assert shelf.readings == 1
