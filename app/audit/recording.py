"""How an event comes into the audit: in the transaction of what it tells of, or not at all."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.audit.models import MAX_PARTY, AuditEvent
from app.caller import current_caller
from app.database import table_of

OPERATOR = "operator"  # whoever runs a command where the settings are
EVERYBODY = "everybody"
Party = UUID | str | None


class Action(StrEnum):
    """What was done or tried, on the thing that the event's target names."""

    LOGIN = "login"  # a user; of a success the target is the session
    PASSWORD_CHANGE = "password.change"  # noqa: S105
    USER_CREATE = "user.create"
    USER_CHANGE = "user.change"
    USER_DISABLE = "user.disable"
    USER_ENABLE = "user.enable"
    USER_DELETE = "user.delete"
    USER_ROLES = "user.roles"
    SESSION_END = "session.end"
    SESSIONS_END_ALL = "sessions.end_all"
    REFRESH_TOKEN_REUSE = "refresh_token.reuse"  # noqa: S105
    CLIENT_AUTHENTICATION = "client.authentication"
    CLIENT_CREATE = "client.create"
    CLIENT_ROTATE_SECRET = "client.rotate_secret"  # noqa: S105
    CLIENT_SET_SCOPE = "client.set_scope"
    CLIENT_DELETE = "client.delete"


class Outcome(StrEnum):
    """How it ended. A failure is a wrong proof; a denial a right that is lacking."""

    SUCCESS = "success"
    FAILURE = "failure"
    DENIAL = "denial"


def record(
    session: Session,
    action: Action,
    *,
    actor: Party,
    target: Party = None,
    outcome: Outcome = Outcome.SUCCESS,
    code: str | None = None,
) -> None:
    """Let the audit know, with the address and the request id of the current caller.

    `code` is of docs/reasons.md. Nothing that somebody typed goes in here: where an address is
    expected, a password may stand.
    """
    caller = current_caller()
    session.execute(
        insert(table_of(AuditEvent)),
        {
            "action": action,
            "outcome": outcome,
            "code": code,
            "actor": _shown(actor),
            "target": _shown(target),
            "address": caller.address,
            "user_agent": caller.user_agent,
            "request_id": caller.request_id,
        },
    )


def record_failure(
    session: Session, action: Action, code: str, *, actor: Party = None, target: Party = None
) -> None:
    """Let the audit know of a wrong proof, as `record` does."""
    record(session, action, actor=actor, target=target, outcome=Outcome.FAILURE, code=code)


def _shown(party: Party) -> str | None:
    return None if party is None else str(party)[:MAX_PARTY]
