"""Users and the roles they hold."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base, UtcDateTime

MAX_NAME = 100
MAX_EMAIL = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets


class User(Base):
    """Somebody who can log in. `email` is kept in the one spelling that `emails` makes of it.

    `session_epoch` counts how often all his sessions were ended: a login that was under way
    meanwhile finds another number than the one it began with, and begins nothing. When that was
    last, `sessions_ended_at` says: of a token without a session, it is all that tells.
    """

    __tablename__ = "users"
    __table_args__ = (Index(None, "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(String(MAX_EMAIL), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))
    name: Mapped[str | None] = mapped_column(String(MAX_NAME))
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    session_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    sessions_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    roles: Mapped[list["UserRole"]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", passive_deletes=True
    )

    @property
    def role_names(self) -> list[str]:
        """The roles' names, sorted."""
        return sorted(role.name for role in self.roles)


class UserRole(Base):
    """One role of one user."""

    __tablename__ = "user_roles"
    # Whether an administrator is left is asked under a lock, and they are few.
    __table_args__ = (
        Index(
            "ix_user_roles_of_administrators",
            "user_id",
            postgresql_where=text("name = 'admin'"),
            sqlite_where=text("name = 'admin'"),
        ),
    )

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(32), primary_key=True)


# As the index has it: a value that is given beside the statement fits no partial index of SQLite.
IS_ADMINISTRATORS = UserRole.name == literal_column("'admin'")
