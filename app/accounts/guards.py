"""Who may call the account routes."""

from typing import Annotated

from app.access.guards import guarded_by
from app.access.scopes import Scope
from app.tokens.claims import AccessClaims

ACCOUNT_READ = Scope("account:read", "See your own account.", for_members=True)
ACCOUNT_WRITE = Scope("account:write", "Change and delete your own account.", for_members=True)
USERS_READ = Scope("users:read", "See all users.")
USERS_WRITE = Scope("users:write", "Change, disable and delete users, and end their sessions.")

AccountRead = Annotated[AccessClaims, guarded_by(ACCOUNT_READ)]
AccountWrite = Annotated[AccessClaims, guarded_by(ACCOUNT_WRITE)]
UsersRead = Annotated[AccessClaims, guarded_by(USERS_READ)]
UsersWrite = Annotated[AccessClaims, guarded_by(USERS_WRITE)]
