"""Where one is logged in, and the way to end it there."""

import logging
from uuid import UUID

from fastapi import Response

from app.access.guards import router as guarded_router
from app.accounts.guards import USERS_WRITE
from app.audit.recording import Action, record
from app.clock import ClockDep
from app.database import DatabaseDep
from app.paging import Cursor, Limit, Page
from app.sessions import service
from app.sessions.ending import Because, end_session, end_sessions_of_user
from app.sessions.guards import SessionsRead, SessionsWrite
from app.sessions.holders import check_holder, user_of
from app.sessions.schemas import SessionView
from app.sessions.transport import CookieWanted, take_back
from app.tokens.errors import quoted

_LOG = logging.getLogger("ostiary.sessions")

router = guarded_router(prefix="/sessions", tags=["sessions"])


@router.get("")
def list_sessions(
    claims: SessionsRead,
    database: DatabaseDep,
    clock: ClockDep,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[SessionView]:
    """Where you are logged in, newest first."""
    with database.transaction() as session:
        user = user_of(session, claims)
        found, following = service.list_sessions(
            session, user.id, clock.now(), limit=limit, cursor=cursor
        )
        items = [SessionView.of(auth, current=str(auth.id) == claims.sid) for auth in found]
        return Page(items=items, next_cursor=following)


@router.delete("", status_code=204)
def end_all_sessions(
    claims: SessionsWrite,
    database: DatabaseDep,
    clock: ClockDep,
    by_cookie: CookieWanted,
    response: Response,
) -> None:
    """Log out everywhere, here too."""
    with database.transaction() as session:
        user = user_of(session, claims)
        end_sessions_of_user(session, user.id, Because.LOGOUT_EVERYWHERE, clock.now())
        record(session, Action.SESSIONS_END_ALL, actor=user.id, target=user.id)
    take_back(response, by_cookie=by_cookie)


@router.delete("/{session_id:id}", status_code=204)
def end_one_session(
    claims: SessionsWrite,
    session_id: UUID,
    database: DatabaseDep,
    clock: ClockDep,
    by_cookie: CookieWanted,
    response: Response,
) -> None:
    """Log out there; with `users:write`, anybody."""
    with database.transaction() as session:
        if USERS_WRITE.name in claims.scopes:
            check_holder(session, claims)
            owner = None
        else:
            owner = user_of(session, claims).id
        auth = service.get_session(session, session_id, owner=owner)
        own = str(auth.user_id) == claims.sub
        because = Because.LOGOUT if own else Because.ADMINISTRATOR
        if end_session(session, auth.id, because, clock.now()):
            record(session, Action.SESSION_END, actor=claims.sub, target=auth.id)
    if not own:
        extra = {"sub": claims.sub, "user_id": str(auth.user_id)}
        _LOG.info("session %s ended by %s", session_id, quoted(claims.sub), extra=extra)
    take_back(response, by_cookie=by_cookie and str(session_id) == claims.sid)
