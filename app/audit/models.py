"""Events of the audit."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.caller import MAX_ADDRESS, MAX_REQUEST_ID, MAX_USER_AGENT
from app.database import Base, UtcDateTime

MAX_ACTION, MAX_OUTCOME, MAX_CODE, MAX_PARTY = 64, 16, 64, 64


class AuditEvent(Base):
    """What somebody did, or tried to. The migration forbids to change or delete it (0003).

    `actor` and `target` are ids, of users, clients or sessions, and outlive what they name; nothing
    else of a person is here but the address and the software that the request came from.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "actor", "created_at", "id"),
        Index(None, "target", "created_at", "id"),
        # What is rare is what is looked for: without these, all events are read to find none.
        Index(None, "action", "created_at", "id"),
        Index(None, "outcome", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))
    action: Mapped[str] = mapped_column(String(MAX_ACTION))
    outcome: Mapped[str] = mapped_column(String(MAX_OUTCOME))
    code: Mapped[str | None] = mapped_column(String(MAX_CODE))
    actor: Mapped[str | None] = mapped_column(String(MAX_PARTY))
    target: Mapped[str | None] = mapped_column(String(MAX_PARTY))
    address: Mapped[str | None] = mapped_column(String(MAX_ADDRESS))
    user_agent: Mapped[str | None] = mapped_column(String(MAX_USER_AGENT))
    request_id: Mapped[str | None] = mapped_column(String(MAX_REQUEST_ID))
