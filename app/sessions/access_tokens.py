"""The access tokens of a session."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.clock import Clock
from app.sessions.models import AuthSession
from app.sessions.schemas import TokenResponse
from app.tokens.claims import StatusReference
from app.tokens.issue import Issuer
from app.tokens.urls import STATUS_LISTS, status_list_uri


@dataclass(frozen=True)
class AccessTokens:
    """Signs them; each names its session, and the place where the edge reads whether it ended."""

    issuer: Issuer
    clock: Clock

    def sign(self, auth: AuthSession, scopes: Iterable[str]) -> TokenResponse:
        """A token of this session, which it does not outlive; KeysUnavailable without keys."""
        scopes = sorted(scopes)
        uri = status_list_uri(self.status_lists, str(auth.status_list_id))
        token = self.issuer.issue(
            sub=str(auth.user_id or auth.client_id),
            client_id=auth.client_id,
            scopes=scopes,
            auth_time=int(auth.created_at.timestamp()) if auth.user_id else None,
            amr=("pwd",) if auth.user_id else None,
            sid=str(auth.id),
            status=StatusReference(auth.status_index, uri),
            expires_at=int(auth.expires_at.timestamp()),
        )
        left = int(auth.expires_at.timestamp() - self.clock())
        return TokenResponse(
            access_token=token,
            expires_in=min(self.issuer.lifetime, left),
            scope=" ".join(scopes),
        )

    @property
    def status_lists(self) -> str:
        """What the address of every status list begins with."""
        return self.issuer.name.rstrip("/") + STATUS_LISTS
