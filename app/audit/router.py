"""The audit, for those who may read it."""

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime

from app.access.guards import router as guarded_router
from app.audit.guards import AuditRead
from app.audit.recording import Action, Outcome
from app.audit.schemas import AuditEventView
from app.audit.service import Wanted, in_utc, list_events, party
from app.database import DatabaseDep
from app.errors import InvalidRequest
from app.paging import Cursor, Limit, Page
from app.sessions.holders import check_holder

router = guarded_router(prefix="/audit-events", tags=["audit"])

Actor = Annotated[
    str | None,
    AfterValidator(party),
    Query(description="The id of a user or a client, or `operator`."),
]
Target = Annotated[
    str | None,
    AfterValidator(party),
    Query(description="The id of a user, a session (of a login that succeeded) or a client."),
]
Moment = Annotated[
    AwareDatetime | None,
    AfterValidator(in_utc),
    Query(description="RFC 3339, with its offset."),
]


@router.get("")
def list_audit_events(
    claims: AuditRead,
    database: DatabaseDep,
    actor: Actor = None,
    target: Target = None,
    action: Action | None = None,
    outcome: Outcome | None = None,
    since: Moment = None,
    until: Moment = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[AuditEventView]:
    """Who did what, newest first; each parameter narrows it."""
    wanted = Wanted(actor, target, action, outcome, since, until)
    if wanted.is_empty:
        raise InvalidRequest({"query.until": "this was expected to be later than `since`"})
    with database.transaction() as session:
        check_holder(session, claims)
        events, following = list_events(session, wanted, limit=limit, cursor=cursor)
        items = [AuditEventView.model_validate(event) for event in events]
        return Page(items=items, next_cursor=following)
