"""A house under attack: its clock stands, passwords cost nothing, and comparisons are counted."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.access.scopes import Role
from app.accounts.passwords import PasswordHasher, Verdict
from app.accounts.registration import Registration
from app.accounts.schemas import NewUser
from app.accounts.service import create_user
from app.attempts.limits import Quota
from app.attempts.models import AttemptCounter
from app.caller import Caller
from app.errors import DomainError, EmailTaken, InvalidCredentials, TooManyAttempts
from app.parts import find
from app.sessions.login import Login
from app.sessions.schemas import Credentials
from tests.app.sessions.house import House
from tests.support import ISSUER, PASSWORD

OWNER = "owner@example.com"
HOME, ELSEWHERE = "192.0.2.7", "198.51.100.7"
A_RANGE, EVERYWHERE = 4, 6  # the tight quotas
WRONG_PASSWORD = "an entirely wrong password"
Verdicts = tuple[int, int | None]
IN: Verdicts = (200, None)
WRONG: Verdicts = (401, None)


def wait(seconds: int) -> Verdicts:
    """Refused, to come again after so long."""
    return 429, seconds


@dataclass
class CountingHasher(PasswordHasher):
    """Stores passwords as they are; `evaluations` is what would have been hashed."""

    evaluations: list[str] = field(default_factory=list)

    def hash(self, password: str) -> str:
        self.evaluations.append(password)
        return password

    def compare(self, text: str, stored: str | None) -> Verdict:
        self.evaluations.append(text)
        return Verdict.FITS if text == stored else Verdict.FAILS

    def outdated(self, stored: str) -> bool:
        return False


@dataclass
class Siege(House):
    """Those inside log in, those outside guess."""

    hasher: CountingHasher = field(default_factory=CountingHasher)
    everywhere: Quota | None = None

    def open(self, **changes: Any) -> FastAPI:
        app = super().open(**changes)
        parts = app.state.parts
        parts[PasswordHasher] = self.hasher
        for kind in (Login, Registration):
            parts[kind] = replace(parts[kind], passwords=self.hasher)
        return app

    @property
    def evaluations(self) -> int:
        return len(self.hasher.evaluations)

    def account(self, email: str = OWNER, *, disabled: bool = False) -> UUID:
        """Whose password is PASSWORD."""
        with self.database.transaction() as session:
            user = create_user(session, email=email, password_hash=PASSWORD, roles=[Role.MEMBER])
            user.disabled_at = datetime.now(UTC) if disabled else None
            return user.id

    def guess(
        self,
        email: str = OWNER,
        password: str = WRONG_PASSWORD,
        address: str | None = ELSEWHERE,
        app: FastAPI | None = None,
    ) -> Verdicts:
        """What a login comes to, without HTTP around it: its status, and for how long to wait."""
        login = find(app or self.app, Login)
        if self.everywhere:
            login = replace(login, attempts=replace(login.attempts, everywhere=self.everywhere))
        try:
            login(Credentials(username=email, password=password), Caller(address))
        except (InvalidCredentials, TooManyAttempts) as refused:
            return _verdict(refused)
        return IN

    def register(self, email: str, address: str = ELSEWHERE) -> int:
        """The status that a registration comes to."""
        registration = find(self.app, Registration)
        if self.everywhere:
            counting = replace(registration.attempts, everywhere=self.everywhere)
            registration = replace(registration, attempts=counting)
        try:
            registration(NewUser(email=email, password=PASSWORD), Caller(address))
        except (EmailTaken, TooManyAttempts) as refused:
            return refused.status
        return 201

    def log_in(self, address: str | None = HOME, email: str = OWNER) -> Verdicts:
        """The owner, who knows his password."""
        return self.guess(email, PASSWORD, address)

    def delay(self, tries: int = 5, email: str = OWNER, address: str | None = ELSEWHERE) -> None:
        """Wrong passwords until there have been so many, each as soon as it may be."""
        for _ in range(tries):
            status, seconds = self.guess(email, address=address)
            if status == 429:
                self.clock.move(seconds or 0)
                assert self.guess(email, address=address) == WRONG

    def counters(self) -> list[tuple[Any, ...]]:
        """All that is remembered of attempts."""
        return self.rows()[AttemptCounter.__tablename__]

    def http(self, address: str | None = ELSEWHERE) -> TestClient:
        """Speaks HTTP from an address."""
        peer: Any = None if address is None else (address, 50_000)
        return TestClient(self.app, base_url=ISSUER, client=peer)


def ranges() -> Iterator[str]:
    """Addresses, each of another range."""
    return (f"10.{number >> 8}.{number & 255}.1" for number in count())


def _verdict(refused: DomainError) -> Verdicts:
    return refused.status, getattr(refused, "seconds", None)
