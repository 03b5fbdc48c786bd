"""What the log says of acts of administration, and of those that are refused."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from app.errors import LastAdministrator, ScopeNotHeld
from app.tokens.claims import AccessClaims
from app.tokens.errors import quoted

_LOG = logging.getLogger("ostiary.accounts")


@contextmanager
def recorded(claims: AccessClaims, user_id: UUID | str, done: str) -> Iterator[None]:
    """Log what was `done` to a user and by whom. Around the transaction: it is done by then."""
    extra = {"sub": claims.sub, "user_id": str(user_id)}
    try:
        yield
    except (LastAdministrator, ScopeNotHeld) as refused:
        code, by = refused.code, quoted(claims.sub)
        _LOG.info("refused: %s: %s, %s", code, by, refused, extra={"code": code, **extra})
        raise
    _LOG.info("user %s %s by %s", user_id, done, quoted(claims.sub), extra=extra)
