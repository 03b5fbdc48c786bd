"""Refresh tokens used, each once (RFC 6749 §6, RFC 9700 §4.14.2), without logging anybody out.

    unused ──used──▶ spent, its salt kept ──successor used, or 10 s over──▶ spent
                       │ presented again: the same successor                  │ presented again:
                       └───────────────────────────────────────               ▼ the session ends

One conditional UPDATE decides who is the first to use a token. Everybody else finds the salt that
the first one left, and derives the very same successor from it: a browser with two tabs, and
whoever never got the answer, go on. Nothing is decided by the order of two times.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from app.access.scopes import RoleBook
from app.accounts.models import User
from app.audit.recording import Action, record_failure
from app.caller import Caller
from app.clock import Clock
from app.database import Database, rows_changed
from app.sessions.access_tokens import AccessTokens
from app.sessions.beginning import IDLE
from app.sessions.ending import Because, end_session
from app.sessions.models import AuthSession, RefreshToken
from app.sessions.oauth_errors import InvalidGrant, InvalidScope
from app.sessions.opaque_tokens import hash_of, new_salt, successor_of
from app.sessions.schemas import TokenResponse
from app.telemetry import Metric, count, note

_LOG = logging.getLogger("ostiary.sessions")
RETRY = timedelta(seconds=10)
# By how much the clocks of two processes may differ, or a request may be older than the spending
# that it waited for.
CLOCKS = timedelta(seconds=30)
SALT_GRACE = RETRY + CLOCKS
SECOND = timedelta(seconds=1)
WIPED_AT_ONCE = 50


@dataclass(frozen=True)
class _Presented:
    """A refresh token that somebody presented, and what it is known by."""

    token: str = field(repr=False)
    hash: bytes


class _State(NamedTuple):
    """How far a refresh token and its session have come."""

    used_at: datetime | None
    salt: bytes | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Refreshing:
    """A refresh token in; an access token and the successor out."""

    database: Database
    access_tokens: AccessTokens
    roles: RoleBook
    absolute: timedelta
    clock: Clock
    retry: timedelta = RETRY

    def __call__(
        self, refresh_token: str, *, client_id: str | None, scope: str | None, caller: Caller
    ) -> TokenResponse:
        """New tokens of the same session; InvalidGrant or InvalidScope, and nothing is spent.

        A token that was spent already, and may not be presented once more, ends its session.
        `scope` narrows this access token alone. Signing comes before spending: were it the other
        way round, a key service that is down would end the session of whoever tries again later.
        """
        presented, now = _presented(refresh_token), self.clock.now()
        with self.database.transaction() as session:
            auth, granted, spent = self._look_up(session, presented)
            reused = spent and self._successor(session, presented, now) is None
            ended = reused and _end_reused(session, auth, now)
        if reused:
            raise _refused(auth, ended=ended)
        last = auth.created_at + self.absolute
        if min(last, auth.expires_at) - now < SECOND or client_id not in (None, auth.client_id):
            raise InvalidGrant
        auth.expires_at = min(last, now + IDLE)
        try:
            answer = self.access_tokens.sign(auth, _narrowed(granted, auth.scope, scope))
        except ValueError:  # its last second has passed meanwhile
            raise InvalidGrant from None
        successor = self._spend(presented, auth, caller, now)
        return answer.model_copy(update={"refresh_token": successor})

    def _look_up(
        self, session: Session, presented: _Presented
    ) -> tuple[AuthSession, frozenset[str], bool]:
        """The session of a token, what of its scope the roles still give, whether it is spent."""
        found = session.execute(
            select(AuthSession, User, RefreshToken.used_at)
            .join(RefreshToken, RefreshToken.session_id == AuthSession.id)
            .join(User, User.id == AuthSession.user_id)
            .where(
                RefreshToken.hash == presented.hash,
                AuthSession.ended_at.is_(None),
                User.disabled_at.is_(None),
            )
        ).first()
        if found is None:
            raise InvalidGrant
        auth, user, used_at = found
        session.expunge(auth)
        granted = self.roles.scopes_of(user.role_names) & set(auth.scope.split())
        return auth, granted, used_at is not None

    def _spend(
        self, presented: _Presented, auth: AuthSession, caller: Caller, asked_at: datetime
    ) -> str:
        """The successor: a new one to who is first, the same one to who presents it once more.

        The window begins with the spending, however long the signing before it took; who asked
        before the window closed is in time, however long his own took.
        """
        now, salt = self.clock.now(), new_salt()
        with self.database.transaction() as session:
            if _is_first(session, presented, salt, now):
                successor = successor_of(presented.token, salt)
                _forget_salts(session, presented, auth, now - SALT_GRACE)
                _use(session, auth, caller, now)
                token = RefreshToken(hash=hash_of(successor), session_id=auth.id, created_at=now)
                session.add(token)
                return successor
            known = self._successor(session, presented, asked_at)
            ended = known is None and _end_reused(session, auth, now)
        if known is None:
            raise _refused(auth, ended=ended)
        return known

    def _successor(self, session: Session, presented: _Presented, now: datetime) -> str | None:
        """What a spent token may still be told: its successor, while that is unused, for 10 s."""
        token = _state_of(session, presented)
        if token.ended_at is not None or token.salt is None or token.used_at is None:
            return None
        if not -CLOCKS < now - token.used_at < self.retry:
            return None
        successor = successor_of(presented.token, token.salt)
        unused = select(RefreshToken.hash).where(
            RefreshToken.hash == hash_of(successor), RefreshToken.used_at.is_(None)
        )
        return successor if session.scalar(unused) else None


def _presented(token: str) -> _Presented:
    try:
        return _Presented(token, hash_of(token))
    except ValueError:
        raise InvalidGrant from None


def _narrowed(granted: frozenset[str], original: str, asked: str | None) -> frozenset[str]:
    """RFC 6749 §6: no scope that was not granted at first; what the roles took back is dropped."""
    if asked is None:
        return granted
    wanted = frozenset(asked.split(" "))
    if not wanted <= set(original.split()):
        raise InvalidScope("Only scopes that were granted at the login can be asked for.")
    return wanted & granted


def _state_of(session: Session, presented: _Presented) -> _State:
    """What the database says at this moment of a token and its session."""
    found = session.execute(
        select(RefreshToken.used_at, RefreshToken.salt, AuthSession.ended_at)
        .join(AuthSession, AuthSession.id == RefreshToken.session_id)
        .where(RefreshToken.hash == presented.hash)
    ).first()
    if found is None:
        raise InvalidGrant
    return _State(*found)


def _is_first(session: Session, presented: _Presented, salt: bytes, now: datetime) -> bool:
    """Spend the token, unless somebody has: of any number at once, exactly one does."""
    spent = rows_changed(
        session,
        update(RefreshToken)
        .where(RefreshToken.hash == presented.hash, RefreshToken.used_at.is_(None))
        .values(used_at=now, salt=salt),
    )
    return spent == 1


def _forget_salts(
    session: Session, presented: _Presented, auth: AuthSession, over: datetime
) -> None:
    """Wipe the salt behind the token that is used now, and some of those whose time is over."""
    own = (RefreshToken.session_id == auth.id) & (RefreshToken.hash != presented.hash)
    wiping = update(RefreshToken).where(own, RefreshToken.salt.is_not(None)).values(salt=None)
    rows_changed(session, wiping)
    rows_changed(session, wiping_late_salts(over, WIPED_AT_ONCE))


def wiping_late_salts(before: datetime, most: int) -> Update:
    """Wipes at most so many salts of tokens spent before a moment, unless somebody holds them."""
    late = (
        select(RefreshToken.hash)
        .where(RefreshToken.salt.is_not(None), RefreshToken.used_at < before)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return update(RefreshToken).where(RefreshToken.hash.in_(late)).values(salt=None)


def _use(session: Session, auth: AuthSession, caller: Caller, now: datetime) -> None:
    """Note the use; InvalidGrant, and nothing is spent, where the session ended meanwhile."""
    used = rows_changed(
        session,
        update(AuthSession)
        .where(AuthSession.id == auth.id, AuthSession.ended_at.is_(None))
        .values(
            last_used_at=now,
            expires_at=auth.expires_at,
            last_address=caller.address,
            last_user_agent=caller.user_agent,
        ),
    )
    if used != 1:
        raise InvalidGrant


def _end_reused(session: Session, auth: AuthSession, now: datetime) -> bool:
    """End the session of a token that came back; whether it had not ended before."""
    ended = end_session(session, auth.id, Because.REFRESH_TOKEN_REUSED, now)
    if ended:
        code = Because.REFRESH_TOKEN_REUSED
        record_failure(session, Action.REFRESH_TOKEN_REUSE, code, target=auth.id)
    return ended


def _refused(auth: AuthSession, *, ended: bool) -> InvalidGrant:
    """Recorded where it ended the session: somebody holds a token that he should not."""
    if ended:
        count(Metric.REFRESH_TOKENS_REUSED)
        note(code=Because.REFRESH_TOKEN_REUSED, sub=str(auth.user_id))
        extra = {"code": Because.REFRESH_TOKEN_REUSED.value, "sub": str(auth.user_id)}
        what = "a spent refresh token came back; its session was ended"
        _LOG.warning("refused: %s: %s: %s", extra["code"], what, auth.id, extra=extra)
    return InvalidGrant()
