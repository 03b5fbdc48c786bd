"""What the notes routes take and give."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_TITLE, MAX_BODY = 200, 10_000


def _storable(text: str) -> str:
    # JSON can spell both, and PostgreSQL's text can hold neither.
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("text has no NUL characters and no lone surrogates")
    return text


class NoteContent(BaseModel):
    """What its owner writes."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, AfterValidator(_storable), Field(min_length=1, max_length=MAX_TITLE)]
    body: Annotated[str, AfterValidator(_storable), Field(max_length=MAX_BODY)]


class NoteView(BaseModel):
    """A note, as shown to its owner."""

    id: UUID
    title: str
    body: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, note: Any) -> "NoteView":
        """The view of a row of notes, or of a Note."""
        return cls(
            id=note.id,
            title=note.title,
            body=note.body,
            created_at=note.created_at,
            updated_at=note.updated_at,
        )
