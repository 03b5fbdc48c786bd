"""The ends of sessions. What is ended here, no token of it outlives in this app."""

from datetime import datetime
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, update
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.sessions.models import AuthSession


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
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105


def end_session(session: Session, session_id: UUID, because: Because, now: datetime) -> bool:
    """End one session; whether it had not ended before."""
    return _end(session, AuthSession.id == session_id, because, now) == 1


def end_sessions_of_user(session: Session, user_id: UUID, because: Because, now: datetime) -> int:
    """End every session of a user, also one whose login is under way; how many there were.

    The user's row is locked first: whoever logs in waits, and then finds another epoch.
    """
    epoch = {"session_epoch": User.session_epoch + 1}
    session.execute(
        update(User).where(User.id == user_id).values(epoch),
        execution_options={"synchronize_session": False},
    )
    return _end(session, AuthSession.user_id == user_id, because, now)


def end_sessions_of_client(
    session: Session, client_id: str, because: Because, now: datetime
) -> int:
    """End every session that a confidential client has by itself; how many there were."""
    own = (AuthSession.client_id == client_id) & AuthSession.user_id.is_(None)
    return _end(session, own, because, now)


def forget_callers(session: Session, user_id: UUID) -> None:
    """Take out of a user's sessions what tells of him; the rows must stay until they are pruned."""
    nothing = dict.fromkeys(
        ("first_user_agent", "first_address", "last_user_agent", "last_address")
    )
    session.execute(
        update(AuthSession).where(AuthSession.user_id == user_id).values(nothing),
        execution_options={"synchronize_session": False},
    )


def _end(session: Session, which: ColumnElement[bool], because: Because, now: datetime) -> int:
    ended = session.execute(
        update(AuthSession)
        .where(which, AuthSession.ended_at.is_(None))
        .values(ended_at=now, ended_because=because.value, expires_at=now),
        execution_options={"synchronize_session": False},
    )
    return cast("CursorResult[Any]", ended).rowcount
