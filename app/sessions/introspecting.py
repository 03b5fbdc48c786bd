"""What a token is worth at this moment, for services that cannot tell (RFC 7662)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel
from sqlalchemy import select

from app.accounts.models import User
from app.clock import Clock
from app.database import Database
from app.errors import InvalidToken
from app.sessions.holders import check_holder
from app.sessions.models import AuthSession, RefreshToken
from app.sessions.opaque_tokens import hash_of
from app.tokens.errors import TokenError
from app.tokens.verify import Verifier


class Introspection(BaseModel):
    """RFC 7662 §2.2; of a token that is not active, no more than that. Times as in the token."""

    active: bool
    scope: str | None = None
    client_id: str | None = None
    token_type: Literal["Bearer"] | None = None
    exp: int | None = None
    iat: int | None = None
    sub: str | None = None
    aud: str | None = None
    iss: str | None = None
    jti: str | None = None
    sid: str | None = None


INACTIVE = Introspection(active=False)


@dataclass(frozen=True)
class Introspecting:
    """A token in; what it would open out. It spends nothing and ends nothing.

    `absolute` is how long a user's session may last.
    """

    database: Database
    verifier: Verifier
    absolute: timedelta
    clock: Clock

    def __call__(self, token: str) -> Introspection:
        """INACTIVE for all but good tokens of living sessions; KeysUnavailable without keys."""
        try:
            presented = hash_of(token)
        except ValueError:
            return self._access_token(token)
        return self._refresh_token(presented)

    def _access_token(self, token: str) -> Introspection:
        try:
            claims = self.verifier.verify(token)
            with self.database.transaction() as session:
                check_holder(session, claims)
        except (TokenError, InvalidToken):
            return INACTIVE
        return Introspection(
            active=True,
            scope=claims.scope,
            client_id=claims.client_id,
            token_type="Bearer",  # noqa: S106
            exp=claims.exp,
            iat=claims.iat,
            sub=claims.sub,
            aud=claims.aud,
            iss=claims.iss,
            jti=claims.jti,
            sid=claims.sid,
        )

    def _refresh_token(self, presented: bytes) -> Introspection:
        """A spent token is not active, though for a moment it may be told its successor."""
        query = (
            select(AuthSession, RefreshToken.created_at)
            .join(RefreshToken, RefreshToken.session_id == AuthSession.id)
            .join(User, User.id == AuthSession.user_id)
            .where(
                RefreshToken.hash == presented,
                RefreshToken.used_at.is_(None),
                AuthSession.ended_at.is_(None),
                User.disabled_at.is_(None),
            )
        )
        with self.database.transaction() as session:
            found = session.execute(query).first()
        if found is None:
            return INACTIVE
        auth, issued_at = found
        over = min(auth.created_at + self.absolute, auth.expires_at)
        if over <= self.clock.now():
            return INACTIVE
        return Introspection(
            active=True,
            scope=auth.scope,
            client_id=auth.client_id,
            exp=int(over.timestamp()),
            iat=int(issued_at.timestamp()),
            sub=str(auth.user_id),
        )
