"""What can be done with users."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, literal_column, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.models import User, UserRole
from app.database import rows_changed, table_of
from app.errors import EmailTaken, NotFound
from app.paging import newest_first


def create_user(session: Session, *, email: str, password_hash: str, roles: Iterable[str]) -> User:
    """A new user; EmailTaken when the address has an account, also one made in this instant."""
    user = User(email=email, password_hash=password_hash)
    user.roles = [UserRole(name=role) for role in roles]
    session.add(user)
    try:
        session.flush()
    except IntegrityError:
        raise EmailTaken("There is an account for this e-mail address.") from None
    return user


class Account(NamedTuple):
    """What a user is shown of an account."""

    id: UUID
    email: str
    name: str | None
    created_at: datetime
    disabled_at: datetime | None
    roles: str | None

    @property
    def role_names(self) -> list[str]:
        """The roles' names, sorted."""
        return sorted((self.roles or "").split())


# As a plain string it would be put into the text of the query each time.
_BETWEEN_ROLES: Any = literal_column("' '")
ACCOUNT = (
    User.id,
    User.email,
    User.name,
    User.created_at,
    User.disabled_at,
    select(func.aggregate_strings(UserRole.name, _BETWEEN_ROLES))
    .where(UserRole.user_id == User.id)
    .correlate(User)
    .scalar_subquery(),
)


class KnownLogin(NamedTuple):
    """What a login needs of the user with an address. `session_epoch` as in models.User."""

    user_id: UUID
    password_hash: str
    session_epoch: int
    disabled: bool


def find_login(session: Session, email: str) -> KnownLogin | None:
    """Of the user with this address: one query, whether he is there or not."""
    row = session.execute(_LOGIN, {"address": email}).first()
    return None if row is None else KnownLogin(*row)


def roles_of(session: Session, user_id: UUID) -> Sequence[str]:
    """The names of the roles that a user holds."""
    return session.scalars(_ROLES, {"of_user": user_id}).all()


_USERS, _USER_ROLES = table_of(User).c, table_of(UserRole).c
_LOGIN = select(
    _USERS.id, _USERS.password_hash, _USERS.session_epoch, _USERS.disabled_at.is_not(None)
).where(_USERS.email == bindparam("address"))
_ROLES = select(_USER_ROLES.name).where(_USER_ROLES.user_id == bindparam("of_user"))


def replace_hash(session: Session, user_id: UUID, *, old: str, new: str) -> bool:
    """Put another hash where `old` stands, unless it changed meanwhile; whether it was done."""
    replaced = rows_changed(
        session,
        update(User).where(User.id == user_id, User.password_hash == old).values(password_hash=new),
    )
    return replaced == 1


def get_user(session: Session, user_id: UUID) -> User:
    """The user with this id, or NotFound."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("There is no user with this id.")
    return user


def id_of(session: Session, email: str) -> UUID:
    """The id of the user with this address in its one spelling, or NotFound."""
    user_id = session.scalar(select(User.id).where(User.email == email))
    if user_id is None:
        raise NotFound("There is no user with this address.")
    return user_id


def list_users(
    session: Session, *, limit: int, cursor: str | None
) -> tuple[Sequence[User], str | None]:
    """A page of all users, newest first."""
    return newest_first(session, select(User), User, limit=limit, cursor=cursor)
