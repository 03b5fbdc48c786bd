"""A rotation while requests come in, 50 a second: publish, sign, retire.

The clock of app, authorizer and rotation runs so fast that the waits of half a working day pass in
seconds; each wait is kept in full, and each cache is as old as it may be. `LOAD_SECONDS=60` in the
environment makes the run longer and the clock slower.
"""

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.database import Database
from app.discovery.router import MAX_AGE_SECONDS
from app.keys.file_store import FileStore
from app.main import create_app
from app.parts import find
from app.settings import Settings
from app.tokens.errors import TokenError
from app.tokens.fetch import fetch
from app.tokens.generate import generate_key
from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set
from app.tokens.key_ring import REREAD_SECONDS
from app.tokens.key_sources import open_verifying_keys
from app.tokens.key_states import State
from app.tokens.rotation import (
    NATIVE_CACHE_SECONDS,
    RotationError,
    Step,
    Waits,
    activate,
    first,
    keys_in,
    publish,
    retire,
)
from app.tokens.verify import Verifier
from authorizer import handler as authorizer
from tests.app.serving import exchange, request, served
from tests.doors.doors import token_event
from tests.support import AUDIENCE, ISSUER, PASSWORD, Account, on_postgresql

REAL_SECONDS = float(os.environ.get("LOAD_SECONDS", "12"))
REQUESTS_A_SECOND, THREADS = 50, 4
TOKEN_SECONDS = 3600
WAITS = Waits.between(jwks_max_age=MAX_AGE_SECONDS, token_seconds=TOKEN_SECONDS)
# All waits, what the last caches take, and a while before and after.
STORY_SECONDS = WAITS.before_signing + WAITS.before_going + 2 * REREAD_SECONDS + 1500
SPEED = STORY_SECONDS / REAL_SECONDS
MARGIN_SECONDS = 0.4 * SPEED  # what a request may take before its token is too old to be tried


class FastClock:
    """The time since the epoch, as it passes in the story."""

    def __init__(self) -> None:
        self._start, self._real_start = time.time(), time.monotonic()

    def __call__(self) -> float:
        return self._start + (time.monotonic() - self._real_start) * SPEED


class NativeAuthorizer:
    """Like API Gateway's own JWT authorizer: keeps a JWKS for two hours, and asks for no kid.

    In between stands a cache that keeps each answer for as long as its max-age lets it.
    """

    def __init__(self, url: str, clock: FastClock) -> None:
        self._url, self._clock = url, clock
        self._cached, self._cached_at = self._get(), clock()
        self._verifier, self._read_at = self._verifier_of(self._cached), clock()
        self._lock = threading.Lock()

    def judges(self, token: str) -> str:
        with self._lock:
            if self._clock() - self._read_at >= NATIVE_CACHE_SECONDS:
                self._verifier = self._verifier_of(self._through_the_cache())
                self._read_at = self._clock()
        try:
            self._verifier.verify(token)
        except TokenError as error:
            return error.code
        return "Allow"

    def _through_the_cache(self) -> bytes:
        if self._clock() - self._cached_at >= MAX_AGE_SECONDS:
            self._cached, self._cached_at = self._get(), self._clock()
        return self._cached

    def _get(self) -> bytes:
        return fetch(self._url, seconds=5, most=65_536).body

    def _verifier_of(self, jwks: bytes) -> Verifier:
        keys = parse_key_set(jwks)
        return Verifier(keys, issuer=ISSUER, audience=AUDIENCE, clock=self._clock)


class Load:
    """Sends each request with a token that is still good, and keeps what came back."""

    def __init__(self, port: int, email: str, clock: FastClock) -> None:
        self._port, self._email, self._clock = port, email, clock
        self._native = NativeAuthorizer(jwks_url(port), clock)
        self._random = random.Random(7519)  # noqa: S311 - a run that can be repeated
        self._tokens: list[tuple[str, float]] = []
        self.answers: Counter[str] = Counter()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._log_in_again_and_again)]
        self._threads += [threading.Thread(target=self._send, args=[n]) for n in range(THREADS)]

    def __enter__(self) -> "Load":
        self.log_in()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def log_in(self) -> str:
        body = json.dumps({"username": self._email, "password": PASSWORD}).encode()
        headers = b"Content-Type: application/json", b"Content-Length: %d" % len(body)
        before = self._clock()
        answer = exchange(self._port, request(b"POST", b"/auth/login", *headers, body=body))
        self.answers[f"login {answer.status}"] += 1
        token: str = json.loads(answer.body)["access_token"]
        self._tokens.append((token, before + TOKEN_SECONDS - MARGIN_SECONDS))
        return token

    def _log_in_again_and_again(self) -> None:
        while not self._stopped.wait(0.2):
            self.log_in()

    def _send(self, number: int) -> None:
        due = time.monotonic() + number / REQUESTS_A_SECOND
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            due += THREADS / REQUESTS_A_SECOND
            now = self._clock()
            token = self._random.choice([t for t, until in self._tokens if until > now])
            self.answers[f"app {self.at_the_app(token)}"] += 1
            self.answers[f"authorizer {at_the_authorizer(token)}"] += 1
            self.answers[f"native {self._native.judges(token)}"] += 1

    def at_the_app(self, token: str) -> int:
        header = b"Authorization: Bearer " + token.encode()
        return exchange(self._port, request(b"GET", b"/users/me", header)).status


def jwks_url(port: int) -> str:
    return f"http://127.0.0.1:{port}/.well-known/jwks.json"


def at_the_authorizer(token: str) -> str:
    try:
        policy = authorizer.handler(token_event(f"Bearer {token}"), None)
    except Exception as error:
        return repr(error)
    effect: str = policy["policyDocument"]["Statement"][0]["Effect"]
    return effect


@pytest.fixture
def clock() -> FastClock:
    return FastClock()


@pytest.fixture
def store(tmp_path: Path, clock: FastClock) -> FileStore:
    store = FileStore(tmp_path / "keys" / "keys.json")
    store.change(lambda _: first(generate_key("ES256"), clock()))
    return store


@pytest.fixture
def load(
    store: FileStore,
    tmp_path: Path,
    database_url: str,
    clock: FastClock,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Load]:
    """App and authorizer under load; the authorizer knows the keys by the app's JWKS alone."""
    app = create_app(
        Settings(
            issuer=ISSUER,
            audience=AUDIENCE,
            keys=f"file:{tmp_path / 'keys' / 'keys.json'}",
            database_url=SecretStr(database_url),
            access_token_seconds=TOKEN_SECONDS,
        ),
        clock=clock,
    )
    # Without a lifespan it is requests that read the keys, by the fast clock; the loop has its own.
    with closing(TestClient(app, base_url=ISSUER)) as client:
        email = Account.register(client, "load@example.com").email
    with served(app, lifespan="off") as port:
        keys = open_verifying_keys(jwks_url(port), clock=clock)
        verifier = Verifier(keys, issuer=ISSUER, audience=AUDIENCE, clock=clock)
        monkeypatch.setattr(authorizer, "_verifier", lambda: verifier)
        with closing(find(app, Database)), Load(port, email, clock) as load:
            yield load


def take_when_due(store: FileStore, step: Step) -> int:
    """How often the step was refused as too early, before it was taken."""
    for refusals in range(100_000):
        try:
            store.change(step)
        except RotationError:
            time.sleep(0.01)  # how the operator tries again, not what the outcome hangs on
        else:
            return refusals
    pytest.fail("the step was never taken")


def within(seconds: float, clock: FastClock, reached: Callable[[], bool]) -> bool:
    """Whether it came about in this time of the story."""
    end = clock() + seconds
    while clock() < end:
        if reached():
            return True
        time.sleep(0.01)
    return reached()


@on_postgresql
def test_a_rotation_refuses_no_valid_token_and_then_every_one_of_the_retired_key(
    load: Load, store: FileStore, clock: FastClock
) -> None:
    old = (store.read() or {})["keys"][0]
    started = clock()
    store.change(lambda document: publish(document or {}, generate_key("RS256"), clock()))
    assert take_when_due(store, lambda document: activate(document or {}, clock(), WAITS))
    assert clock() - started >= WAITS.before_signing
    (retiring,) = keys_in(store.read() or {}, State.RETIRING)
    assert take_when_due(store, lambda document: retire(document or {}, None, clock(), WAITS))
    (gone,) = (store.read() or {})["gone"]
    assert gone["since"] - retiring["since"] >= WAITS.before_going

    def refused_everywhere() -> bool:
        forged = token_signed_with(old, clock())
        verdicts = load.at_the_app(forged), at_the_authorizer(forged)
        return verdicts == (401, repr(Exception("Unauthorized")))

    # The authorizer's set may be as old as may be, of a JWKS that was as old as may be.
    slack = MARGIN_SECONDS
    assert within(2 * REREAD_SECONDS + slack, clock, refused_everywhere)
    load.stop()
    print(f"\n{REAL_SECONDS:g} s, {SPEED:.0f} times as fast: {dict(load.answers)}")
    assert set(load.answers) == {"login 200", "app 200", "authorizer Allow", "native Allow"}
    assert load.answers["app 200"] > 0.5 * REQUESTS_A_SECOND * REAL_SECONDS


def token_signed_with(jwk: dict[str, object], now: float) -> str:
    """A token as good as can be, of a key that somebody has kept."""
    plain = {name: value for name, value in jwk.items() if name not in ("state", "since")}
    keys = parse_key_set(json.dumps({"keys": [plain]}).encode())
    issuer = Issuer(
        keys, issuer=ISSUER, audience=AUDIENCE, lifetime=TOKEN_SECONDS, clock=lambda: now
    )
    return issuer.issue(
        sub="00000000-0000-4000-8000-000000000000", client_id="ostiary", scopes=["account:read"]
    )
