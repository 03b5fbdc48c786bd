"""Who may read the audit."""

from typing import Annotated

from app.access.guards import guarded_by
from app.access.scopes import Scope
from app.tokens.claims import AccessClaims

READ = Scope("audit:read", "See who did what, when and from where.")

AuditRead = Annotated[AccessClaims, guarded_by(READ)]
