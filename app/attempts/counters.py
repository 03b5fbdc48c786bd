"""The statements that count, made once for each kind of database and run with their numbers."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Delete, Executable, bindparam, delete, select, update
from sqlalchemy.orm import Session

from app.attempts.limits import SECOND, Limit, admits, is_over, next_tries
from app.attempts.models import AttemptCounter
from app.database import table_of

_TABLE = table_of(AttemptCounter)
_COUNTER = _TABLE.c
_NOW: ColumnElement[int] = bindparam("now", type_=_COUNTER.not_before.type)
_READ = select(_COUNTER.key, _COUNTER.not_before, _COUNTER.expires_at).where(
    _COUNTER.key.in_(bindparam("keys", expanding=True)), _COUNTER.expires_at > _NOW
)
_REFUND = (
    update(_TABLE)
    .where(_COUNTER.key == bindparam("counter"))
    .values(not_before=_COUNTER.not_before - bindparam("milliseconds"))
)
_FORGET = delete(_TABLE).where(_COUNTER.key == bindparam("counter"))


def read(session: Session, keys: Iterable[bytes], now: int) -> dict[bytes, tuple[int, int]]:
    """`not_before` and `expires_at` of those counters that mean something; 0 for a moment that
    keeps nobody out."""
    rows = session.execute(_READ, {"keys": list(keys), "now": now})
    return {
        key: (0 if is_over(not_before, now) else not_before, expires_at)
        for key, not_before, expires_at in rows
    }


def admit(session: Session, key: bytes, limit: Limit, now: int) -> bool:
    """Count one more, unless the limit says no; whether it was counted."""
    not_before, expires_at = limit.first(now)
    values = {"key": key, "first": not_before, "expires": expires_at, "now": now}
    statement = _admission(session.get_bind().dialect.name, limit)
    return session.execute(statement, values).first() is not None


def mark(session: Session, key: bytes, now: int, until: int) -> None:
    """Note something that is so until then, and was never admitted or refused."""
    statement = _marking(session.get_bind().dialect.name)
    session.execute(statement, {"key": key, "now": now, "expires": until})


def refund(session: Session, key: bytes, milliseconds: int) -> None:
    """Take one admission back, as if it had not been."""
    session.execute(_REFUND, {"counter": key, "milliseconds": milliseconds})


def forget(session: Session, key: bytes) -> None:
    """Begin anew under this key."""
    session.execute(_FORGET, {"counter": key})


def expired_counters(now: datetime, batch: int) -> Delete:
    """Takes out some of those that mean nothing any more, unless somebody counts there now."""
    expired = _COUNTER.expires_at <= int(now.timestamp() * SECOND)
    some = select(_COUNTER.key).where(expired).limit(batch).with_for_update(skip_locked=True)
    return delete(_TABLE).where(_COUNTER.key.in_(some), expired)


@cache
def _admission(dialect: str, limit: Limit) -> Executable:
    changed = {
        "tries": next_tries(_NOW),
        "not_before": limit.later(_NOW),
        "expires_at": bindparam("expires"),
    }
    return _upsert(dialect, bindparam("first"), changed, admits(_NOW))


@cache
def _marking(dialect: str) -> Executable:
    return _upsert(dialect, bindparam("now"), {"expires_at": bindparam("expires")}, None)


def _upsert(
    dialect: str, not_before: Any, changed: dict[str, Any], where: ColumnElement[bool] | None
) -> Executable:
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    new = insert(_TABLE).values(
        key=bindparam("key"), tries=1, not_before=not_before, expires_at=bindparam("expires")
    )
    return new.on_conflict_do_update(index_elements=["key"], set_=changed, where=where).returning(
        _COUNTER.tries
    )
