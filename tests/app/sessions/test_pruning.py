"""Pruning: what is over goes, what somebody may still ask for stays, and no stop does harm."""

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from annotated_types import Le
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from app.clock import Clock
from app.sessions.models import AuthSession, RefreshToken, StatusList
from app.sessions.pruning import GRACE, MAX_TOKEN_SECONDS, Pruned, prune
from app.settings import Settings
from tests.app.sessions.house import DAY, House, successor
from tests.app.sessions.lists import bits_of, end, fill, get, is_ended, plans, status_of
from tests.app.sessions.points import Points, StopAt, Stopped

GRACE_SECONDS = GRACE.total_seconds()


def now_of(house: House) -> datetime:
    return Clock(house.clock).now()


def pruned(house: House, batch: int = 500) -> Pruned:
    return prune(house.database, now_of(house), batch)


def counts(house: House) -> tuple[int, int, int]:
    """Sessions, refresh tokens and lists in the database."""
    with house.database.transaction() as session:
        sessions, tokens, lists = (
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (AuthSession, RefreshToken, StatusList)
        )
    return sessions, tokens, lists


def over(house: House, sessions: int, tokens: int) -> None:
    """So many sessions that expired long ago, each with so many spent tokens."""
    list_id, long_ago = fill(house, 1), now_of(house) - timedelta(days=3)
    with house.database.transaction() as session:
        ids = [uuid4() for _ in range(sessions)]
        session.add_all(
            AuthSession(
                id=session_id, client_id="ostiary", scope="", status_list_id=list_id,
                status_index=number + 1, created_at=long_ago, last_used_at=long_ago,
                expires_at=long_ago,
            )
            for number, session_id in enumerate(ids)
        )  # fmt: skip
        session.flush()
        session.add_all(
            RefreshToken(hash=os.urandom(32), session_id=session_id, created_at=long_ago,
                         used_at=long_ago, salt=b"s")
            for session_id in ids
            for _ in range(tokens)
        )  # fmt: skip


def test_the_grace_is_longer_than_any_access_token_lives() -> None:
    (most,) = (
        limit.le
        for limit in Settings.model_fields["access_token_seconds"].metadata
        if isinstance(limit, Le)
    )
    assert most == MAX_TOKEN_SECONDS
    assert timedelta(seconds=MAX_TOKEN_SECONDS + 5 + 300) < GRACE < timedelta(hours=2)


def test_an_ended_session_keeps_its_bit_until_nobody_has_a_token_of_it(house: House) -> None:
    tokens = house.begin()
    status = status_of(house.claims(tokens))
    end(house, tokens)
    house.clock.move(500)
    assert is_ended(house, tokens)
    house.clock.move(GRACE_SECONDS - 500)
    assert pruned(house) == Pruned()
    assert any(bits_of(get(house.app, status.uri)))
    house.clock.move(1)
    assert pruned(house) == Pruned(refresh_tokens=1, sessions=1)
    assert not any(bits_of(get(house.app, status.uri)))


def test_a_session_that_goes_on_stays_with_all_its_tokens(house: House) -> None:
    token = house.token()
    for _ in range(5):
        house.clock.move(6 * DAY)
        before = house.rows()["refresh_tokens"]
        found = pruned(house)
        assert (found.sessions, found.refresh_tokens) == (0, 0)
        assert len(house.rows()["refresh_tokens"]) == len(before)
        if house.clock.now < 1_800_000_000 + 29 * DAY:
            token = successor(house.refresh(token))


def test_a_session_that_expired_unused_goes_after_the_grace(house: House) -> None:
    house.begin()
    house.clock.move(7 * DAY + GRACE_SECONDS)
    assert pruned(house).sessions == 0
    house.clock.move(1)
    assert pruned(house) == Pruned(refresh_tokens=1, sessions=1)


def test_a_salt_goes_once_its_window_is_long_over_and_its_token_stays(house: House) -> None:
    token = house.token()
    house.refresh(token)
    house.clock.move(40)
    assert pruned(house).salts == 0
    assert house.row_of(token).salt is not None
    house.clock.move(1)
    assert pruned(house) == Pruned(salts=1)
    assert house.row_of(token).salt is None
    assert house.row_of(token).used_at is not None


def test_thousands_of_tokens_go_in_batches_before_their_session(house: House) -> None:
    over(house, sessions=7, tokens=13)
    seen: list[Pruned] = []
    told = prune(
        house.database, now_of(house), 10, told=lambda so_far: seen.append(Pruned(**vars(so_far)))
    )
    assert told == Pruned(salts=91, refresh_tokens=91, sessions=7, status_lists=0)
    steps = [(one.salts + one.refresh_tokens, one.sessions) for one in (Pruned(), *seen)]
    for before, after in pairwise(steps):
        assert 0 < after[0] - before[0] + after[1] - before[1] <= 20
    assert counts(house) == (1, 0, 1)


def test_a_full_list_is_dropped_with_its_last_session_after_the_grace(house: House) -> None:
    list_id, now = fill(house, 3), now_of(house)  # three places, all taken
    open_id = UUID(status_of(house.claims(house.begin())).uri[-36:])
    assert open_id != list_id
    with house.database.transaction() as session:
        session.execute(
            update(AuthSession)
            .where(AuthSession.status_index == 2, AuthSession.status_list_id == list_id)
            .values(expires_at=now + timedelta(seconds=9))
        )
    house.clock.move(GRACE_SECONDS + 5)
    assert (pruned(house).sessions, counts(house)[2]) == (2, 2)
    house.clock.move(5)
    found = pruned(house)
    assert (found.sessions, found.status_lists) == (1, 1)
    with house.database.transaction() as session:
        assert session.scalars(select(StatusList.id)).all() == [open_id]


def test_a_list_that_has_places_left_stays_though_it_is_empty(house: House) -> None:
    end(house, house.begin())
    house.clock.move(40 * DAY)
    assert pruned(house).status_lists == 0
    assert counts(house) == (0, 0, 1)


def test_a_full_list_whose_last_login_is_under_way_stays(house: House) -> None:
    list_id = fill(house, 1)
    with house.database.transaction() as session:
        session.execute(update(StatusList).values(last_taken_at=now_of(house) + GRACE))
    house.clock.move(GRACE_SECONDS + 1)
    found = pruned(house)
    assert (found.sessions, found.status_lists) == (1, 0)
    assert bits_of(get(house.app, f"http://127.0.0.1:8000/status-lists/{list_id}")) == b"\0"


def test_no_session_can_be_of_a_list_that_was_dropped(house: House) -> None:
    now = now_of(house)
    lost = AuthSession(
        client_id="ostiary", scope="", status_list_id=uuid4(), status_index=0, created_at=now,
        last_used_at=now, expires_at=now,
    )  # fmt: skip
    with pytest.raises(IntegrityError), house.database.transaction() as session:
        session.add(lost)


def test_stopped_anywhere_it_goes_on_where_it_was(house: House) -> None:
    """An injected fault at each statement and each commit in turn, until one run comes through."""
    over(house, sessions=6, tokens=3)
    kept = house.token()
    number, whole = 0, False
    while not whole:
        number += 3
        stop = StopAt(number)
        try:
            with Points(stop).of(house.database.engine):
                pruned(house, batch=4)
            whole = True
        except Stopped:
            assert house.session_of(kept)
    assert number > 6
    assert counts(house)[:2] == (2, 1)  # the one that is kept, and the one that `fill` made
    assert pruned(house) == Pruned()


_CHILD = """
import os, signal, sys, time
from app.database import Database
from app.clock import Clock
from app.sessions.pruning import prune
def told(pruned):
    if pruned.sessions >= 8:
        print("well on", flush=True)
        signal.pause()
prune(Database(sys.argv[1]), Clock(lambda: float(sys.argv[2])).now(), 4, told)
"""


def test_killed_in_the_middle_it_is_run_again(house: House) -> None:
    over(house, sessions=40, tokens=1)
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, house.url, str(house.clock.now)], stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"well on\n"
        child.send_signal(signal.SIGKILL)
    left = counts(house)[0] - 1
    assert 0 < left <= 32
    assert pruned(house, batch=4).sessions == left
    assert counts(house)[:2] == (1, 0)


def spend(house: House, count: int) -> None:
    """So many spent tokens of a session, their salts wiped."""
    now, session_id = now_of(house), house.session_of(house.token()).id
    with house.database.transaction() as session:
        session.add_all(
            RefreshToken(hash=os.urandom(32), session_id=session_id, created_at=now, used_at=now)
            for _ in range(count)
        )
    with house.database.transaction() as session:
        session.execute(text("ANALYZE"))


def test_everything_is_found_by_an_index(house: House) -> None:
    fill(house, 3000)
    spend(house, 3000)
    house.clock.move(GRACE_SECONDS - 10)  # nothing is over, so everything would be looked at
    with plans(house.database.engine) as found:
        pruned(house)
    salts, sessions, lists, counters, events = found
    if house.database.engine.dialect.name == "sqlite":  # the other reads what is empty as it likes
        assert "ix_attempt_counters_expires_at" in counters
        assert "ix_audit_events_created_at_id" in events
    assert "ix_refresh_tokens_salted" in salts
    assert "ix_sessions_expires_at" in sessions
    assert "sessions_status_list_id_status_index" in lists or "sqlite_autoindex_sessions" in lists
    assert "SCAN sessions" not in lists
    assert "Seq Scan on sessions" not in lists
