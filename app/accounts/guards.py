"""Who may call the account routes."""

from typing import Annotated

from app.access.guards import guarded_by
from app.access.scopes import Scope
from app.tokens.claims import AccessClaims

ACCOUNT_READ = Scope("account:read", "See your own account.", for_members=True)
USERS_READ = Scope("users:read", "See all users.")

AccountRead = Annotated[AccessClaims, guarded_by(ACCOUNT_READ)]
UsersRead = Annotated[AccessClaims, guarded_by(USERS_READ)]
