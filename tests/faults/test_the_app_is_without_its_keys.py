"""No keys: neither yes nor no. What needs none goes on, and with the keys all of it does."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app import main
from app.database import Database
from app.main import _keep_reading, create_app
from app.parts import find
from app.settings import Settings
from app.tokens import key_sources
from app.tokens.errors import KeysUnavailable
from app.tokens.key_ring import REREAD_SECONDS, STALE_SECONDS, KeyRing
from tests.support import AUDIENCE, ISSUER, PASSWORD, Account, key_set_document, private_jwk


class Clock:
    """Stands still until it is told to go on."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    write(path, key_set_document("ES256"))
    return path


def write(path: Path, document: str) -> None:
    path.touch(0o600)
    path.write_text(document)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(key_file: Path, database_url: str, clock: Clock) -> Iterator[FastAPI]:
    settings = Settings(
        issuer=ISSUER,
        audience=AUDIENCE,
        keys=f"file:{key_file}",
        database_url=SecretStr(database_url),
        access_token_seconds=3600,
    )
    app = create_app(settings, clock=clock)
    yield app
    find(app, Database).close()


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Without a lifespan, as on Lambda: it is requests that read the keys again."""
    with closing(TestClient(app, base_url=ISSUER)) as client:
        yield client


@pytest.fixture
def served_client(app: FastAPI) -> Iterator[TestClient]:
    """With a lifespan, as under uvicorn: the keys are read beside the requests."""
    with TestClient(app, base_url=ISSUER) as client:
        yield client


def test_without_keys_no_token_is_judged_and_none_is_made(
    client: TestClient, key_file: Path, clock: Clock
) -> None:
    member = Account.register(client, "member@example.com")
    key_file.unlink()
    clock.now += REREAD_SECONDS
    assert client.get("/users/me", headers=member.headers).status_code == 200
    clock.now += STALE_SECONDS
    credentials = {"username": member.email, "password": PASSWORD}
    for answer in (
        client.get("/users/me", headers=member.headers),
        client.post("/auth/login", data=credentials),
        client.get("/.well-known/jwks.json"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "2"
        assert answer.headers["cache-control"] == "no-store"
    assert client.get("/health").status_code == 200
    assert client.get("/users/me").status_code == 401
    assert client.get("/users/me", headers={"Authorization": "Bearer x.y.z"}).status_code == 401

    write(key_file, key_set_document("ES256"))
    clock.now += 10
    assert client.post("/auth/login", data=credentials).status_code == 200
    assert client.get("/.well-known/jwks.json").status_code == 200


def test_a_running_app_takes_over_a_new_key_and_drops_one_that_is_gone(
    client: TestClient, key_file: Path, clock: Clock
) -> None:
    member = Account.register(client, "member@example.com")
    old, new = private_jwk("ES256"), private_jwk("RS256")
    write(key_file, json.dumps({"keys": [new, old]}))
    assert [key["kid"] for key in client.get("/.well-known/jwks.json").json()["keys"]] == [
        old["kid"]
    ]
    clock.now += REREAD_SECONDS
    assert [key["kid"] for key in client.get("/.well-known/jwks.json").json()["keys"]] == [
        new["kid"],
        old["kid"],
    ]
    assert client.get("/users/me", headers=member.headers).status_code == 200
    newer = Account.log_in(client, member.email)
    write(key_file, json.dumps({"keys": [new]}))
    clock.now += REREAD_SECONDS
    assert client.get("/users/me", headers=member.headers).status_code == 401
    assert client.get("/users/me", headers=newer.headers).status_code == 200


def test_a_new_set_that_cannot_sign_ends_no_reading_and_makes_no_token(
    client: TestClient, key_file: Path, clock: Clock
) -> None:
    member = Account.register(client, "member@example.com")
    torn = private_jwk("ES256", "one") | {"d": private_jwk("ES256", "another")["d"]}
    write(key_file, json.dumps({"keys": [torn]}))
    clock.now += REREAD_SECONDS
    credentials = {"username": member.email, "password": PASSWORD}
    answer = client.post("/auth/login", data=credentials)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert client.get("/users/me", headers=member.headers).status_code == 401


def test_no_request_waits_for_a_source_that_hangs(
    served_client: TestClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = Account.register(served_client, "member@example.com")

    def hangs(_: str) -> None:
        pytest.fail("a request has read the keys")

    monkeypatch.setattr(key_sources, "_read_file", hangs)
    clock.now += REREAD_SECONDS
    assert served_client.get("/users/me", headers=member.headers).status_code == 200
    assert served_client.get("/.well-known/jwks.json").status_code == 200
    clock.now += STALE_SECONDS - REREAD_SECONDS
    assert served_client.get("/users/me", headers=member.headers).status_code == 200
    clock.now += 1
    assert served_client.get("/users/me", headers=member.headers).status_code == 503
    assert served_client.get("/health").status_code == 200


class Kept:
    """Stands in for a ring: says when it is due, and who reads it in which thread."""

    def __init__(self) -> None:
        self.readers: list[threading.Thread] = []
        self.due: Iterator[float | None] = iter([0, 5, -3, None])

    def keep(self) -> float | None:
        return next(self.due)

    def refresh(self) -> None:
        self.readers.append(threading.current_thread())
        raise KeysUnavailable("the source is down")


def test_the_server_reads_in_a_thread_when_it_is_due_and_goes_on_after_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(main, "TICK_SECONDS", 0)
    ring = Kept()
    asyncio.run(_keep_reading(cast("KeyRing", ring)))
    assert len(ring.readers) == 2
    assert threading.main_thread() not in ring.readers
