"""Whose token came, seen in the very transaction that acts for him: what has ended acts no more."""

import logging
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, select
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.accounts.service import ACCOUNT, Account
from app.errors import InvalidToken, UserRequired
from app.reading import Reader
from app.sessions.models import AuthSession
from app.telemetry import note
from app.tokens.claims import AccessClaims
from app.tokens.errors import SessionEnded, quoted

_LOG = logging.getLogger("ostiary.sessions")


def _with_standing(*wanted: Any) -> Select[*tuple[Any, ...]]:
    """What is wanted of the user `user_id`, and first how he and his session `session_id` stand."""
    own = and_(AuthSession.user_id == User.id, AuthSession.id == bindparam("session_id"))
    standing = (User.disabled_at, User.sessions_ended_at, AuthSession.id, AuthSession.ended_at)
    query = select(*standing, *wanted).select_from(User).outerjoin(AuthSession, own)
    return query.where(User.id == bindparam("user_id"))


_ID, _ACCOUNT, _USER = _with_standing(), _with_standing(*ACCOUNT), _with_standing(User)


def user_of(session: Session, claims: AccessClaims) -> User:
    """The user whose token this is.

    UserRequired for a token whose `sub` is no user's; InvalidToken where the user is gone or
    disabled, or the token's session has ended. Every route that opens a transaction calls this, or
    `check_holder`, before anything else in it; one that reads, those or one of the next two.
    """
    user: User
    (user,) = _found(session, _USER, claims)
    return user


def account_of(reader: Reader, claims: AccessClaims) -> Account:
    """The same for routes that read: the user's account."""
    return Account(*_found(reader, _ACCOUNT, claims))


def holder_of(reader: Reader, claims: AccessClaims) -> UUID:
    """The same for routes that read: the user's id alone."""
    _found(reader, _ID, claims)
    return UUID(claims.sub)


def check_holder(source: Session | Reader, claims: AccessClaims) -> None:
    """The same for routes that a client may call by itself; InvalidToken where it may no more."""
    if _as_id(claims.sub) is not None:
        _found(source, _ID, claims)
    elif claims.sid is not None:
        alive = select(AuthSession.id).where(
            AuthSession.id == _session_id(claims),
            AuthSession.client_id == claims.sub,
            AuthSession.user_id.is_(None),
            AuthSession.ended_at.is_(None),
        )
        if source.execute(alive).first() is None:
            raise _refused(SessionEnded.code, claims)


def _found(
    source: Session | Reader, query: Select[*tuple[Any, ...]], claims: AccessClaims
) -> tuple[Any, ...]:
    """What `query` wants of the user, who may act."""
    user_id = _as_id(claims.sub)
    if user_id is None:
        check_holder(source, claims)
        _log_refusal(UserRequired.code, claims)
        raise UserRequired("This belongs to users, and the token is not a user's.")
    named = {"user_id": user_id, "session_id": _session_id(claims)}
    found: Row[*tuple[Any, ...]] | None = source.execute(query, named).first()
    if found is None:
        raise _refused("user_gone", claims)
    disabled_at, sessions_ended_at, session_id, ended_at, *wanted = found
    if disabled_at is not None:
        raise _refused("user_disabled", claims)
    if claims.sid is None:
        ended = sessions_ended_at is not None and claims.iat <= sessions_ended_at.timestamp()
    else:
        ended = session_id is None or ended_at is not None
    if ended:
        raise _refused(SessionEnded.code, claims)
    return tuple(wanted)


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
    note(code=code)
    extra = {"code": code, "sub": claims.sub}
    _LOG.info("refused: %s: %s", code, quoted(claims.sub), extra=extra)
