"""Whose token came, seen in the very transaction that acts for him: what has ended acts no more."""

import logging
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.errors import InvalidToken, UserRequired
from app.sessions.models import AuthSession
from app.tokens.claims import AccessClaims
from app.tokens.errors import SessionEnded, quoted

_LOG = logging.getLogger("ostiary.sessions")


def user_of(session: Session, claims: AccessClaims) -> User:
    """The user whose token this is.

    UserRequired for a token whose `sub` is no user's; InvalidToken where the user is gone or
    disabled, or the token's session has ended. Every route that opens a transaction calls this, or
    `check_holder`, before anything else in it.
    """
    user_id = _as_id(claims.sub)
    if user_id is None:
        check_holder(session, claims)
        _log_refusal(UserRequired.code, claims)
        raise UserRequired("This belongs to users, and the token is not a user's.")
    own = and_(AuthSession.user_id == User.id, AuthSession.id == _session_id(claims))
    found = session.execute(
        select(User, AuthSession.id, AuthSession.ended_at)
        .outerjoin(AuthSession, own)
        .where(User.id == user_id)
    ).first()
    if found is None:
        raise _refused("user_gone", claims)
    user, session_id, ended_at = found
    if user.disabled_at is not None:
        raise _refused("user_disabled", claims)
    if claims.sid is None:
        last = user.sessions_ended_at
        ended = last is not None and claims.iat <= last.timestamp()
    else:
        ended = session_id is None or ended_at is not None
    if ended:
        raise _refused(SessionEnded.code, claims)
    return user


def check_holder(session: Session, claims: AccessClaims) -> None:
    """The same for routes that a client may call by itself; InvalidToken where it may no more."""
    if _as_id(claims.sub) is not None:
        user_of(session, claims)
    elif claims.sid is not None:
        alive = select(AuthSession.id).where(
            AuthSession.id == _session_id(claims),
            AuthSession.client_id == claims.sub,
            AuthSession.user_id.is_(None),
            AuthSession.ended_at.is_(None),
        )
        if session.scalar(alive) is None:
            raise _refused(SessionEnded.code, claims)


def _session_id(claims: AccessClaims) -> UUID | None:
    return _as_id(claims.sid or "")


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _refused(code: str, claims: AccessClaims) -> InvalidToken:
    _log_refusal(code, claims)
    return InvalidToken()


def _log_refusal(code: str, claims: AccessClaims) -> None:
    """Why a token that is good does not do here (docs/reasons.md)."""
    extra = {"code": code, "sub": claims.sub}
    _LOG.info("refused: %s: %s", code, quoted(claims.sub), extra=extra)
