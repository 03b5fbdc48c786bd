"""Helpers of the tests: keys made once a run, tokens of any content, accounts."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.accounts.passwords import PasswordHasher
from app.accounts.service import KnownLogin, create_user
from app.caller import Caller
from app.database import Database
from app.parts import find
from app.sessions.access_tokens import AccessTokens
from app.sessions.beginning import FIRST_PARTY_CLIENT, Beginning
from app.sessions.schemas import TokenResponse
from app.tokens.generate import generate_key
from app.tokens.jwk import parse_key_set
from app.tokens.keys import KeySet

ISSUER = "http://127.0.0.1:8000"
AUDIENCE = "ostiary"
PASSWORD = "correct horse battery staple"
CALLER = Caller("testclient", "testclient")  # as a TestClient is seen
# For tests of what one kind of database does alone; they ask for `database_url`, or what needs it.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
ALGORITHMS = tuple(f"{family}{size}" for family in ("HS", "RS", "ES") for size in (256, 384, 512))


def private_jwk(alg: str, name: str = "first") -> dict[str, Any]:
    """A private JWK; the same one for the same words, within one run."""
    return _made(alg, name)


@cache
def _made(alg: str, _: str) -> dict[str, Any]:
    return generate_key(alg)


def key_set_document(*algs: str) -> str:
    """A JWK Set, private halves included, of one key for each algorithm."""
    return json.dumps({"keys": [private_jwk(alg) for alg in algs]})


def key_set(*algs: str) -> KeySet:
    """The same, parsed."""
    return parse_key_set(key_set_document(*algs).encode())


@cache
def _password_hash() -> str:
    return PasswordHasher().hash(PASSWORD)


@dataclass(frozen=True)
class Account:
    """Somebody with a token."""

    client: TestClient
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @classmethod
    def register(cls, client: TestClient, email: str) -> Self:
        """Registered over HTTP, as a stranger would, and logged in."""
        answer = client.post("/users", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return cls.log_in(client, email)

    @classmethod
    def create(cls, app: FastAPI, client: TestClient, email: str, roles: Sequence[str]) -> Self:
        """Put straight into the database, a session too, as it would be after a login."""
        with find(app, Database).transaction() as session:
            user = create_user(session, email=email, password_hash=_password_hash(), roles=roles)
        scopes = app.state.routes.roles.scopes_of(roles)
        known = KnownLogin(user.id, user.password_hash, user.session_epoch, disabled=False)
        begun = begin_session(app, known, scopes)
        return cls(client, email, begun.access_token)

    @classmethod
    def log_in(cls, client: TestClient, email: str) -> Self:
        answer = client.post("/auth/login", data={"username": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return cls(client, email, answer.json()["access_token"])


def begin_session(
    app: FastAPI, known: KnownLogin, scopes: Iterable[str], caller: Caller = CALLER
) -> TokenResponse:
    """What a login of this user's gives, without his password."""
    beginning = find(app, Beginning)
    with find(app, Database).transaction() as session:
        place = beginning.take_place(session)
    return beginning.for_user(known, scopes, place, caller)


def token_of(app: FastAPI, sub: str, *scopes: str) -> str:
    """A token of this app's own making, for any subject and any scopes."""
    issuer = find(app, AccessTokens).issuer
    return issuer.issue(sub=sub, client_id=FIRST_PARTY_CLIENT, scopes=scopes)


def bearer(token: str) -> dict[str, str]:
    """The request headers that carry a token."""
    return {"Authorization": f"Bearer {token}"}
