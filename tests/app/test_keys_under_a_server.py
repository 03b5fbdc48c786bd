"""Under a server the keys are read again beside the requests: none waits for their source."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app import main
from app.main import _keep_reading, create_app
from app.settings import Settings
from app.tokens import key_sources
from app.tokens.errors import KeysUnavailable
from app.tokens.key_ring import REREAD_SECONDS, STALE_SECONDS, KeyRing
from tests.support import AUDIENCE, ISSUER, Account, key_set_document


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.touch(0o600)
    path.write_text(key_set_document("ES256"))
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(key_file: Path, database_url: str, clock: Clock) -> Iterator[TestClient]:
    """With a lifespan, as under uvicorn."""
    settings = Settings(
        issuer=ISSUER,
        audience=AUDIENCE,
        keys=f"file:{key_file}",
        database_url=SecretStr(database_url),
        access_token_seconds=3600,
    )
    with TestClient(create_app(settings, clock=clock), base_url=ISSUER) as client:
        yield client


def test_no_request_waits_for_a_source_that_hangs(
    client: TestClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = Account.register(client, "member@example.com")

    def hangs(_: str) -> None:
        pytest.fail("a request has read the keys")

    monkeypatch.setattr(key_sources, "_read_file", hangs)
    clock.now += REREAD_SECONDS
    assert client.get("/users/me", headers=member.headers).status_code == 200
    assert client.get("/.well-known/jwks.json").status_code == 200
    clock.now += STALE_SECONDS - REREAD_SECONDS
    assert client.get("/users/me", headers=member.headers).status_code == 200
    clock.now += 1
    assert client.get("/users/me", headers=member.headers).status_code == 503
    assert client.get("/health").status_code == 200


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
