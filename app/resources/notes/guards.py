"""Who may call the notes routes."""

from typing import Annotated

from app.access.guards import guarded_by
from app.access.scopes import Scope
from app.tokens.claims import AccessClaims

READ = Scope("notes:read", "Read your notes.", for_members=True)
WRITE = Scope("notes:write", "Write, change and delete your notes.", for_members=True)

NotesRead = Annotated[AccessClaims, guarded_by(READ)]
NotesWrite = Annotated[AccessClaims, guarded_by(WRITE)]
