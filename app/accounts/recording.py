"""Acts of administration, each in one transaction with what the audit says of it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.recording import Action, Outcome, record
from app.database import Database
from app.errors import LastAdministrator, ScopeNotHeld
from app.tokens.claims import AccessClaims
from app.tokens.errors import quoted

_LOG = logging.getLogger("ostiary.accounts")


@contextmanager
def recorded(
    database: Database, claims: AccessClaims, user_id: UUID | str, *actions: Action
) -> Iterator[Session]:
    """The transaction in which these actions are done to a user, or denied.

    What is done is recorded with it; a denial in a transaction of its own, since there it is all
    that there is.
    """
    acts = " and ".join(actions)
    extra = {"sub": claims.sub, "user_id": str(user_id)}
    try:
        with database.transaction() as session:
            yield session
            for action in actions:
                record(session, action, actor=claims.sub, target=user_id)
    except (LastAdministrator, ScopeNotHeld) as refused:
        code, by = refused.code, quoted(claims.sub)
        _LOG.info("refused: %s: %s, %s", code, by, refused, extra={"code": code, **extra})
        with database.transaction() as session:
            for action in actions:
                record(
                    session,
                    action,
                    actor=claims.sub,
                    target=user_id,
                    outcome=Outcome.DENIAL,
                    code=code,
                )
        raise
    _LOG.info("done: %s: user %s by %s", acts, user_id, quoted(claims.sub), extra=extra)
