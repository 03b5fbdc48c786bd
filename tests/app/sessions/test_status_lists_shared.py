"""Many ask for a list at once: they share what is read of it, and none hears what is too old."""

from collections.abc import Callable, Iterator
from itertools import count
from threading import Event, Semaphore
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, event
from sqlalchemy.exc import OperationalError

from app.errors import NotFound, Unavailable
from app.parts import find
from app.sessions import status_lists
from app.sessions.models import StatusList
from app.sessions.schemas import TokenResponse
from app.sessions.status_lists import Published, PublishedLists
from app.tokens.issue import Issuer
from tests.app.sessions.house import House
from tests.app.sessions.lists import end, get, payload_of, status_of
from tests.app.tokens.ringing import Crowd
from tests.support import ISSUER

MANY = 30


class Numbers:
    """The order of all that comes, which tells of each."""

    def __init__(self) -> None:
        self.given = Semaphore(0)
        self._order = count()

    def __next__(self) -> int:
        number = next(self._order)
        self.given.release()
        return number


class Readings:
    """Counts how often the ended places are read, and holds the first time once it has them."""

    def __init__(self, lists: PublishedLists) -> None:
        self.lists = lists
        self.count = 0
        self.second: Callable[[], object] = lambda: None
        self._held, self._go_on = Event(), Event()
        self._numbers = Numbers()
        lists._order = self._numbers  # type: ignore[assignment]

    def note(self, _: object, __: object, statement: str, *___: object) -> None:
        if "ended_at IS NOT NULL" not in statement:
            return
        self.count += 1
        if self.count == 1:
            self._held.set()
            assert self._go_on.wait(10)
        if self.count == 2:
            self.second()

    def begun(self, list_id: UUID) -> Crowd:
        """One who has read it and does not know yet."""
        crowd = Crowd(1, lambda: self.lists.read(list_id)).start()
        assert self._held.wait(10)
        self._wait_for(2)  # it has come, and has begun to read
        return crowd

    def waiting(self, list_id: UUID, size: int) -> Crowd:
        """So many who came after that."""
        crowd = Crowd(size, lambda: self.lists.read(list_id)).start()
        self._wait_for(size)
        return crowd

    def go_on(self) -> None:
        self._go_on.set()

    def _wait_for(self, numbers: int) -> None:
        for _ in range(numbers):
            assert self._numbers.given.acquire(timeout=10)


@pytest.fixture
def tokens(house: House) -> TokenResponse:
    return house.begin()


@pytest.fixture
def list_id(house: House, tokens: TokenResponse) -> UUID:
    return UUID(status_of(house.claims(tokens)).uri.rpartition("/")[2])


@pytest.fixture
def readings(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Readings]:
    monkeypatch.setattr(status_lists, "WAIT_SECONDS", 20)
    readings = Readings(find(house.app, PublishedLists))
    event.listen(house.database.engine, "after_cursor_execute", readings.note)
    yield readings
    readings.go_on()
    event.remove(house.database.engine, "after_cursor_execute", readings.note)


def lst_of(outcome: object) -> str:
    assert isinstance(outcome, Published), outcome
    lst: str = payload_of(outcome.token or "")["status_list"]["lst"]
    return lst


def test_many_at_once_share_a_reading_and_each_sees_what_had_ended_when_it_came(
    house: House, tokens: TokenResponse, list_id: UUID, readings: Readings
) -> None:
    early = readings.begun(list_id)
    end(house, tokens)
    late = readings.waiting(list_id, MANY)
    readings.go_on()
    (before,) = map(lst_of, early.join())
    (after,) = set(map(lst_of, late.join()))
    assert before != after
    assert readings.count == 2
    assert len(late.outcomes) == MANY


def test_who_comes_once_all_are_served_has_it_read_again(
    house: House, tokens: TokenResponse, list_id: UUID, readings: Readings
) -> None:
    readings.go_on()
    before = lst_of(readings.lists.read(list_id))
    end(house, tokens)
    assert lst_of(readings.lists.read(list_id)) != before
    assert readings.count == 2


def test_a_reading_that_fails_does_so_for_all_who_share_it_and_the_next_one_is_good(
    house: House, tokens: TokenResponse, list_id: UUID, readings: Readings
) -> None:
    def fail() -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    readings.second = fail
    early = readings.begun(list_id)
    end(house, tokens)
    late = readings.waiting(list_id, 5)
    readings.go_on()
    (before,) = map(lst_of, early.join())
    kinds = sorted(type(outcome).__name__ for outcome in late.join())
    assert kinds == ["OperationalError", *["Unavailable"] * 4]
    assert readings.count == 2
    assert lst_of(readings.lists.read(list_id)) != before


def test_nobody_waits_for_long(
    house: House, list_id: UUID, readings: Readings, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = readings.begun(list_id)
    assert readings.count == 1
    monkeypatch.setattr(status_lists, "WAIT_SECONDS", 0.05)
    answer = get(house.app, f"{ISSUER}/status-lists/{list_id}")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"
    readings.go_on()
    assert lst_of(early.join()[0]) == lst_of(readings.lists.read(list_id))


def test_nobody_waits_for_long_until_it_is_signed_either(
    house: House, list_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists, sign = find(house.app, PublishedLists), Issuer.sign_status_list
    signing, go_on = Event(), Event()

    def slowly(self: Issuer, **what: Any) -> str:
        signing.set()
        assert go_on.wait(10)
        return sign(self, **what)

    monkeypatch.setattr(Issuer, "sign_status_list", slowly)
    monkeypatch.setattr(status_lists, "WAIT_SECONDS", 0.05)
    early = Crowd(1, lambda: lists.read(list_id)).start()
    assert signing.wait(10)
    with pytest.raises(Unavailable):
        lists.read(list_id)
    go_on.set()
    assert lst_of(early.join()[0]) == lst_of(lists.read(list_id))


def test_another_list_waits_for_nobody(house: House, list_id: UUID, readings: Readings) -> None:
    now = house.session_of(house.begin().refresh_token or "").created_at
    with house.database.transaction() as session:
        other = StatusList(id=uuid4(), key=b"", size=9, created_at=now, last_taken_at=now)
        session.add(other)
    early = readings.begun(list_id)
    lst_of(readings.lists.read(other.id))
    readings.go_on()
    early.join()


def test_what_a_stranger_makes_up_displaces_no_list(house: House, list_id: UUID) -> None:
    lists = find(house.app, PublishedLists)
    lists.read(list_id)
    for _ in range(status_lists.KEPT_LISTS + 1):
        with pytest.raises(NotFound):
            lists.read(uuid4())
    assert list(lists._memories) == [list_id]


def test_a_list_that_went_is_not_found_though_it_was_remembered(house: House) -> None:
    lists = find(house.app, PublishedLists)
    now = house.session_of(house.begin().refresh_token or "").created_at
    with house.database.transaction() as session:
        gone = StatusList(id=uuid4(), key=b"", size=9, created_at=now, last_taken_at=now)
        session.add(gone)
    lists.read(gone.id)
    with house.database.transaction() as session:
        session.execute(delete(StatusList).where(StatusList.id == gone.id))
    for _ in range(2):
        with pytest.raises(NotFound):
            lists.read(gone.id)
