"""The token that a login gives: whose, for whom, with what scopes, until when."""

import json
import time
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.access.scopes import Role
from app.accounts.models import UserRole
from app.database import Database
from app.parts import find
from app.tokens.claims import AccessClaims
from app.tokens.verify import Verifier
from tests.app.sessions.sending import FORM, JSON, send
from tests.conftest import AppMaker
from tests.support import AUDIENCE, ISSUER, PASSWORD, Account

EMAIL = "member@example.com"
CREDENTIALS = {"username": EMAIL, "password": PASSWORD}
pytestmark = pytest.mark.usefixtures("member")


def scope_of_members(app: FastAPI) -> str:
    return " ".join(sorted(app.state.routes.roles.scopes_of([Role.MEMBER])))


def claims_in(app: FastAPI, answer: httpx.Response) -> AccessClaims:
    return find(app, Verifier).verify(answer.json()["access_token"])


def test_the_token_says_who_may_do_what_until_when(app: FastAPI, client: TestClient) -> None:
    earliest = int(time.time())
    answer = send(client, FORM, urlencode(CREDENTIALS))
    latest = int(time.time())
    claims = claims_in(app, answer)
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert claims.sub == client.get("/users/me", headers=headers).json()["id"]
    assert (claims.iss, claims.aud, claims.client_id) == (ISSUER, AUDIENCE, "ostiary")
    assert claims.amr == ("pwd",)
    assert claims.auth_time is not None
    assert earliest <= claims.auth_time <= latest
    assert earliest <= claims.iat <= latest
    assert claims.exp - claims.iat == answer.json()["expires_in"] == 600
    assert {"account:read", "notes:write", "sessions:write"} <= claims.scopes
    assert "users:read" not in claims.scopes
    assert claims.scope == answer.json()["scope"] == scope_of_members(app)
    assert len(answer.json()["access_token"]) < 1536


def test_an_administrators_token_carries_every_scope_in_order(
    app: FastAPI, client: TestClient, admin: Account
) -> None:
    answer = send(client, FORM, urlencode(CREDENTIALS | {"username": admin.email}))
    scopes = answer.json()["scope"].split(" ")
    assert scopes == sorted(app.state.routes.scopes)
    assert claims_in(app, answer).scope == answer.json()["scope"]


def test_two_logins_give_two_tokens(app: FastAPI, client: TestClient) -> None:
    one, other = (claims_in(app, send(client, FORM, urlencode(CREDENTIALS))) for _ in range(2))
    assert one.jti != other.jti


def test_a_role_that_is_unknown_opens_nothing(app: FastAPI, client: TestClient) -> None:
    with find(app, Database).transaction() as session:
        session.execute(update(UserRole).values(name="superuser"))
    answer = send(client, FORM, urlencode(CREDENTIALS))
    assert (answer.status_code, answer.json()["scope"]) == (200, "")


@pytest.mark.parametrize(
    "others",
    [
        {"client_id": "evil", "client_secret": "x"},
        {"grant_type": "password", "scope": "users:read audit:read"},
        {"grant_type": "refresh_token", "sub": "admin", "roles": "admin"},
    ],
)
def test_what_else_an_oauth_form_holds_changes_nothing(
    app: FastAPI, client: TestClient, others: dict[str, str]
) -> None:
    for kind, write in ((FORM, urlencode), (JSON, json.dumps)):
        claims = claims_in(app, send(client, kind, write(CREDENTIALS | others)))
        assert claims.client_id == "ostiary"
        assert claims.scope == scope_of_members(app)


@pytest.mark.parametrize("seconds", [60, 3600])
def test_a_tokens_life_is_as_it_is_set(make_app: AppMaker, seconds: int) -> None:
    app = make_app(access_token_seconds=seconds)
    with TestClient(app, base_url=ISSUER) as client:
        answer = send(client, FORM, urlencode(CREDENTIALS))
        claims = claims_in(app, answer)
    assert answer.json()["expires_in"] == claims.exp - claims.iat == seconds


@pytest.mark.parametrize("alg", ["HS256", "RS256", "ES256", "ES512"])
def test_the_key_set_alone_chooses_the_algorithm(make_app: AppMaker, alg: str) -> None:
    with TestClient(make_app(alg=alg), base_url=ISSUER) as client:
        token = send(client, FORM, urlencode(CREDENTIALS)).json()["access_token"]
        answer = client.get("/users/me", headers={"Authorization": f"bearer {token}"})
        assert (answer.status_code, answer.json()["email"]) == (200, EMAIL)
