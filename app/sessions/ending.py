"""The ends of sessions. What is ended here, no token of it outlives in this app."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, bindparam, or_, select, update
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.database import Database, rows_changed, table_of
from app.sessions.models import AuthSession
from app.time_limits import allow_seconds

# A session is not over for everybody at once: the clock of another machine may be minutes behind,
# a refresh that found it alive may be about to draw its life out, and verifiers have a leeway.
_OVER_EVERYWHERE = timedelta(minutes=10)
# At a time; more than one is too many only where more were allowed before.
_MOST_ENDED_AT_ONCE = 10
CLIENT_SECONDS = 60
_OF_CALLERS = ("first_user_agent", "first_address", "last_user_agent", "last_address")


class Because(StrEnum):
    """Why a session ended."""

    LOGOUT = "logout"
    LOGOUT_EVERYWHERE = "logout_everywhere"
    ADMINISTRATOR = "administrator"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    ROLES_CHANGED = "roles_changed"
    USER_DISABLED = "user_disabled"
    USER_DELETED = "user_deleted"
    CLIENT_CHANGED = "client_changed"
    TOO_MANY = "too_many"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105


def end_session(session: Session, session_id: UUID, because: Because, now: datetime) -> bool:
    """End one session; whether it had not ended before."""
    return _end(session, AuthSession.id == session_id, because, now) == 1


def end_sessions_of_user(session: Session, user_id: UUID, because: Because, now: datetime) -> int:
    """End every living session of a user, also one whose login is under way; how many there were.

    The user's row is locked first: whoever logs in waits, and then finds another epoch.
    """
    return _end_of_users(session, [user_id], because, now)


def end_all_sessions(
    database: Database,
    now: datetime,
    *,
    batch: int = 50,
    told: Callable[[int], None] = lambda _: None,
) -> int:
    """End every living session of everybody, users and clients; how many there were.

    `batch` users in a transaction, so that traffic goes on beside it; it may be stopped and run
    again. `told` hears how many were ended so far.
    """
    ended, last = 0, UUID(int=0)
    while True:
        with database.transaction() as session:
            some = select(User.id).where(User.id > last).order_by(User.id).limit(batch)
            users = session.scalars(some.with_for_update(key_share=True)).all()
            ended += _end_of_users(session, users, Because.ADMINISTRATOR, now)
        if not users:
            break
        last = users[-1]
        told(ended)
    with database.transaction() as session:
        by_themselves = AuthSession.user_id.is_(None) & _may_live(now)
        clients = session.scalars(select(AuthSession.client_id).where(by_themselves).distinct())
        for client_id in clients.all():
            ended += end_sessions_of_client(session, client_id, Because.ADMINISTRATOR, now)
    return ended


def _end_of_users(session: Session, users: Sequence[UUID], because: Because, now: datetime) -> int:
    rows_changed(
        session,
        update(User)
        .where(User.id.in_(users))
        .values(session_epoch=User.session_epoch + 1, sessions_ended_at=now),
    )
    theirs = AuthSession.user_id.in_(users) & _may_live(now)
    return _end(session, theirs, because, now)


def end_oldest_sessions(session: Session, user_id: UUID, now: datetime, *, kept: int) -> int:
    """End the living sessions of a user but for the newest `kept`; how many there were.

    A few at a time: it is part of a login. Whoever calls this has locked the user's row.
    """
    named = {"of_user": user_id, "now": now, "kept": kept}
    return cast("CursorResult[Any]", session.execute(_END_OLDEST, named)).rowcount


_SESSIONS = table_of(AuthSession)
_BEYOND = (
    select(_SESSIONS.c.id)
    .where(
        _SESSIONS.c.user_id == bindparam("of_user"),
        _SESSIONS.c.ended_at.is_(None),
        _SESSIONS.c.expires_at > bindparam("now"),
    )
    .order_by(_SESSIONS.c.created_at.desc(), _SESSIONS.c.id.desc())
    .offset(bindparam("kept"))
    .limit(_MOST_ENDED_AT_ONCE)
)
_END_OLDEST = (
    update(_SESSIONS)
    .where(_SESSIONS.c.id.in_(_BEYOND), _SESSIONS.c.ended_at.is_(None))
    .values(
        ended_at=bindparam("now"),
        ended_because=Because.TOO_MANY.value,
        expires_at=bindparam("now"),
    )
)


def end_sessions_of_client(
    session: Session, client_id: str, because: Because, now: datetime
) -> int:
    """End every living session that a confidential client has by itself; how many there were.

    It may have any number of them: a new one with each token.
    """
    allow_seconds(session, CLIENT_SECONDS)
    own = (AuthSession.client_id == client_id) & AuthSession.user_id.is_(None)
    return _end(session, own & _may_live(now), because, now)


def forget_callers(session: Session, user_id: UUID) -> None:
    """Take out of a user's sessions what tells of him; the rows must stay until they are pruned."""
    known = or_(*(getattr(AuthSession, name).is_not(None) for name in _OF_CALLERS))
    rows_changed(
        session,
        update(AuthSession)
        .where(AuthSession.user_id == user_id, known)
        .values(dict.fromkeys(_OF_CALLERS)),
    )


def _may_live(now: datetime) -> ColumnElement[bool]:
    """That a session may be alive for somebody. Of those that may not, there can be very many."""
    return AuthSession.expires_at > now - _OVER_EVERYWHERE


def _end(session: Session, which: ColumnElement[bool], because: Because, now: datetime) -> int:
    return rows_changed(
        session,
        update(AuthSession)
        .where(which, AuthSession.ended_at.is_(None))
        .values(ended_at=now, ended_because=because.value, expires_at=now),
    )
