"""One's own account."""

from typing import Annotated

from fastapi import Response

from app.access.guards import router as guarded_router
from app.accounts import administration
from app.accounts.guards import AccountRead, AccountWrite
from app.accounts.password_change import PasswordChange
from app.accounts.password_workers import PasswordWorkersDep
from app.accounts.passwords import PasswordHasherDep
from app.accounts.recording import recorded
from app.accounts.schemas import AccountChange, NewPassword, UserView
from app.audit.recording import Action
from app.caller import CallerDep
from app.clock import ClockDep
from app.database import DatabaseDep
from app.parts import part
from app.sessions.holders import account_of, user_of
from app.sessions.login import Login
from app.sessions.transport import CookieWanted, take_back

router = guarded_router(prefix="/users/me", tags=["users"])


@router.get("")
def read_own_account(claims: AccountRead, database: DatabaseDep) -> UserView:
    """Your own account."""
    with database.reading() as reader:
        return UserView.of(account_of(reader, claims))


@router.patch("")
def change_own_account(
    claims: AccountWrite, change: AccountChange, database: DatabaseDep
) -> UserView:
    """Change your name, or with `null` have none. The address cannot be changed here."""
    with database.transaction() as session:
        user = user_of(session, claims)
        if "name" in change.model_fields_set:
            user.name = change.name
        return UserView.of(user)


@router.delete("", status_code=204)
def delete_own_account(
    claims: AccountWrite,
    database: DatabaseDep,
    clock: ClockDep,
    by_cookie: CookieWanted,
    response: Response,
) -> None:
    """Delete your account and all that is yours. You are logged out everywhere."""
    with recorded(database, claims, claims.sub, Action.USER_DELETE) as session:
        administration.hold(session, user_of(session, claims).id)
        administration.delete_user(session, user_of(session, claims), clock.now())
    take_back(response, by_cookie=by_cookie)


@router.put("/password", status_code=204)
async def change_own_password(
    claims: AccountWrite,
    change: NewPassword,
    database: DatabaseDep,
    login: Annotated[Login, part(Login)],
    passwords: PasswordHasherDep,
    workers: PasswordWorkersDep,
    clock: ClockDep,
    caller: CallerDep,
    by_cookie: CookieWanted,
    response: Response,
) -> None:
    """Change your password. You are logged out everywhere, here too: log in with the new one."""
    changing = PasswordChange(database, login, passwords, clock)
    await workers.run(changing, claims, change.current_password, change.new_password, caller)
    take_back(response, by_cookie=by_cookie)
