"""A browser's requests, cookie by cookie, and what the database holds before and after them."""

from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.database import Database
from app.parts import find
from app.sessions.models import AuthSession, RefreshToken
from app.tokens.claims import AccessClaims
from app.tokens.verify import Verifier
from tests.support import PASSWORD

ORIGIN = "https://app.example.com"
COOKIE = "__Host-ostiary-refresh"
ASKED = {"Ostiary-Transport": "cookie"}
BY_COOKIE = ASKED | {"Origin": ORIGIN}
EMAIL = "member@example.com"
CREDENTIALS = {"username": EMAIL, "password": PASSWORD}
REFRESH = {"grant_type": "refresh_token"}
ATTRIBUTES = {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"}

Headers = Mapping[str, str]


def log_in(client: TestClient, headers: Headers = BY_COOKIE) -> httpx.Response:
    answer: httpx.Response = client.post("/auth/login", data=CREDENTIALS, headers=headers)
    return answer


def refresh(client: TestClient, token: str, headers: Headers = BY_COOKIE) -> httpx.Response:
    """The answer to a refresh with this token in the cookie."""
    headers = {**headers, "Cookie": f"{COOKIE}={token}"}
    answer: httpx.Response = client.post("/auth/token", data=REFRESH, headers=headers)
    return answer


def given(answer: httpx.Response) -> str:
    """The token in the one cookie that an answer sets, which is exactly as it should be."""
    assert answer.status_code == 200, answer.text
    (cookie,) = answer.headers.get_list("set-cookie")
    return token_in(cookie)


def token_in(cookie: str) -> str:
    """The token in a Set-Cookie."""
    pair, *attributes = cookie.split("; ")
    name, _, token = pair.partition("=")
    assert name == COOKIE
    assert len(token) == 43
    assert set(attributes) == ATTRIBUTES | {"Max-Age=604800"}
    return token


def cleared(answer: httpx.Response) -> bool:
    """Whether an answer takes the cookie back, with the attributes that it was set with."""
    cookies = answer.headers.get_list("set-cookie")
    if not cookies:
        return False
    ((pair, *attributes),) = (cookie.split("; ") for cookie in cookies)
    assert (pair, set(attributes)) == (f"{COOKIE}=", ATTRIBUTES | {"Max-Age=0"})
    return True


def claims_in(app: FastAPI, answer: httpx.Response) -> AccessClaims:
    return find(app, Verifier).verify(answer.json()["access_token"])


def rows(app: FastAPI) -> list[Any]:
    """All that the database holds of sessions and their refresh tokens."""
    tables = (AuthSession.__table__, RefreshToken.__table__)
    with find(app, Database).transaction() as session:
        return [sorted(map(repr, session.execute(select(table)))) for table in tables]
