"""What can be done with sessions."""

import time
from dataclasses import dataclass
from uuid import UUID

from app.access.scopes import RoleBook
from app.accounts import service as accounts
from app.accounts.emails import normalise_email
from app.accounts.passwords import PasswordHasher, normalise_password
from app.database import Database
from app.errors import InvalidCredentials
from app.sessions.schemas import Credentials, TokenResponse
from app.tokens.issue import Issuer

FIRST_PARTY_CLIENT = "ostiary"


@dataclass(frozen=True)
class Login:
    """Credentials in, an access token out. It hashes: run it in a hashing slot."""

    database: Database
    passwords: PasswordHasher
    issuer: Issuer
    roles: RoleBook

    def __call__(self, credentials: Credentials) -> TokenResponse:
        """A token with all the scopes of the user's roles; InvalidCredentials, never saying why.

        Up to the verdict an unknown user costs what a known one does: one query and one comparison.
        No transaction is open while the password is compared.
        """
        user_id, stored = self._look_up(credentials.username)
        matches = self.passwords.verify(credentials.password, stored)
        if not matches or user_id is None or stored is None:
            raise InvalidCredentials("The e-mail address or the password is wrong.")
        if self.passwords.outdated(stored):
            self._rehash(credentials, stored)
        with self.database.transaction() as session:
            scopes = self.roles.scopes_of(accounts.roles_of(session, user_id))
        token = self.issuer.issue(
            sub=str(user_id),
            client_id=FIRST_PARTY_CLIENT,
            scopes=scopes,
            auth_time=int(time.time()),
            amr=("pwd",),
        )
        return TokenResponse(
            access_token=token,
            expires_in=self.issuer.lifetime,
            scope=" ".join(sorted(scopes)),
        )

    def _look_up(self, username: str) -> tuple[UUID | None, str | None]:
        try:
            email = normalise_email(username)
        except ValueError:
            email = ""  # no user has it, and the look-up costs what it always costs
        with self.database.transaction() as session:
            return accounts.find_login(session, email) or (None, None)

    def _rehash(self, credentials: Credentials, stored: str) -> None:
        replacement = self.passwords.hash(normalise_password(credentials.password))
        with self.database.transaction() as session:
            accounts.replace_hash(session, old=stored, new=replacement)
