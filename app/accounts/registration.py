"""Registration: somebody makes an account of his own."""

from dataclasses import dataclass

from app.access.scopes import Role
from app.accounts import service
from app.accounts.common_passwords import not_guessable
from app.accounts.passwords import PasswordHasher
from app.accounts.schemas import NewUser, UserView
from app.attempts.attempts import Attempts
from app.attempts.keys import Kind
from app.audit.recording import Action, record, record_failure
from app.caller import Caller
from app.database import Database
from app.errors import EmailTaken, InvalidRequest


@dataclass(frozen=True)
class Registration:
    """Makes members. It hashes: run it in the password workers."""

    database: Database
    attempts: Attempts
    passwords: PasswordHasher
    issuer: str

    def __call__(self, new: NewUser, caller: Caller) -> UserView:
        """The new account; TooManyAttempts before anything is hashed, EmailTaken after it.

        InvalidRequest for a password that is guessed among the first, before anything is counted.
        Every other registration counts, whether it succeeds or not: what is limited is how many
        addresses a stranger learns about.
        """
        try:
            not_guessable(new.password, new.email, self.issuer)
        except ValueError as error:
            raise InvalidRequest({"body.password": str(error)}) from None
        with self.database.transaction() as session:
            self.attempts.reserve(session, Kind.REGISTRATION, new.email, caller)
        password_hash = self.passwords.hash(new.password)
        try:
            with self.database.transaction() as session:
                user = service.create_user(
                    session, email=new.email, password_hash=password_hash, roles=[Role.MEMBER]
                )
                record(session, Action.USER_CREATE, actor=user.id, target=user.id)
                return UserView.of(user)
        except EmailTaken as refused:
            with self.database.transaction() as session:
                record_failure(session, Action.USER_CREATE, refused.code)
            raise
