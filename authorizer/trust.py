"""Whom the authorizer trusts: who holds a good token, of a session that goes on."""

from collections.abc import Callable
from typing import NamedTuple

from app.tokens.claims import AccessClaims
from app.tokens.verify import Verifier
from authorizer.settings import load_settings


class Trust(NamedTuple):
    """How a token is judged: by itself, and by the status of its session, where that is asked."""

    verifier: Verifier
    check_status: Callable[[AccessClaims], None] | None

    def verify(self, token: str) -> AccessClaims:
        """The claims of a token that is trusted, or a TokenError.

        KeysUnavailable or StatusUnavailable, where nothing can be said of it at this moment.
        """
        claims = self.verifier.verify(token)
        if self.check_status:
            self.check_status(claims)
        return claims


def load_trust() -> Trust:
    """As the settings have it; SettingsError and KeysUnavailable are those of `load_settings`."""
    settings = load_settings()
    verifier = Verifier(settings.keys, issuer=settings.issuer, audience=settings.audience)
    if settings.status_lists is None:
        return Trust(verifier, None)
    # They bring zlib and an HTTP client along: a cold start without them does without those.
    from app.tokens.status_list import StatusListVerifier
    from authorizer.status_lists import StatusLists

    lists = StatusListVerifier(settings.keys, issuer=settings.issuer)
    return Trust(verifier, StatusLists(settings.status_lists, lists).check)
