"""Who may see and end sessions."""

from typing import Annotated

from app.access.guards import guarded_by
from app.access.scopes import Scope
from app.tokens.claims import AccessClaims

READ = Scope("sessions:read", "See where you are logged in.", for_members=True)
WRITE = Scope("sessions:write", "End your sessions.", for_members=True)

SessionsRead = Annotated[AccessClaims, guarded_by(READ)]
SessionsWrite = Annotated[AccessClaims, guarded_by(WRITE)]
