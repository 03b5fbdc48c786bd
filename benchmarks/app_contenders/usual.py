"""What both contenders have, whatever they are made of: settings, password hashing, notes."""

import os
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from pwdlib import PasswordHash  # type: ignore[import-not-found]
from pwdlib.hashers.argon2 import Argon2Hasher  # type: ignore[import-not-found]
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import DateTime, ForeignKey, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DATABASE_URL = os.environ["DATABASE_URL"]
SECRET_KEY = os.environ["SECRET_KEY"]
ACCESS_TOKEN_MINUTES = 60
ON_SQLITE = DATABASE_URL.startswith("sqlite")
# Both engines' own size is 5 connections and 10 more that are closed after each use, which 16
# clients at once would have them do all the time.
POOL_SIZE = 20
PAGE = 20

# As app/accounts/passwords.py has it; pwdlib's own choice takes three times the memory.
password_hash = PasswordHash((Argon2Hasher(memory_cost=19_456, time_cost=2, parallelism=1),))


class Base(DeclarativeBase):
    """The models' base."""


def _now() -> datetime:
    return datetime.now(UTC)


class Note(Base):
    """The same table and index as app/resources/notes has."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_owner_id", "owner_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=_now, onupdate=_now
    )


class NoteContent(BaseModel):
    """What its owner writes."""

    title: str = Field(min_length=1, max_length=200)
    body: str = Field(max_length=10_000)


class NoteView(BaseModel):
    """A note, as shown to its owner."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    body: str
    created_at: datetime
    updated_at: datetime


def prepare_sqlite(connection: Any, _: object) -> None:
    """For SQLAlchemy's `connect` event: what app/database.py sets."""
    cursor = connection.cursor()
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "busy_timeout = 5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
