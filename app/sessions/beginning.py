"""How a session begins: a place in a status list, an access token, a row, in this order.

Whatever fails leaves no session behind, and no token leaves here without its session's row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.accounts.service import KnownLogin
from app.audit.recording import Action, record
from app.caller import Caller
from app.clients.service import KnownClient, is_unchanged
from app.clock import Clock
from app.database import Database, columns_of, table_of
from app.errors import InvalidCredentials
from app.sessions.access_tokens import AccessTokens
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

    def take_place(self, session: Session) -> Place:
        """A place for the session to come, in a transaction that ends before anything is signed.

        Its lock is one for all logins, and signing may ask a service far away.
        """
        return take_place(session, self.clock.now())

    def for_user(
        self, known: KnownLogin, scopes: Iterable[str], place: Place, caller: Caller
    ) -> TokenResponse:
        """The first tokens of a user's session. Where it would be one too many, his oldest ends.

        InvalidCredentials where his epoch is another than when his password was checked: all that
        had begun until then was ended.
        """
        now, refresh_token = self.clock.now(), new_token()
        auth = _new(place, now, min(now + IDLE, now + self.absolute), scopes, caller)
        auth.user_id, auth.client_id = known.user_id, FIRST_PARTY_CLIENT
        answer = self.access_tokens.sign(auth, auth.scope.split())
        token = RefreshToken(hash=hash_of(refresh_token), session_id=auth.id, created_at=now)
        with self.database.transaction() as session:
            if not _hold_epoch(session, known.user_id, known.session_epoch):
                raise InvalidCredentials("Your sessions were just ended. Log in again.")
            # Before the new one is there: whatever the clocks say, it is not the oldest.
            end_oldest_sessions(session, known.user_id, now, kept=MAX_SESSIONS - 1)
            session.execute(insert(table_of(AuthSession)), columns_of(auth))
            session.execute(insert(table_of(RefreshToken)), columns_of(token))
            record(session, Action.LOGIN, actor=known.user_id, target=auth.id)
        return answer.model_copy(update={"refresh_token": refresh_token})

    def for_client(
        self, client: KnownClient, scopes: Iterable[str], caller: Caller
    ) -> TokenResponse:
        """The one token of a session that a confidential client has by itself (RFC 6749 §4.4.3).

        InvalidClient where the client was changed or deleted since it authenticated.
        """
        now = self.clock.now()
        life = timedelta(seconds=self.access_tokens.issuer.lifetime)
        with self.database.transaction() as session:
            place = self.take_place(session)
        auth = _new(place, now, now + life, scopes, caller)
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
    place: Place, now: datetime, expires_at: datetime, scopes: Iterable[str], caller: Caller
) -> AuthSession:
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


def _hold_epoch(session: Session, user_id: UUID, epoch: int) -> bool:
    """Whether the user is there and in this epoch; then he is until this transaction ends.

    Written, not read: whoever ends all his sessions writes this row, too, so one of both waits
    for the other. And before any other writing: who deletes him would wait for that.
    """
    return session.execute(_HOLD_EPOCH, {"of_user": user_id, "epoch": epoch}).first() is not None


_USERS = table_of(User)
_HOLD_EPOCH = (
    update(_USERS)
    .where(
        _USERS.c.id == bindparam("of_user"),
        _USERS.c.session_epoch == bindparam("epoch"),
        _USERS.c.disabled_at.is_(None),
    )
    .values(session_epoch=bindparam("epoch"))
    .returning(_USERS.c.id)
)
