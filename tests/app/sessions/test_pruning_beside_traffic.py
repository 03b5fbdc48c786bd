"""Pruning while sessions are used, which takes PostgreSQL: it alone lets many write at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

from sqlalchemy import select, update

from app.clock import Clock
from app.sessions.models import AuthSession, RefreshToken
from app.sessions.pruning import Pruned, prune
from tests.app.sessions.house import DAY, House, successor
from tests.app.sessions.test_pruning import counts, over
from tests.support import on_postgresql

pytestmark = on_postgresql

USERS = 4
ROTATIONS = 12


def test_what_somebody_holds_is_left_for_the_next_time(house: House) -> None:
    over(house, sessions=5, tokens=1)
    now = Clock(house.clock).now()
    with house.database.transaction() as session:
        one = select(AuthSession.id).where(AuthSession.expires_at < now).limit(1)
        held = session.scalars(one.with_for_update()).one()
        assert prune(house.database, now).sessions == 4
        assert session.get(AuthSession, held)
    assert prune(house.database, now).sessions == 1


def test_two_at_once_remove_each_row_once(house: House) -> None:
    over(house, sessions=60, tokens=5)
    now = Clock(house.clock).now()
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: prune(house.database, now, 7), range(2)))
    assert sum(one.sessions for one in both) == 60
    assert sum(one.refresh_tokens for one in both) == 300
    assert counts(house)[:2] == (1, 0)


def test_refreshing_goes_on_beside_it(house: House) -> None:
    done = Event()
    over(house, sessions=300, tokens=4)
    tokens = [house.token() for _ in range(USERS)]
    now = Clock(house.clock).now()

    def rotate(token: str) -> str:
        for _ in range(ROTATIONS):
            token = successor(house.refresh(token))
        return token

    def keep_pruning() -> Pruned:
        found = prune(house.database, now, 5)
        while not done.is_set():
            prune(house.database, now, 5)
        return found

    with ThreadPoolExecutor(USERS + 1) as pool:
        pruning = pool.submit(keep_pruning)
        try:
            last = list(pool.map(rotate, tokens))
        finally:
            done.set()
    assert pruning.result().sessions == 300
    assert counts(house)[:2] == (USERS + 1, USERS * (ROTATIONS + 1))
    assert all(house.refresh(token) for token in last)


def test_a_session_that_was_used_meanwhile_is_looked_at_once_more(house: House) -> None:
    """Its expiry was moved between the two looks, as a clock far behind might let it."""
    token = house.token()
    auth = house.session_of(token)
    house.clock.move(8 * DAY)
    now = Clock(house.clock).now()
    with house.database.transaction() as session:
        later = {"expires_at": now + timedelta(days=1)}
        session.execute(update(AuthSession).where(AuthSession.id == auth.id).values(later))
        assert prune(house.database, now).sessions == 0  # held
    assert prune(house.database, now) == Pruned()
    with house.database.transaction() as session:
        assert session.scalars(select(RefreshToken.session_id)).all() == [auth.id]
