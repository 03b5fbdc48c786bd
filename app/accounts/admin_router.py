"""The accounts of others: see, change and delete them, and end their sessions."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from app.access.guards import router as guarded_router
from app.access.routes import RouteTable
from app.access.scopes import RoleBook
from app.accounts import administration, service
from app.accounts.guards import UsersRead, UsersWrite
from app.accounts.models import User
from app.accounts.recording import recorded
from app.accounts.schemas import RolesOfUser, UserChange, UserView
from app.audit.recording import Action
from app.clock import ClockDep
from app.database import DatabaseDep
from app.paging import Cursor, Limit, Page
from app.sessions.ending import Because, end_sessions_of_user
from app.sessions.holders import check_holder
from app.sessions.schemas import SessionView
from app.sessions.service import list_sessions
from app.tokens.claims import AccessClaims

router = guarded_router(prefix="/users", tags=["users"])


async def role_book(request: Request) -> RoleBook:
    """What each role holds, as the routes of this app declare it."""
    table: RouteTable = request.app.state.routes
    return table.roles


RoleBookDep = Annotated[RoleBook, Depends(role_book)]


@router.get("")
def list_users(
    claims: UsersRead, database: DatabaseDep, limit: Limit = 20, cursor: Cursor = None
) -> Page[UserView]:
    """All users, newest first."""
    with database.transaction() as session:
        check_holder(session, claims)
        users, following = service.list_users(session, limit=limit, cursor=cursor)
        return Page(items=[UserView.of(user) for user in users], next_cursor=following)


@router.get("/{user_id:id}")
def read_user(claims: UsersRead, user_id: UUID, database: DatabaseDep) -> UserView:
    """One user."""
    with database.transaction() as session:
        check_holder(session, claims)
        return UserView.of(service.get_user(session, user_id))


@router.patch("/{user_id:id}")
def change_user(
    claims: UsersWrite,
    user_id: UUID,
    change: UserChange,
    database: DatabaseDep,
    clock: ClockDep,
    book: RoleBookDep,
) -> UserView:
    """Change a user's name, keep him out or let him in again. Who is kept out is logged out.

    You can let nobody in again who has a role with a scope which your own token lacks.
    """
    given = change.model_fields_set
    with recorded(database, claims, user_id, *_actions(change)) as session:
        user = _held(session, claims, user_id)
        if "name" in given:
            user.name = change.name
        if "disabled" in given:
            if not change.disabled:
                administration.check_enabling(book, user, claims.scopes)
            administration.set_disabled(session, user, clock.now(), disabled=change.disabled)
        return UserView.of(user)


@router.delete("/{user_id:id}", status_code=204)
def delete_user(claims: UsersWrite, user_id: UUID, database: DatabaseDep, clock: ClockDep) -> None:
    """Delete a user and all that is his. He is logged out everywhere."""
    with recorded(database, claims, user_id, Action.USER_DELETE) as session:
        user = _held(session, claims, user_id)
        administration.delete_user(session, user, clock.now())


@router.put("/{user_id:id}/roles")
def replace_roles(
    claims: UsersWrite,
    user_id: UUID,
    given: RolesOfUser,
    database: DatabaseDep,
    clock: ClockDep,
    book: RoleBookDep,
) -> UserView:
    """Let a user hold these roles and no others. Where that is a change, he is logged out.

    You can give no role that has a scope which your own token lacks.
    """
    with recorded(database, claims, user_id, Action.USER_ROLES) as session:
        user = _held(session, claims, user_id)
        administration.check_grant(book, user, given.roles, claims.scopes)
        administration.set_roles(session, user, given.roles, clock.now())
        return UserView.of(user)


@router.get("/{user_id:id}/sessions")
def list_sessions_of_user(
    claims: UsersRead,
    user_id: UUID,
    database: DatabaseDep,
    clock: ClockDep,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[SessionView]:
    """Where a user is logged in, newest first."""
    with database.transaction() as session:
        check_holder(session, claims)
        user = service.get_user(session, user_id)
        found, following = list_sessions(session, user.id, clock.now(), limit=limit, cursor=cursor)
        items = [SessionView.of(auth, current=str(auth.id) == claims.sid) for auth in found]
        return Page(items=items, next_cursor=following)


@router.delete("/{user_id:id}/sessions", status_code=204)
def end_sessions(claims: UsersWrite, user_id: UUID, database: DatabaseDep, clock: ClockDep) -> None:
    """Log a user out everywhere."""
    with recorded(database, claims, user_id, Action.SESSIONS_END_ALL) as session:
        user = _held(session, claims, user_id)
        end_sessions_of_user(session, user.id, Because.ADMINISTRATOR, clock.now())


def _held(session: Session, claims: AccessClaims, user_id: UUID) -> User:
    """The user to change, or NotFound."""
    check_holder(session, claims)
    administration.hold(session, user_id)
    check_holder(session, claims)  # once more: the wait may have been for who shut the caller out
    return service.get_user(session, user_id)


def _actions(change: UserChange) -> list[Action]:
    """What a change does, for the audit; the name is nobody's business there."""
    actions = [Action.USER_CHANGE] if "name" in change.model_fields_set else []
    if "disabled" in change.model_fields_set:
        actions.append(Action.USER_DISABLE if change.disabled else Action.USER_ENABLE)
    return actions
