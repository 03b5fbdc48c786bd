"""The login: credentials in, the first tokens of a session out."""

from dataclasses import dataclass

from app.access.scopes import RoleBook
from app.accounts import service as accounts
from app.accounts.emails import normalise_email
from app.accounts.passwords import PasswordHasher, normalise_password
from app.accounts.service import KnownLogin
from app.database import Database
from app.errors import InvalidCredentials
from app.sessions.beginning import Beginning
from app.sessions.caller import Caller
from app.sessions.schemas import Credentials, TokenResponse


@dataclass(frozen=True)
class Login:
    """Credentials in, tokens out. It hashes: run it in a hashing slot."""

    database: Database
    passwords: PasswordHasher
    roles: RoleBook
    beginning: Beginning

    def __call__(self, credentials: Credentials, caller: Caller) -> TokenResponse:
        """Tokens with all the scopes of the user's roles; InvalidCredentials as in `check`."""
        known = self.check(credentials.username, credentials.password)
        if self.passwords.outdated(known.password_hash):
            self._rehash(known, credentials.password)
        with self.database.transaction() as session:
            scopes = self.roles.scopes_of(accounts.roles_of(session, known.user_id))
        return self.beginning.for_user(known.user_id, known.session_epoch, scopes, caller)

    def check(self, username: str, password: str) -> KnownLogin:
        """Whose address and password these are; InvalidCredentials, never saying why.

        Whoever tries a password, for whatever purpose, does it here. Up to the verdict an unknown
        or disabled user costs what another does: one query and one comparison. No transaction is
        open while the password is compared.
        """
        known = self._look_up(username)
        matches = self.passwords.verify(password, known and known.password_hash)
        if not matches or known is None or known.disabled:
            raise InvalidCredentials("The e-mail address or the password is wrong.")
        return known

    def _look_up(self, username: str) -> KnownLogin | None:
        try:
            email = normalise_email(username)
        except ValueError:
            email = ""  # no user has it, and the look-up costs what it always costs
        with self.database.transaction() as session:
            return accounts.find_login(session, email)

    def _rehash(self, known: KnownLogin, password: str) -> None:
        new = self.passwords.hash(normalise_password(password))
        with self.database.transaction() as session:
            accounts.replace_hash(session, known.user_id, old=known.password_hash, new=new)
