"""The first start on a laptop: a key, a database, an administrator. A second changes nothing."""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.scopes import Role
from app.accounts import service as accounts
from app.accounts.administration import hold
from app.accounts.models import IS_ADMINISTRATORS, UserRole
from app.accounts.passwords import PasswordHasher
from app.audit.recording import OPERATOR, Action, record
from app.database import Database, opened_database
from app.keys.file_store import write_first_key
from app.migrate import migrate
from app.settings import Settings
from app.tokens.aws_sources import open_signing_keys
from app.tokens.generate import DEFAULT_ALG
from app.tokens.key_sources import check_path

ADMIN_EMAIL = "admin@localhost"
NOBODY = UUID(int=0)  # whose row is not there to be held: the lock of all administrators remains
_PASSWORD_BYTES = 18


def prepare(settings: Settings, say: Callable[[str], None]) -> None:
    """Make what is missing, and say each thing made."""
    scheme, _, path = settings.keys.partition(":")
    if scheme == "file" and not os.path.lexists(check_path(path)):
        key_file = Path(path)
        kid = write_first_key(key_file, DEFAULT_ALG)
        if kid:  # else another start was faster, and its key is as good
            say(f"Made an {DEFAULT_ALG} key, {kid}, in {key_file}.")
    # A key set that must be refused is refused before anything is made.
    open_signing_keys(settings.keys).current()
    say(migrate(settings, say=say))
    _first_administrator(settings, say)


def _first_administrator(settings: Settings, say: Callable[[str], None]) -> None:
    with opened_database(settings) as database:
        if is_administered(database):
            return
        # A password is shown to a person at a terminal, and never to a log.
        if not sys.stdout.isatty():
            say(
                "There is no administrator yet. Make one: "
                f".venv/bin/ostiary users create {ADMIN_EMAIL} --role {Role.ADMIN} "
                "<<< 'a long password'"
            )
            return
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        made = make_first_administrator(database, ADMIN_EMAIL, PasswordHasher().hash(password))
    if made:
        say(
            f"Made the first administrator, {ADMIN_EMAIL}. The password, shown only now: {password}"
        )


def is_administered(database: Database) -> bool:
    """Whether anybody is an administrator."""
    with database.transaction() as session:
        return _has_administrator(session)


def make_first_administrator(database: Database, email: str, password_hash: str) -> bool:
    """A user who may do everything; nobody, and False, where there is an administrator already.

    Of several at the same instant one makes him. EmailTaken where the address is somebody's.
    """
    with database.transaction() as session:
        hold(session, NOBODY)
        if _has_administrator(session):
            return False
        roles = [Role.MEMBER, Role.ADMIN]
        user = accounts.create_user(session, email=email, password_hash=password_hash, roles=roles)
        record(session, Action.USER_CREATE, actor=OPERATOR, target=user.id)
        return True


def _has_administrator(session: Session) -> bool:
    found = session.scalar(select(UserRole).where(IS_ADMINISTRATORS).limit(1))
    return found is not None
