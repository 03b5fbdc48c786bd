"""Ending against rotating and logging in: what was ended stays ended, whoever came first."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.database import POOL_SIZE, Database
from app.errors import InvalidCredentials
from app.parts import find
from app.sessions.ending import Because, end_session, end_sessions_of_user
from app.sessions.models import AuthSession
from app.sessions.oauth_errors import InvalidGrant
from tests.app.sessions.house import House, is_refused, successor
from tests.app.sessions.points import Points
from tests.support import on_postgresql

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
A_MOMENT = 0.05  # until whoever ends either has done it or waits for the rotation
End = Callable[[Session, UUID], object]


def log_out_everywhere(session: Session, user_id: UUID) -> None:
    end_sessions_of_user(session, user_id, Because.LOGOUT_EVERYWHERE, NOW)


def disable(session: Session, user_id: UUID) -> None:
    session.execute(update(User).where(User.id == user_id).values(disabled_at=NOW))
    end_sessions_of_user(session, user_id, Because.USER_DISABLED, NOW)


def remove(session: Session, user_id: UUID) -> None:
    end_sessions_of_user(session, user_id, Because.USER_DELETED, NOW)
    session.execute(delete(User).where(User.id == user_id))


def log_out_here(session: Session, user_id: UUID) -> None:
    of_user = select(AuthSession.id).where(AuthSession.user_id == user_id)
    for session_id in session.scalars(of_user).all():
        end_session(session, session_id, Because.LOGOUT, NOW)


class Meanwhile:
    """At the step of this number `work` is begun in a thread, and goes as far as it is let."""

    def __init__(self, pool: ThreadPoolExecutor, number: int, work: Callable[[], None]) -> None:
        self._pool, self._number, self._work = pool, number, work
        self._running: Future[None] | None = None
        self._passed = 0

    def __call__(self, _: str) -> None:
        self._passed += 1
        if self._passed == self._number:
            self._running = self._pool.submit(self._work)
            with suppress(TimeoutError):
                self._running.result(A_MOMENT)

    def is_over(self) -> bool:
        """Whether there was such a step. What the work met is raised here."""
        if self._running is not None:
            self._running.result(10)
        return self._running is not None


ENDS = [log_out_everywhere, disable, remove, log_out_here]


@contextmanager
def ended_at_step(house: House, number: int, end: End, user_id: UUID) -> Iterator[Meanwhile]:
    """The sessions of a user end at that step of what the block does, in another process."""
    database = find(house.open(), Database)

    def work() -> None:
        with database.transaction() as session:
            end(session, user_id)

    with ThreadPoolExecutor(1) as pool:
        meanwhile = Meanwhile(pool, number, work)
        with Points(meanwhile).of(house.database.engine):
            yield meanwhile
    database.close()


@pytest.mark.parametrize("end", ENDS)
def test_no_token_outlives_an_end_at_any_step_of_a_rotation(house: House, end: End) -> None:
    for number in count(1):
        user_id = house.user()
        tokens = [house.token(user_id)]
        family = house.session_of(tokens[0]).id
        with ended_at_step(house, number, end, user_id) as meanwhile, suppress(InvalidGrant):
            tokens.append(successor(house.refresh(tokens[0])))
        if not meanwhile.is_over():
            break
        for token in tokens:
            assert is_refused(house.post(token)), number
        ended = session_by(house, family)
        assert ended.expires_at == NOW, f"at step {number} its life was drawn out"
        assert ended.ended_because != "refresh_token_reused"
    assert number > 16
    assert house.refresh(tokens[-1]).refresh_token, "nobody ended this one"


@pytest.mark.parametrize("end", ENDS[:3])
def test_no_session_outlives_an_end_at_any_step_of_its_beginning(house: House, end: End) -> None:
    """Its password was right before; by the end of the login it may be another."""
    begun = 0
    for number in count(1):
        user_id = house.user()
        tokens = None
        with ended_at_step(house, number, end, user_id) as meanwhile, suppress(InvalidCredentials):
            tokens = house.begin(user_id, epoch=0)
        if not meanwhile.is_over():
            break
        begun += tokens is not None
        assert tokens is None or is_refused(house.post(successor(tokens))), number
        assert live_sessions(house) == 0, number
    assert number > 10
    assert begun > 0, "an end that comes late finds the session"


@on_postgresql
@pytest.mark.parametrize("end", ENDS)
def test_rotations_and_an_end_at_once_leave_nothing_alive(house: House, end: End) -> None:
    together = Barrier(POOL_SIZE)
    ender = find(house.open(), Database)

    def use(token: str) -> str | None:
        together.wait(10)
        with suppress(InvalidGrant):
            return successor(house.refresh(token))
        return None

    def end_all(user_id: UUID) -> None:
        together.wait(10)
        with ender.transaction() as session:
            end(session, user_id)

    with ThreadPoolExecutor(POOL_SIZE) as pool:
        for _ in range(10):
            user_id = house.user()
            token = house.token(user_id)
            ending = pool.submit(end_all, user_id)
            given = set(pool.map(use, [token] * (POOL_SIZE - 1)))
            ending.result(10)
            assert len(given - {None}) <= 1
            assert all(is_refused(house.post(each)) for each in {token, *given} if each)
            assert live_sessions(house) == 0


@pytest.mark.parametrize("end", [disable, remove])
def test_a_login_of_somebody_who_went_meanwhile_is_an_answer_and_no_fault(
    house: House, end: End
) -> None:
    user_id = house.user()
    with house.database.transaction() as session:
        end(session, user_id)
    with pytest.raises(InvalidCredentials):
        house.begin(user_id, epoch=0)
    assert house.rows()["sessions"] == house.rows()["refresh_tokens"] == []


def test_a_login_with_the_epoch_of_before_an_end_begins_nothing(house: House) -> None:
    user_id = house.user()
    with house.database.transaction() as session:
        log_out_everywhere(session, user_id)
    with pytest.raises(InvalidCredentials):
        house.begin(user_id, epoch=0)
    assert house.begin(user_id, epoch=1).refresh_token


def session_by(house: House, session_id: UUID) -> AuthSession:
    with house.database.transaction() as session:
        return session.get_one(AuthSession, session_id)


def live_sessions(house: House) -> int:
    with house.database.transaction() as session:
        alive = select(func.count()).where(AuthSession.ended_at.is_(None))
        return session.scalar(alive) or 0
