"""How a session begins: a place in a status list, an access token, a row, in this order.

Whatever fails leaves no session behind, and no token leaves here without its session's row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.clients.service import KnownClient, is_unchanged
from app.clock import Clock
from app.database import Database, rows_changed
from app.errors import InvalidCredentials
from app.sessions.access_tokens import AccessTokens
from app.sessions.caller import Caller
from app.sessions.ending import end_oldest_sessions
from app.sessions.models import AuthSession, RefreshToken
from app.sessions.oauth_errors import InvalidClient
from app.sessions.opaque_tokens import hash_of, new_token
from app.sessions.places import Place, take_place
from app.sessions.schemas import TokenResponse

FIRST_PARTY_CLIENT = "ostiary"
IDLE = timedelta(days=7)
# How many living sessions a user has at most (OWASP ASVS 5.0, 7.1.2). Whatever ends all of them
# does so in one statement, which the database gives little time.
MAX_SESSIONS = 100


@dataclass(frozen=True)
class Beginning:
    """Begins sessions; `absolute` is how long one may last, however often it is used."""

    database: Database
    access_tokens: AccessTokens
    absolute: timedelta
    clock: Clock

    def for_user(
        self, user_id: UUID, epoch: int, scopes: Iterable[str], caller: Caller
    ) -> TokenResponse:
        """The first tokens of a user's session. Where it would be one too many, his oldest ends.

        `epoch` is his `session_epoch` from before his password was checked; InvalidCredentials
        where it is another by now: all that had begun until then was ended.
        """
        now, refresh_token = self.clock.now(), new_token()
        auth = self._new(now, min(now + IDLE, now + self.absolute), scopes, caller)
        auth.user_id, auth.client_id = user_id, FIRST_PARTY_CLIENT
        answer = self.access_tokens.sign(auth, auth.scope.split())
        token = RefreshToken(hash=hash_of(refresh_token), session_id=auth.id, created_at=now)
        with self.database.transaction() as session:
            if not _hold_epoch(session, user_id, epoch):
                raise InvalidCredentials("Your sessions were just ended. Log in again.")
            # Before the new one is there: whatever the clocks say, it is not the oldest.
            end_oldest_sessions(session, user_id, now, kept=MAX_SESSIONS - 1)
            session.add(auth)
            session.flush()
            session.add(token)
        return answer.model_copy(update={"refresh_token": refresh_token})

    def for_client(
        self, client: KnownClient, scopes: Iterable[str], caller: Caller
    ) -> TokenResponse:
        """The one token of a session that a confidential client has by itself (RFC 6749 §4.4.3).

        InvalidClient where the client was changed or deleted since it authenticated.
        """
        now = self.clock.now()
        life = timedelta(seconds=self.access_tokens.issuer.lifetime)
        auth = self._new(now, now + life, scopes, caller)
        auth.client_id = client.id
        answer = self.access_tokens.sign(auth, auth.scope.split())
        with self.database.transaction() as session:
            session.add(auth)
            session.flush()
            # After the writing: from here on who ends its sessions waits, or has done it.
            if not is_unchanged(session, client):
                raise InvalidClient("The client was just changed or deleted.")
        return answer

    def _new(
        self, now: datetime, expires_at: datetime, scopes: Iterable[str], caller: Caller
    ) -> AuthSession:
        place = self._place(now)
        return AuthSession(
            id=uuid4(),
            scope=" ".join(sorted(scopes)),
            status_list_id=place.list_id,
            status_index=place.idx,
            created_at=now,
            last_used_at=now,
            expires_at=expires_at,
            first_address=caller.address,
            first_user_agent=caller.user_agent,
            last_address=caller.address,
            last_user_agent=caller.user_agent,
        )

    def _place(self, now: datetime) -> Place:
        # By itself: its lock is one for all logins, and signing may ask a service far away.
        with self.database.transaction() as session:
            return take_place(session, now)


def _hold_epoch(session: Session, user_id: UUID, epoch: int) -> bool:
    """Whether the user is there and in this epoch; then he is until this transaction ends.

    Written, not read: whoever ends all his sessions writes this row, too, so one of both waits
    for the other. And before any other writing: who deletes him would wait for that.
    """
    held = rows_changed(
        session,
        update(User)
        .where(User.id == user_id, User.session_epoch == epoch, User.disabled_at.is_(None))
        .values(session_epoch=epoch),
    )
    return held == 1
