"""The login: credentials in, the first tokens of a session out."""

import logging
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from app.access.scopes import RoleBook
from app.accounts import service as accounts
from app.accounts.emails import normalise_email
from app.accounts.passwords import PasswordHasher, Verdict, normalise_password
from app.accounts.service import KnownLogin
from app.attempts.attempts import Attempt, Attempts
from app.attempts.keys import Kind
from app.audit.recording import Action, record_failure
from app.caller import Caller
from app.database import Database
from app.errors import InvalidCredentials
from app.sessions.beginning import Beginning
from app.sessions.schemas import Credentials, TokenResponse
from app.telemetry import Metric, count, note

_LOG = logging.getLogger("ostiary.sessions")


class Proven(NamedTuple):
    """Whose password was right, and the attempt, of which the transaction that acts on it tells
    `Attempts.succeeded`."""

    known: KnownLogin
    attempt: Attempt


@dataclass(frozen=True)
class Login:
    """Credentials in, tokens out. It hashes: run it in the password workers."""

    database: Database
    attempts: Attempts
    passwords: PasswordHasher
    roles: RoleBook
    beginning: Beginning

    def __call__(self, credentials: Credentials, caller: Caller) -> TokenResponse:
        """Tokens with all the scopes of the user's roles; refusals as in `check`."""
        known, attempt = self.check(credentials.username, credentials.password, caller)
        if self.passwords.outdated(known.password_hash):
            self._rehash(known, credentials.password)
        with self.database.transaction() as session:
            self.attempts.succeeded(session, attempt)
            scopes = self.roles.scopes_of(accounts.roles_of(session, known.user_id))
            place = self.beginning.take_place(session)
        tokens = self.beginning.for_user(known, scopes, place, caller)
        count(Metric.LOGINS)
        note(sub=str(known.user_id))
        return tokens

    def check(
        self,
        username: str,
        password: str,
        caller: Caller,
        action: Action = Action.LOGIN,
        actor: UUID | None = None,
    ) -> Proven:
        """Whose address and password these are.

        TooManyAttempts before anything is compared, InvalidCredentials after it, never saying why.
        Whoever tries a password, for whatever purpose, does it here. An unknown or disabled user
        costs what another does: the same queries and one comparison. No transaction is open
        while the password is compared, and what is reserved for the attempt is committed by then.
        """
        name = _name(username)
        with self.database.transaction() as session:
            attempt = self.attempts.reserve(session, Kind.PASSWORD, name, caller)
            known = accounts.find_login(session, name)
        verdict = self.passwords.compare(password, known.password_hash if known else None)
        if known and verdict is Verdict.FITS and not known.disabled:
            return Proven(known, attempt)
        who, why = known.user_id if known else None, _why(known, verdict)
        with self.database.transaction() as session:
            self.attempts.failed(session, attempt)
            record_failure(session, action, why, actor=actor, target=who)
        count(Metric.LOGINS_FAILED)
        note(code=why)
        _LOG.info("refused: %s: %s", why, who, extra={"code": why, "user_id": who and str(who)})
        raise InvalidCredentials("The e-mail address or the password is wrong.")

    def _rehash(self, known: KnownLogin, password: str) -> None:
        new = self.passwords.hash(normalise_password(password))
        with self.database.transaction() as session:
            accounts.replace_hash(session, known.user_id, old=known.password_hash, new=new)


def _why(known: KnownLogin | None, verdict: Verdict) -> str:
    """The reason of a refusal, which nobody but operators is told (docs/reasons.md)."""
    if known is None:
        return "unknown_address"
    if verdict is Verdict.DAMAGED:
        return "password_hash_damaged"
    return "user_disabled" if verdict is Verdict.FITS else "wrong_password"


def _name(username: str) -> str:
    """The address in its one spelling. What is none is nobody's, and costs what an address does."""
    try:
        return normalise_email(username)
    except ValueError:
        return ""
