"""What can be done with users."""

import logging
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.models import User, UserRole
from app.errors import EmailTaken, InvalidToken, UserRequired
from app.paging import newest_first
from app.tokens.claims import AccessClaims
from app.tokens.errors import quoted

_LOG = logging.getLogger("ostiary.accounts")


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


def find_login(session: Session, email: str) -> tuple[UUID, str] | None:
    """Id and password hash of the user with this address: one query, whether he is there or not."""
    row = session.execute(select(User.id, User.password_hash).where(User.email == email)).first()
    return None if row is None else (row.id, row.password_hash)


def roles_of(session: Session, user_id: UUID) -> Sequence[str]:
    """The names of the roles that a user holds."""
    return session.scalars(select(UserRole.name).where(UserRole.user_id == user_id)).all()


def replace_hash(session: Session, *, old: str, new: str) -> None:
    """Put a hash made with today's parameters where `old` stands, unless it changed meanwhile."""
    session.execute(update(User).where(User.password_hash == old).values(password_hash=new))


def user_of(session: Session, claims: AccessClaims) -> User:
    """The user whose token this is.

    UserRequired for a token whose `sub` is no user's; InvalidToken where the user is gone.
    """
    try:
        user_id = UUID(claims.sub)
    except ValueError:
        _log_refusal(UserRequired.code, claims)
        raise UserRequired("This belongs to users, and the token is not a user's.") from None
    user = session.get(User, user_id)
    if user is None:
        _log_refusal("user_gone", claims)
        raise InvalidToken
    return user


def _log_refusal(code: str, claims: AccessClaims) -> None:
    """Why a token that is good does not do here (docs/reasons.md)."""
    extra = {"code": code, "sub": claims.sub}
    _LOG.info("refused: %s: %s", code, quoted(claims.sub), extra=extra)


def list_users(
    session: Session, *, limit: int, cursor: str | None
) -> tuple[Sequence[User], str | None]:
    """A page of all users, newest first."""
    return newest_first(session, select(User), User, limit=limit, cursor=cursor)
