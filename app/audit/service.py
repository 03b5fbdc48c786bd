"""What can be read of the audit, and what is taken out of it in the end."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Delete, Select, delete, literal, select, tuple_
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.audit.recording import EVERYBODY, OPERATOR
from app.database import Database
from app.paging import newest_first

_PARTY = re.compile(
    rf"[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|client_[0-9a-f]{{32}}|{OPERATOR}|{EVERYBODY}"
)
KEPT = timedelta(days=400)  # a year, and time to look at it; the database refuses under 90 days


def party(text: str | None) -> str | None:
    """What an event may name as actor or target; ValueError where it could name nobody.

    Whoever asks for an e-mail address would be shown nothing, as if nothing had happened.
    """
    text = text and text.lower()
    if text is not None and not _PARTY.fullmatch(text):
        raise ValueError(
            "the id of a user, a session or a client was expected, or `operator` or `everybody`; "
            "`ostiary users list` shows the ids of users"
        )
    return text


def in_utc(moment: datetime | None) -> datetime | None:
    """The same moment; ValueError where UTC's calendar has ended by then, or not begun."""
    try:
        return moment and moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("this moment is in no year from 1 to 9999 of UTC") from None


@dataclass(frozen=True)
class Wanted:
    """Which events are asked for; what is None is not asked."""

    actor: str | None = None
    target: str | None = None
    action: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the period ends before it begins."""
        return bool(self.since and self.until and self.since >= self.until)

    def query(self) -> Select[AuditEvent]:
        """The events that fit, in no order yet. `since` is within, `until` is not."""
        query = select(AuditEvent)
        for name in ("actor", "target", "action", "outcome"):
            if (value := getattr(self, name)) is not None:
                query = query.where(getattr(AuditEvent, name) == value)
        if self.since is not None:
            query = query.where(AuditEvent.created_at >= self.since)
        if self.until is not None:
            query = query.where(AuditEvent.created_at < self.until)
        return query


def list_events(
    session: Session, wanted: Wanted, *, limit: int, cursor: str | None
) -> tuple[Sequence[AuditEvent], str | None]:
    """A page of events, newest first, and the cursor of the next page."""
    return newest_first(session, wanted.query(), AuditEvent, limit=limit, cursor=cursor)


def export_events(database: Database, wanted: Wanted, batch: int = 500) -> Iterator[AuditEvent]:
    """All events that fit, oldest first, so that what is exported can be added to.

    A transaction a page: in one piece, the first row of a million would take longer than a
    statement may, and whoever reads slowly would let a transaction idle.
    """
    key = tuple_(AuditEvent.created_at, AuditEvent.id)
    query = first = wanted.query().order_by(AuditEvent.created_at, AuditEvent.id).limit(batch)
    while True:
        with database.transaction() as session:
            page = session.scalars(query).all()
        if not page:
            return
        yield from page
        last = tuple_(*(literal(value) for value in (page[-1].created_at, page[-1].id)))
        query = first.where(key > last)


def old_events(now: datetime, batch: int) -> Delete:
    """Takes out some of the events that nobody keeps any longer."""
    some = select(AuditEvent.id).where(AuditEvent.created_at < now - KEPT).limit(batch)
    return delete(AuditEvent).where(AuditEvent.id.in_(some))
