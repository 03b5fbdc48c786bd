"""Attempts are reserved before anything is compared: many at once are no more than in a row."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from random import Random
from threading import Barrier, local
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.attempts import counters
from app.attempts.keys import Keys, Kind
from app.attempts.ranges import range_of
from tests.app.attempts.siege import (
    A_RANGE,
    ELSEWHERE,
    EVERYWHERE,
    HOME,
    IN,
    OWNER,
    WRONG,
    Siege,
    Verdicts,
    ranges,
    wait,
)
from tests.support import PASSWORD, on_postgresql

WORKERS, TRIES = 8, 100


@pytest.fixture
def seen_by_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each worker's first look at the counters is over before any of them counts."""
    read, all_looked, mine = counters.read, Barrier(WORKERS, timeout=30), local()

    def together(session: Session, keys: Iterable[bytes], now: int) -> Any:
        found = read(session, keys, now)
        if not hasattr(mine, "looked"):
            mine.looked = True
            all_looked.wait()
        return found

    monkeypatch.setattr(counters, "read", together)


def all_at_once(siege: Siege, tries: int, act: Callable[[int, Any], Verdicts]) -> Counter[Verdicts]:
    """How so many tries end, half of them in another process on the same database."""
    apps: Iterator[Any] = cycle((siege.app, siege.open()))
    with ThreadPoolExecutor(WORKERS) as pool:
        return Counter(pool.map(act, range(tries), [next(apps) for _ in range(tries)]))


@pytest.mark.usefixtures("seen_by_all")
def test_of_a_hundred_wrong_passwords_at_once_five_are_compared(siege: Siege) -> None:
    found = all_at_once(siege, TRIES, lambda _, app: siege.guess(app=app))
    assert found == {WRONG: 5, wait(1): TRIES - 5}
    assert siege.evaluations == 5


def test_of_a_hundred_at_the_threshold_one_is_compared(siege: Siege, request: Any) -> None:
    siege.delay(6)
    siege.clock.move(2)
    request.getfixturevalue("seen_by_all")
    found = all_at_once(siege, TRIES, lambda _, app: siege.guess(app=app))
    assert found == {WRONG: 1, wait(4): TRIES - 1}
    assert siege.evaluations == 7


@pytest.mark.usefixtures("tight", "seen_by_all")
def test_of_many_accounts_at_once_from_one_range_no_more_are_compared_than_it_may_try(
    siege: Siege,
) -> None:
    found = all_at_once(siege, 24, lambda n, app: siege.guess(f"{n}@example.com", app=app))
    assert found == {WRONG: A_RANGE, wait(72): 24 - A_RANGE}
    assert siege.evaluations == A_RANGE


@pytest.mark.usefixtures("tight", "seen_by_all")
def test_who_is_too_late_for_a_limit_has_used_nothing_up(siege: Siege) -> None:
    """Of all that had to be reserved for those who were refused, nothing is left."""
    addresses = [next(each) for each in [ranges()] for _ in range(24)]
    names = [f"{number}@example.com" for number in range(24)]

    def act(number: int, app: Any) -> Verdicts:
        return siege.guess(names[number], address=addresses[number], app=app)

    assert all_at_once(siege, 24, act) == {WRONG: EVERYWHERE, wait(36): 24 - EVERYWHERE}
    keys = [
        Keys.of(Kind.PASSWORD, name, range_of(address))
        for name, address in zip(names, addresses, strict=True)
    ]
    stored = [row[0] for row in siege.counters()]
    counted = [key for key in keys if key.account in stored]
    assert len(counted) == EVERYWHERE
    expected = {each for key in counted for each in (key.account, key.pair, key.range)}
    assert set(stored) == expected | {keys[0].everywhere}


@on_postgresql
def test_failures_and_successes_at_once_deadlock_nowhere_and_are_counted(siege: Siege) -> None:
    names = [OWNER, "other@example.com", "nobody@example.com"]
    siege.account(names[1])
    addresses = [HOME, ELSEWHERE, "203.0.113.1", None]
    assert siege.log_in(HOME) == IN
    chosen = Random(7)  # noqa: S311
    acts = [
        (chosen.choice(names), chosen.choice(addresses), chosen.random() < 0.5) for _ in range(200)
    ]

    def act(number: int, app: Any) -> Verdicts:
        name, address, knows = acts[number]
        password = {"password": PASSWORD} if knows else {}
        return siege.guess(name, address=address, app=app, **password)

    found = all_at_once(siege, len(acts), act)
    assert {status for status, _ in found} <= {200, 401, 429}
    assert found[IN] > 20
    assert found[WRONG] == siege.evaluations - found[IN] - 1
