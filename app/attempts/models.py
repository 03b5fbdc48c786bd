"""What is remembered of attempts: one row for each thing that is counted."""

from sqlalchemy import BigInteger, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base


class AttemptCounter(Base):
    """Counts under a key that only who knows what is counted can name; see app/attempts/keys.py.

    Both times are milliseconds since the epoch, since they are reckoned with in SQL: before
    `not_before` nothing more is admitted, from `expires_at` on the row means nothing.
    """

    __tablename__ = "attempt_counters"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    tries: Mapped[int]
    not_before: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
