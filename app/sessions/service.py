"""What can be done with sessions that have begun."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.paging import newest_first
from app.sessions.models import AuthSession


def list_sessions(
    session: Session, user_id: UUID, now: datetime, *, limit: int, cursor: str | None
) -> tuple[Sequence[AuthSession], str | None]:
    """A page of the sessions of a user that are not over, newest first."""
    query = select(AuthSession).where(AuthSession.user_id == user_id, AuthSession.expires_at > now)
    return newest_first(session, query, AuthSession, limit=limit, cursor=cursor)


def get_session(session: Session, session_id: UUID, *, owner: UUID | None) -> AuthSession:
    """One session, or NotFound; that of somebody else is found where `owner` is None alone."""
    found = session.get(AuthSession, session_id)
    if found is None or owner not in (None, found.user_id):
        raise NotFound("There is no session with this id.")
    return found
