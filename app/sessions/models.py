"""Sessions, the refresh tokens of each, and the status lists in which each has its place.

A session begins with a login, or with a client's own grant, and is what every token of it dies
with. A row outlives its user, with nothing of his in it, until its last access token has expired:
the edge must go on reading that it ended.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.caller import MAX_ADDRESS, MAX_USER_AGENT
from app.database import Base, UtcDateTime

MAX_CLIENT_ID, MAX_REASON = 64, 32


class StatusList(Base):
    """A list of `size` places, `taken` of which are handed out. `key` says in which order."""

    __tablename__ = "status_lists"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    key: Mapped[bytes] = mapped_column(LargeBinary(32))
    size: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_taken_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuthSession(Base):
    """Somebody's standing permission to get access tokens, until it ends or expires.

    `scope` is what was granted at its beginning: no later token carries more. Whoever ends it sets
    `expires_at` to that moment, too: past it, a session is over, whatever the reason.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("status_list_id", "status_index"),
        Index(None, "user_id", "created_at", "id"),
        Index(None, "expires_at"),
        # The sessions that clients have by themselves: all others are of one client.
        Index(
            "ix_sessions_of_clients",
            "client_id",
            postgresql_where=text("user_id IS NULL"),
            sqlite_where=text("user_id IS NULL"),
        ),
        # What a status list is made of: few sessions are ended, and these alone are looked for.
        Index(
            "ix_sessions_ended",
            "status_list_id",
            "status_index",
            postgresql_where=text("ended_at IS NOT NULL"),
            sqlite_where=text("ended_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    client_id: Mapped[str] = mapped_column(String(MAX_CLIENT_ID))
    scope: Mapped[str] = mapped_column(Text)
    status_list_id: Mapped[UUID] = mapped_column(ForeignKey("status_lists.id"))
    status_index: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_because: Mapped[str | None] = mapped_column(String(MAX_REASON))
    first_user_agent: Mapped[str | None] = mapped_column(String(MAX_USER_AGENT))
    first_address: Mapped[str | None] = mapped_column(String(MAX_ADDRESS))
    last_user_agent: Mapped[str | None] = mapped_column(String(MAX_USER_AGENT))
    last_address: Mapped[str | None] = mapped_column(String(MAX_ADDRESS))


class RefreshToken(Base):
    """One refresh token of a session, known by its SHA-256 alone.

    `used_at` is set by whoever uses it first. `salt` is there as long as its successor may still
    be told to whoever presents it once more.
    """

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index(
            "ix_refresh_tokens_salted",
            "used_at",
            postgresql_where=text("salt IS NOT NULL"),
            sqlite_where=text("salt IS NOT NULL"),
        ),
        # Of the thousands of tokens of a long session, the one or two that have a salt.
        Index(
            "ix_refresh_tokens_salted_of_session",
            "session_id",
            postgresql_where=text("salt IS NOT NULL"),
            sqlite_where=text("salt IS NOT NULL"),
        ),
    )

    hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
