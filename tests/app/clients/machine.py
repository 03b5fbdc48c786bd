"""A machine: a confidential client, and the ways in which it authenticates."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import quote_plus

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.clients.service import create_client
from app.database import Database
from app.parts import find


@dataclass(frozen=True)
class Machine:
    """Whoever has the secret of a client."""

    client: TestClient
    id: str
    secret: str

    @classmethod
    def make(cls, app: FastAPI, client: TestClient, *scopes: str, name: str = "a machine") -> Self:
        """Put straight into the database."""
        with find(app, Database).transaction() as session:
            new = create_client(session, name=name, scopes=scopes, now=datetime.now(UTC))
        return cls(client, new.id, new.secret)

    @property
    def headers(self) -> dict[str, str]:
        return basic(self.id, self.secret)

    @property
    def form(self) -> dict[str, str]:
        return {"client_id": self.id, "client_secret": self.secret}

    def ask(self, **form: str) -> httpx.Response:
        """The answer to a grant of its own."""
        data = {"grant_type": "client_credentials", **form}
        answer: httpx.Response = self.client.post("/auth/token", data=data, headers=self.headers)
        return answer

    def token(self) -> str:
        """An access token with all that it may ask for."""
        answer = self.ask()
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token


def basic(client_id: str, secret: str) -> dict[str, str]:
    """HTTP Basic as RFC 6749 §2.3.1 has it: both halves form-urlencoded."""
    return raw_basic(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode())


def raw_basic(pair: bytes) -> dict[str, str]:
    """HTTP Basic with these very bytes in it."""
    return {"Authorization": f"Basic {b64encode(pair).decode()}"}


def refused(answer: httpx.Response) -> tuple[int, str]:
    """The status and the error of a refusal, which is in the shape that RFC 6749 §5.2 gives it."""
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    text = answer.json()["error_description"]
    assert text.isascii()
    assert text.isprintable()
    assert not {'"', "\\"} & set(text)
    challenge = 'Basic realm="ostiary"' if answer.status_code == 401 else None
    assert answer.headers.get("www-authenticate") == challenge
    return answer.status_code, answer.json()["error"]
