"""What ends or changes a user's rights. Each of it ends his sessions in the same transaction.

Whoever calls these holds the user first, and then looks anew at whether he may do it: two
administrators who do it to each other at the same instant come one after the other.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.access.scopes import Role, RoleBook
from app.accounts.models import IS_ADMINISTRATORS, User, UserRole
from app.database import rows_changed
from app.errors import LastAdministrator, ScopeNotHeld
from app.sessions.ending import Because, end_sessions_of_user, forget_callers
from app.time_limits import allow_seconds

# Any number, as long as it is always the same, and another than that of the migrations.
ADMINISTRATION_LOCK = 0x0571A22
DELETION_SECONDS = 12  # of the 20 that the app has on Lambda


def hold(session: Session, user_id: UUID) -> None:
    """Let nobody else change this user, or administrators, until the transaction ends.

    One lock for all comes first, so that nobody waits in a circle. The user is locked as for
    deleting: a weaker lock made stronger later would meet a login half way.
    """
    if _is_postgresql(session):
        # Not the administrators' rows one by one: one more of them during the wait would have to
        # be locked out of order.
        session.execute(select(func.pg_advisory_xact_lock(ADMINISTRATION_LOCK)))
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    # SQLite knows no such locks: there, whoever writes keeps all other writers out.
    rows_changed(
        session, update(User).where(User.id == user_id).values(session_epoch=User.session_epoch)
    )
    session.expire_all()  # what was read before the wait may be over


def set_disabled(session: Session, user: User, now: datetime, *, disabled: bool) -> bool:
    """Keep a user out, or let him in again; whether that is a change.

    LastAdministrator where nobody would be left. What was ended stays ended.
    """
    if disabled == (user.disabled_at is not None):
        return False
    if disabled:
        end_sessions_of_user(session, user.id, Because.USER_DISABLED, now)
    counted = _administers(user)
    user.disabled_at = now if disabled else None
    _flush_and_count(session, counted=counted)
    return True


def set_roles(session: Session, user: User, roles: Iterable[str], now: datetime) -> bool:
    """Let a user hold these roles and no others; whether that is a change.

    LastAdministrator where nobody would be left.
    """
    wanted = set(roles)
    if wanted == set(user.role_names):
        return False
    end_sessions_of_user(session, user.id, Because.ROLES_CHANGED, now)
    counted = _administers(user)
    kept = [role for role in user.roles if role.name in wanted]
    new = wanted - set(user.role_names)
    user.roles = [*kept, *(UserRole(name=name) for name in sorted(new))]
    _flush_and_count(session, counted=counted)
    return True


def check_grant(book: RoleBook, user: User, roles: Iterable[str], held: frozenset[str]) -> None:
    """ScopeNotHeld where a role that he does not hold yet has a scope that is not in `held`."""
    _check_held(book.scopes_of(set(roles) - set(user.role_names)), held)


def check_enabling(book: RoleBook, user: User, held: frozenset[str]) -> None:
    """ScopeNotHeld where he is disabled, and one of his roles has a scope that is not in `held`.

    To let him in again is to give him his roles back.
    """
    if user.disabled_at is not None:
        _check_held(book.scopes_of(user.role_names), held)


def delete_user(session: Session, user: User, now: datetime) -> None:
    """Delete a user and what is his; LastAdministrator where nobody would be left.

    His sessions stay, ended and nobody's, until no token of them is alive: the edge reads of them.
    """
    # Every row of his is touched: his notes, his sessions not pruned yet.
    allow_seconds(session, DELETION_SECONDS)
    end_sessions_of_user(session, user.id, Because.USER_DELETED, now)
    forget_callers(session, user.id)
    counted = _administers(user)
    rows_changed(session, delete(User).where(User.id == user.id))
    _flush_and_count(session, counted=counted)


def _check_held(scopes: frozenset[str], held: frozenset[str]) -> None:
    if lacking := sorted(scopes - held):
        raise ScopeNotHeld(
            f"Nobody grants what he lacks, and the access token lacks {', '.join(lacking)}."
        )


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _administers(user: User) -> bool:
    return user.disabled_at is None and Role.ADMIN in user.role_names


def _flush_and_count(session: Session, *, counted: bool) -> None:
    """LastAdministrator, and with it nothing is done, where one was there and none is left."""
    session.flush()
    left = (
        select(UserRole.user_id)
        .join(User, User.id == UserRole.user_id)
        .where(IS_ADMINISTRATORS, User.disabled_at.is_(None))
        .limit(1)
    )
    if counted and session.scalar(left) is None:
        raise LastAdministrator("Nobody would be left to administrate. Make another one first.")
