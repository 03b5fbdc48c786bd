"""Places in status lists: each is given once, in an order that tells nothing, and lists fill."""

import math
import statistics
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from threading import Barrier

import pytest
from sqlalchemy import select

from app.database import POOL_SIZE, Database
from app.parts import find
from app.sessions import places
from app.sessions.models import AuthSession, StatusList
from app.sessions.places import Place, shuffled, take_place
from tests.app.sessions.house import House
from tests.app.sessions.points import Points
from tests.support import on_postgresql

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
KEY = bytes(32)


def key(seed: int) -> bytes:
    return sha256(seed.to_bytes(4)).digest()


@pytest.mark.parametrize(
    "sizes",
    [range(1, 130), [255, 256, 257, 1000, 1023, 1024, 1025, 4095, 4097]],
    ids=["small", "about powers"],
)
def test_every_place_is_given_once(sizes: list[int]) -> None:
    for size in sizes:
        for seed in (0, 1, size):
            given = {shuffled(position, size, key(seed)) for position in range(size)}
            assert given == set(range(size))


def test_places_of_a_whole_list_are_in_it_and_differ() -> None:
    size = places.LIST_SIZE
    positions = [*range(0, size, 199), size - 1]
    given = [shuffled(position, size, KEY) for position in positions]
    assert len(set(given)) == len(positions)
    assert 0 <= min(given) <= max(given) < size


def test_another_key_gives_another_order() -> None:
    orders = {
        tuple(shuffled(position, 1000, key(seed)) for position in range(20)) for seed in range(100)
    }
    assert len(orders) == 100


def test_neighbours_come_to_stand_far_apart() -> None:
    """Of a random order: its mean step is a third of the list, and few steps are small."""
    size, taken = places.LIST_SIZE, 4000
    given = [shuffled(position, size, KEY) for position in range(taken)]
    steps = [abs(one - other) for one, other in pairwise(given)]
    assert statistics.mean(steps) == pytest.approx(size / 3, rel=0.05)
    assert sum(step < size / 100 for step in steps) / taken == pytest.approx(0.02, abs=0.01)
    rising = sum(one < other for one, other in pairwise(given))
    assert rising / taken == pytest.approx(0.5, abs=0.03)


def test_a_first_place_is_anywhere() -> None:
    firsts = Counter(shuffled(0, 10, key(seed)) for seed in range(4000))
    assert set(firsts) == set(range(10))
    assert all(abs(times - 400) < 6 * math.sqrt(400) for times in firsts.values())


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """The size of every list that is begun."""
    monkeypatch.setattr(places, "LIST_SIZE", 7)
    return 7


def take(database: Database) -> Place:
    with database.transaction() as session:
        return take_place(session, NOW)


def lists_of(house: House) -> list[StatusList]:
    with house.database.transaction() as session:
        return list(session.scalars(select(StatusList)).all())


def test_a_list_fills_and_a_new_one_is_begun(house: House, small: int) -> None:
    taken = [take(house.database) for _ in range(2 * small + 1)]
    of_each = Counter(place.list_id for place in taken)
    assert list(of_each.values()) == [small, small, 1]
    for list_id in list(of_each)[:2]:
        assert {place.idx for place in taken if place.list_id == list_id} == set(range(small))
    lists = lists_of(house)
    assert len({each.key for each in lists}) == 3
    assert sorted(each.taken for each in lists) == [1, small, small]


def test_places_are_taken_in_the_order_of_the_lists_key(house: House, small: int) -> None:
    taken = [take(house.database).idx for _ in range(small)]
    assert taken == [shuffled(each, small, lists_of(house)[0].key) for each in range(small)]


def test_a_list_keeps_the_size_that_it_was_begun_with(
    house: House, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = take(house.database)
    monkeypatch.setattr(places, "LIST_SIZE", 3)
    rest = [take(house.database) for _ in range(small - 1)]
    assert {place.list_id for place in rest} == {first.list_id}
    assert {place.idx for place in [first, *rest]} == set(range(small))


def test_a_transaction_that_fails_gives_its_place_back(house: House, small: int) -> None:
    take(house.database)
    with suppress(ZeroDivisionError), house.database.transaction() as session:
        take_place(session, NOW)
        raise ZeroDivisionError
    assert [each.taken for each in lists_of(house)] == [1]


def test_no_two_ever_share_a_place(house: House, small: int) -> None:
    together, tries = Barrier(POOL_SIZE), 20
    database = house.database  # before the threads: the app is made when it is first asked for

    def take_some(_: int) -> list[Place]:
        together.wait(10)
        return [take(database) for _ in range(tries)]

    with ThreadPoolExecutor(POOL_SIZE) as pool:
        taken = [place for some in pool.map(take_some, range(POOL_SIZE)) for place in some]
    assert len(set(taken)) == len(taken) == POOL_SIZE * tries
    assert all(place.idx < small for place in taken)
    assert sum(each.taken for each in lists_of(house)) == len(taken)


@on_postgresql  # SQLite lets one of both wait
def test_two_processes_that_both_see_no_place_and_begin_a_list_get_two_places(
    house: House, small: int
) -> None:
    for _ in range(small):
        take(house.database)
    another = find(house.open(), Database)
    seen: list[Place] = []

    def be_faster(name: str) -> None:
        if name.startswith("after SELECT") and not seen:
            seen.append(take(another))

    with Points(be_faster).of(house.database.engine):
        late = take(house.database)
    assert late != seen[0]
    # Both lists are of one moment: which of them comes first, their ids say.
    taken = sorted(each.taken for each in lists_of(house))
    assert taken in ([0, 2, small], [1, 1, small])


def test_sessions_that_begin_at_once_have_places_of_their_own(house: House, small: int) -> None:
    user_id, together = house.user(), Barrier(POOL_SIZE)

    def begin_some(_: int) -> None:
        together.wait(10)
        for _ in range(6):
            house.begin(user_id, epoch=0)

    with ThreadPoolExecutor(POOL_SIZE) as pool:
        list(pool.map(begin_some, range(POOL_SIZE)))
    with house.database.transaction() as session:
        places_of = select(AuthSession.status_list_id, AuthSession.status_index)
        found = session.execute(places_of).all()
    assert len(set(found)) == len(found) == 6 * POOL_SIZE
