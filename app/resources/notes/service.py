"""What can be done with notes. A note of somebody else is, for all purposes, not there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.errors import NotFound
from app.paging import Pages
from app.reading import Reader
from app.resources.notes.models import Note
from app.resources.notes.schemas import NoteContent

_SHOWN = select(Note.id, Note.title, Note.body, Note.created_at, Note.updated_at)
_OWN = Pages(_SHOWN.where(Note.owner_id == bindparam("owner_id")), Note)


def list_notes(
    reader: Reader, owner_id: UUID, *, limit: int, cursor: str | None
) -> tuple[Sequence[Any], str | None]:
    """A page of the owner's notes, newest first, and the cursor of the next page."""
    return _OWN.newest_first(reader, limit=limit, cursor=cursor, owner_id=owner_id)


def create_note(session: Session, owner: User, content: NoteContent) -> Note:
    """A new note of the owner's."""
    note = Note(owner_id=owner.id, **content.model_dump())
    session.add(note)
    session.flush()
    return note


def get_note(session: Session, owner: User, note_id: UUID) -> Note:
    """The owner's note with this id, or NotFound."""
    note = session.get(Note, note_id)
    if note is None or note.owner_id != owner.id:
        raise NotFound("You have no note with this id.")
    return note


def replace_note(session: Session, owner: User, note_id: UUID, content: NoteContent) -> Note:
    """The owner's note, holding what `content` says."""
    note = get_note(session, owner, note_id)
    note.title, note.body = content.title, content.body
    session.flush()
    return note


def delete_note(session: Session, owner: User, note_id: UUID) -> None:
    """The owner's note is gone."""
    session.delete(get_note(session, owner, note_id))
