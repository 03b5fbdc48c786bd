"""Clients that authenticate."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, UtcDateTime

MAX_NAME = 100


class Client(Base):
    """A machine. `id` is `client_…`, which no user's id can equal; `scope` is all it may ask for.

    The secret has 256 random bits, so its SHA-256 is enough to know it by.
    """

    __tablename__ = "clients"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    scope: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
