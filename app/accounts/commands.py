"""`ostiary users`: users, straight in the database, for who may do everything."""

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.scopes import Role
from app.accounts import administration, service
from app.accounts.common_passwords import not_guessable
from app.accounts.emails import normalise_email
from app.accounts.models import User
from app.accounts.passwords import PasswordHasher, normalise_password
from app.audit.recording import OPERATOR, Action, record
from app.clock import Clock
from app.database import opened_database
from app.sessions.ending import Because, end_sessions_of_user
from app.settings import SettingsError, load_settings

T = TypeVar("T")

users = typer.Typer(no_args_is_help=True, help="Users, straight in the database.")


@users.command("create")
def create_user(
    email: str,
    password: Annotated[str | None, typer.Option(help="Asked for when not given.")] = None,
    role: Annotated[list[Role] | None, typer.Option(help="May be given several times.")] = None,
) -> None:
    """Make a user. A password that is not given is asked for, or read from standard input."""
    with _transaction() as session:
        address = _spelled(normalise_email, email)
        secret = _new_password(password, address)
        user = service.create_user(
            session,
            email=address,
            password_hash=PasswordHasher().hash(secret),
            roles=sorted(set(role or [Role.MEMBER])),
        )
        record(session, Action.USER_CREATE, actor=OPERATOR, target=user.id)
        typer.echo(f"Made {user.email}, {', '.join(user.role_names)}, with the id {user.id}.")


@users.command("list")
def list_users() -> None:
    """Show each user, oldest first: the address, the id, the roles, and who is disabled."""
    with _transaction() as session:
        everybody = select(User).order_by(User.created_at, User.id)
        for user in session.scalars(everybody).yield_per(500):
            disabled = "" if user.disabled_at is None else ", disabled"
            roles = ", ".join(user.role_names) or "no role"
            typer.echo(f"{user.email}  {user.id}  {roles}{disabled}")


@users.command("disable")
def disable_user(email: str) -> None:
    """Keep a user out, and log him out everywhere."""
    _set_disabled(email, disabled=True)


@users.command("enable")
def enable_user(email: str) -> None:
    """Let a user in again."""
    _set_disabled(email, disabled=False)


@users.command("set-roles")
def set_roles(email: str, role: list[Role]) -> None:
    """Let a user hold these roles and no others. Where that is a change, he is logged out."""
    with _transaction() as session:
        user = _held(session, email)
        changed = administration.set_roles(session, user, role, Clock().now())
        held = ", ".join(user.role_names)
        if changed:
            record(session, Action.USER_ROLES, actor=OPERATOR, target=user.id)
    typer.echo(f"{user.email} {'now holds' if changed else 'held already'} {held}.")


@users.command("set-password")
def set_password(
    email: str,
    password: Annotated[str | None, typer.Option(help="Asked for when not given.")] = None,
) -> None:
    """Give a user another password, and log him out everywhere.

    A password that is not given is asked for, or read from standard input.
    """
    address = _spelled(normalise_email, email)
    new_hash = PasswordHasher().hash(_new_password(password, address))
    with _transaction() as session:
        user = _held(session, email)
        user.password_hash = new_hash
        end_sessions_of_user(session, user.id, Because.PASSWORD_CHANGED, Clock().now())
        record(session, Action.PASSWORD_CHANGE, actor=OPERATOR, target=user.id)
    typer.echo(f"{user.email} has another password, and is logged out everywhere.")


def _set_disabled(email: str, *, disabled: bool) -> None:
    with _transaction() as session:
        user = _held(session, email)
        changed = administration.set_disabled(session, user, Clock().now(), disabled=disabled)
        if changed:
            action = Action.USER_DISABLE if disabled else Action.USER_ENABLE
            record(session, action, actor=OPERATOR, target=user.id)
    state = "disabled" if disabled else "enabled"
    typer.echo(f"{user.email} is {state}{'' if changed else ' already'}.")


def _held(session: Session, email: str) -> User:
    user_id = service.id_of(session, _spelled(normalise_email, email))
    administration.hold(session, user_id)
    return service.get_user(session, user_id)


@contextmanager
def _transaction() -> Iterator[Session]:
    with opened_database(load_settings()) as database, database.transaction() as session:
        yield session


def _spelled(normalise: Callable[[str], T], text: str) -> T:
    try:
        return normalise(text)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _new_password(password: str | None, address: str) -> str:
    secret = _spelled(normalise_password, password or _read_password())
    issuer = load_settings().issuer
    return _spelled(lambda text: not_guessable(text, address, issuer), secret)


def _read_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    line = sys.stdin.readline()
    if not line:
        raise SettingsError("a password was expected on standard input: `<<< 'the password'`")
    return line.rstrip("\n")
