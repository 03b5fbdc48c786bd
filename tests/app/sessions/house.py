"""A house of sessions: an app on a database of either kind, under a clock that stands."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import select

from app.access.scopes import Role, RoleBook
from app.accounts.models import User
from app.accounts.service import KnownLogin, create_user, roles_of
from app.caller import Caller
from app.database import Base, Database
from app.main import create_app
from app.parts import find
from app.sessions.beginning import Beginning
from app.sessions.models import AuthSession, RefreshToken
from app.sessions.opaque_tokens import hash_of
from app.sessions.refreshing import Refreshing
from app.sessions.schemas import TokenResponse
from app.settings import Settings
from app.tokens.claims import AccessClaims
from app.tokens.verify import Verifier
from tests.support import AUDIENCE, ISSUER, begin_session

START = 1_800_000_000.25
DAY = 86_400.0
CALLER = Caller("192.0.2.1", "a browser")
Rows = dict[str, list[tuple[Any, ...]]]


class StoppedClock:
    """Stands still until it is moved."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class House:
    """An app, those who live in it, and what they and others do with their tokens."""

    url: str
    clock: StoppedClock = field(default_factory=StoppedClock)
    opened: list[FastAPI] = field(default_factory=list)

    @cached_property
    def app(self) -> FastAPI:
        return self.open()

    def open(self, **changes: Any) -> FastAPI:
        """Another app on the same database: another process, or one that started anew."""
        settings: dict[str, Any] = {
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "keys": "env:TEST_KEY_SET",
            "database_url": SecretStr(self.url),
        }
        self.opened.append(create_app(Settings(**settings | changes), clock=self.clock))
        return self.opened[-1]

    def close(self) -> None:
        for app in self.opened:
            find(app, Database).close()

    @property
    def database(self) -> Database:
        return find(self.app, Database)

    @property
    def refreshing(self) -> Refreshing:
        return find(self.app, Refreshing)

    @property
    def beginning(self) -> Beginning:
        return find(self.app, Beginning)

    def user(self, *roles: str) -> UUID:
        """A new user, who is a member unless it is said otherwise."""
        with self.database.transaction() as session:
            email = f"{uuid4().hex}@example.com"
            roles = roles or (Role.MEMBER,)
            return create_user(session, email=email, password_hash="", roles=roles).id

    def begin(self, user_id: UUID | None = None, *, epoch: int | None = None) -> TokenResponse:
        """The first tokens of a new session, as a login gives them that has seen `epoch`."""
        user_id = user_id or self.user()
        with self.database.transaction() as session:
            found = session.scalar(select(User.session_epoch).where(User.id == user_id))
            roles = roles_of(session, user_id)
        scopes = self._roles.scopes_of(roles)
        epoch = epoch if epoch is not None else found or 0
        known = KnownLogin(user_id, "", epoch, disabled=False)
        return begin_session(self.app, known, scopes, CALLER)

    def token(self, user_id: UUID | None = None) -> str:
        """The first refresh token of a new session."""
        return successor(self.begin(user_id))

    def refresh(self, token: str, *, app: FastAPI | None = None, **asked: str) -> TokenResponse:
        """What a token gives, without HTTP around it."""
        refreshing = find(app or self.app, Refreshing)
        client_id, scope = asked.get("client_id"), asked.get("scope")
        return refreshing(token, client_id=client_id, scope=scope, caller=CALLER)

    def post(self, token: str, *, app: FastAPI | None = None, **asked: str) -> httpx.Response:
        """The same over HTTP; an exception that escapes the app fails the test."""
        form = {"grant_type": "refresh_token", "refresh_token": token, **asked}
        answer: httpx.Response = TestClient(app or self.app, base_url=ISSUER).post(
            "/auth/token", data=form
        )
        return answer

    def claims(self, tokens: TokenResponse) -> AccessClaims:
        return find(self.app, Verifier).verify(tokens.access_token)

    def session_of(self, token: str) -> AuthSession:
        with self.database.transaction() as session:
            return session.scalars(
                select(AuthSession).join(RefreshToken).where(RefreshToken.hash == hash_of(token))
            ).one()

    def row_of(self, token: str) -> RefreshToken:
        with self.database.transaction() as session:
            return session.get_one(RefreshToken, hash_of(token))

    def rows(self) -> Rows:
        """Everything that the database holds."""
        with self.database.transaction() as session:
            return {
                table.name: sorted(map(tuple, session.execute(select(table))), key=repr)
                for table in Base.metadata.sorted_tables
            }

    @property
    def _roles(self) -> RoleBook:
        roles: RoleBook = self.app.state.routes.roles
        return roles


def successor(tokens: TokenResponse) -> str:
    """The refresh token of an answer, which must hold one."""
    assert tokens.refresh_token is not None
    return tokens.refresh_token


def is_refused(answer: httpx.Response) -> bool:
    """Whether it is the one refusal that says nothing."""
    return (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
