"""The end of a session, asked for by whoever holds a token of it (RFC 7009)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.recording import Action, record
from app.clock import Clock
from app.database import Database
from app.sessions.ending import Because, end_session
from app.sessions.models import AuthSession, RefreshToken
from app.sessions.oauth_errors import InvalidGrant, UnsupportedTokenType
from app.sessions.opaque_tokens import hash_of
from app.tokens.errors import TokenError
from app.tokens.verify import Verifier


@dataclass(frozen=True)
class Revoking:
    """A token in; no session of it afterwards. What kind of token it is, it shows by itself."""

    database: Database
    verifier: Verifier
    clock: Clock

    def __call__(self, token: str, client_id: str | None) -> bool:
        """Whether a session ended now: not for a token that is unknown, bad, expired or ended.

        Holding the token is the proof, of a confidential client's too: whoever can use it may well
        give it up, and whoever finds one in a log should. A `client_id` that is told must be that
        of the token, or it is InvalidGrant (§2.1). UnsupportedTokenType for an access token without
        a session; KeysUnavailable where none can be verified.
        """
        try:
            presented = hash_of(token)
        except ValueError:
            session_id = self._session_of_access_token(token)
            which = select(AuthSession).where(AuthSession.id == session_id)
        else:
            which = (
                select(AuthSession)
                .join(RefreshToken, RefreshToken.session_id == AuthSession.id)
                .where(RefreshToken.hash == presented)
            )
        now = self.clock.now()
        with self.database.transaction() as session:
            auth = session.scalar(which.where(AuthSession.expires_at > now))
            return auth is not None and _end(session, auth, client_id, now)

    def _session_of_access_token(self, token: str) -> UUID | None:
        try:
            sid = self.verifier.verify(token).sid
        except TokenError:
            return None
        if sid is None:
            raise UnsupportedTokenType("This access token has no session that could be ended.")
        try:
            return UUID(sid)
        except ValueError:
            return None


def _end(session: Session, auth: AuthSession, client_id: str | None, now: datetime) -> bool:
    if client_id not in (None, auth.client_id):
        raise InvalidGrant("The token was issued to another client.")
    ended = end_session(session, auth.id, Because.LOGOUT, now)
    if ended:
        record(session, Action.SESSION_END, actor=auth.user_id or auth.client_id, target=auth.id)
    return ended
