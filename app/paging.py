"""Pages by keyset: a cursor names the last row seen, so that a page costs the same anywhere."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, Protocol, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import Select, bindparam, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.errors import InvalidRequest
from app.reading import Reader
from app.tokens.encoding import base64url_decode, base64url_encode

MAX_PAGE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many to show.")]
Cursor = Annotated[
    str | None, Query(max_length=128, description="`next_cursor` of the page before.")
]
Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Some of many, newest first; `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None


class Paged(Protocol):
    """A row that can be paged: by the time it was made, then by id."""

    id: Any
    created_at: Any


Row = TypeVar("Row", bound=Paged)


class Pages:
    """The pages of a query for rows of one table, made once; whoever asks gives the rest."""

    def __init__(self, query: Select[*tuple[Any, ...]], model: type[Paged]) -> None:
        made, key = model.created_at, model.id
        self._first = query.order_by(made.desc(), key.desc()).limit(bindparam("_rows"))
        last = tuple_(bindparam("_made", type_=made.type), bindparam("_key", type_=key.type))
        self._later = self._first.where(tuple_(made, key) < last)

    def newest_first(
        self, reader: Reader, *, limit: int, cursor: str | None, **given: object
    ) -> tuple[Sequence[Any], str | None]:
        """A page, and the cursor of the next; InvalidRequest for a cursor that is none.

        `given` are the values of the query's own parameters.
        """
        given["_rows"] = limit + 1
        if cursor is None:
            query = self._first
        else:
            query = self._later
            given["_made"], given["_key"] = _read(cursor)
        return _page(reader.execute(query, given).all(), limit)


def newest_first(
    session: Session,
    query: Select[Row],
    model: type[Row],
    *,
    limit: int,
    cursor: str | None,
) -> tuple[Sequence[Row], str | None]:
    """A page of `query`, and the cursor of the next; InvalidRequest for a cursor that is none."""
    made: InstrumentedAttribute[datetime] = model.created_at
    key: InstrumentedAttribute[UUID] = model.id
    if cursor is not None:
        query = query.where(tuple_(made, key) < tuple_(*_read(cursor)))
    rows = session.scalars(query.order_by(made.desc(), key.desc()).limit(limit + 1)).all()
    return _page(rows, limit)


def _page(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], str | None]:
    page = rows[:limit]
    return page, _write(page[-1]) if len(rows) > limit else None


def _write(row: Paged) -> str:
    micros = (row.created_at - _EPOCH) // _MICROSECOND
    return base64url_encode(f"{micros}.{row.id}".encode())


def _read(cursor: str) -> tuple[datetime, UUID]:
    try:
        micros, _, key = base64url_decode(cursor.encode()).decode().partition(".")
        return _EPOCH + int(micros) * _MICROSECOND, UUID(key)
    except (ValueError, OverflowError):
        what = "a cursor is what `next_cursor` of the page before holds"
        raise InvalidRequest({"query.cursor": what}) from None
