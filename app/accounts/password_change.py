"""A new password in the place of one's current one."""

import logging
from dataclasses import dataclass

from app.accounts import service
from app.accounts.common_passwords import not_guessable
from app.accounts.passwords import PasswordHasher
from app.audit.recording import Action, record
from app.caller import Caller
from app.clock import Clock
from app.database import Database
from app.errors import InvalidCredentials, InvalidRequest, WrongPassword
from app.sessions.ending import Because, end_sessions_of_user
from app.sessions.holders import user_of
from app.sessions.login import Login
from app.tokens.claims import AccessClaims
from app.tokens.errors import quoted

_LOG = logging.getLogger("ostiary.accounts")


@dataclass(frozen=True)
class PasswordChange:
    """Changes passwords. It hashes twice: run it in the password workers."""

    database: Database
    login: Login
    passwords: PasswordHasher
    clock: Clock

    def __call__(self, claims: AccessClaims, current: str, new: str, caller: Caller) -> None:
        """Let `new` be the password of the token's user, and end all his sessions.

        WrongPassword where `current` is not his password, or no longer when it comes to it: of two
        changes at once one is done. InvalidRequest where `new` is made of his address. The attempt
        counts as a login's, and may be refused as one; no transaction is open meanwhile.
        """
        with self.database.transaction() as session:
            user = user_of(session, claims)
        try:
            not_guessable(new, user.email, claims.iss)
        except ValueError as error:
            raise InvalidRequest({"body.new_password": str(error)}) from None
        try:
            known, attempt = self.login.check(
                user.email, current, caller, Action.PASSWORD_CHANGE, actor=user.id
            )
        except InvalidCredentials:
            raise _refused(claims) from None
        new_hash = self.passwords.hash(new)
        with self.database.transaction() as session:
            user = user_of(session, claims)
            if not service.replace_hash(session, user.id, old=known.password_hash, new=new_hash):
                raise _refused(claims)
            self.login.attempts.succeeded(session, attempt)
            end_sessions_of_user(session, user.id, Because.PASSWORD_CHANGED, self.clock.now())
            record(session, Action.PASSWORD_CHANGE, actor=user.id, target=user.id)
        _LOG.info("password changed by user %s", user.id, extra={"sub": claims.sub})


def _refused(claims: AccessClaims) -> WrongPassword:
    code = WrongPassword.code
    _LOG.info("refused: %s: %s", code, quoted(claims.sub), extra={"code": code, "sub": claims.sub})
    return WrongPassword("The current password is not the one that came.")
