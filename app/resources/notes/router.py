"""The notes routes."""

from uuid import UUID

from fastapi import Response

from app.access.guards import router as guarded_router
from app.database import DatabaseDep
from app.paging import Cursor, Limit, Page
from app.resources.notes import service
from app.resources.notes.guards import NotesRead, NotesWrite
from app.resources.notes.schemas import NoteContent, NoteView
from app.sessions.holders import holder_of, user_of

router = guarded_router(prefix="/notes", tags=["notes"])


@router.get("")
def list_notes(
    claims: NotesRead, database: DatabaseDep, limit: Limit = 20, cursor: Cursor = None
) -> Page[NoteView]:
    """Your notes, newest first."""
    with database.reading() as reader:
        owner_id = holder_of(reader, claims)
        notes, following = service.list_notes(reader, owner_id, limit=limit, cursor=cursor)
        return Page(items=[NoteView.of(note) for note in notes], next_cursor=following)


@router.post("", status_code=201)
def create_note(
    claims: NotesWrite, content: NoteContent, database: DatabaseDep, response: Response
) -> NoteView:
    """Write a note."""
    with database.transaction() as session:
        note = service.create_note(session, user_of(session, claims), content)
        # Relative, so that it holds under a stage prefix too.
        response.headers["Location"] = f"notes/{note.id}"
        return NoteView.of(note)


@router.get("/{note_id:id}")
def read_note(claims: NotesRead, note_id: UUID, database: DatabaseDep) -> NoteView:
    """One of your notes."""
    with database.transaction() as session:
        return NoteView.of(service.get_note(session, user_of(session, claims), note_id))


@router.put("/{note_id:id}")
def replace_note(
    claims: NotesWrite, note_id: UUID, content: NoteContent, database: DatabaseDep
) -> NoteView:
    """Put new content into one of your notes."""
    with database.transaction() as session:
        note = service.replace_note(session, user_of(session, claims), note_id, content)
        return NoteView.of(note)


@router.delete("/{note_id:id}", status_code=204)
def delete_note(claims: NotesWrite, note_id: UUID, database: DatabaseDep) -> None:
    """Delete one of your notes."""
    with database.transaction() as session:
        service.delete_note(session, user_of(session, claims), note_id)
