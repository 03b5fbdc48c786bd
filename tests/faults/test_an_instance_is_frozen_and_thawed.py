"""A Lambda instance between two invocations: its connections end, and an hour may have passed.

What only a whole process shows (memory, descriptors, a database that restarts) is seen in
tests/images/test_app_grows_old.py.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app import main
from app.database import Database
from app.lambda_event import Event
from app.main import create_app
from app.parts import find
from app.tokens.verify import Verifier
from tests.app.events import Handler, lambda_handler, rest_event
from tests.app.sessions.house import StoppedClock
from tests.faults.proxy import Proxy
from tests.images.steps import FORM, body_of, event_with_body
from tests.support import ISSUER, PASSWORD, Account

THAWS = int(os.environ.get("THAWS", "24"))
HOUR = 3600.0
PEOPLE = {"ada@example.com": "192.0.2.1", "bob@example.com": "198.51.100.2"}


@dataclass
class Instance:
    """The function, the way to its database, and its clock."""

    app: FastAPI
    handler: Handler
    way: Proxy
    clock: StoppedClock

    def thawed(self, event: Event, address: str) -> Event:
        """What comes of an event after a pause in which the server ended every connection."""
        event["requestContext"]["identity"]["sourceIp"] = address
        self.way.cut()
        before = self.way.accepted
        answer = self.handler(event)
        assert self.way.accepted - before <= 1, "one reconnect is enough"
        return answer


@pytest.fixture
def instance(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    clock, made = StoppedClock(), list[FastAPI]()

    def remembering(settings: Any) -> FastAPI:
        made.append(create_app(settings, clock=clock))
        return made[-1]

    monkeypatch.setattr("tests.app.events.create_app", remembering)
    monkeypatch.setattr(main, "on_lambda", lambda: True)
    with Proxy(postgres_url).running() as way, lambda_handler(way.url) as handler:
        yield Instance(made[0], handler, way, clock)


class Person:
    """Somebody whose every request meets an instance that was frozen since the last."""

    def __init__(self, instance: Instance, email: str) -> None:
        self._instance, self._email = instance, email
        client = TestClient(instance.app, base_url=ISSUER)
        self._token = Account.create(instance.app, client, email, ["member"]).token
        login = urlencode({"username": email, "password": PASSWORD})
        self._take(event_with_body("/auth/login", FORM, login))

    def invocations(self) -> Iterator[None]:
        """An hour passes, then four invocations, and so on."""
        while True:
            self._instance.clock.move(HOUR)
            assert self._get(self._token)["statusCode"] == 401, "it believed an old clock"
            yield
            form = {"grant_type": "refresh_token", "refresh_token": self._refresh}
            self._take(event_with_body("/auth/token", FORM, urlencode(form)))
            yield
            answer = self._get(self._token)
            assert (answer["statusCode"], body_of(answer)["email"]) == (200, self._email)
            yield
            assert self._get(None)["statusCode"] == 401, "it remembered who came before"
            yield

    def _get(self, token: str | None) -> Event:
        return self._thawed(rest_event("GET", "/users/me", token))

    def _take(self, event: Event) -> None:
        answer = self._thawed(event)
        assert answer["statusCode"] == 200, answer
        tokens = body_of(answer)
        self._token, self._refresh = tokens["access_token"], tokens["refresh_token"]
        claims = find(self._instance.app, Verifier).verify(self._token)
        assert claims.iat == int(self._instance.clock()), "it believed an old clock"

    def _thawed(self, event: Event) -> Event:
        return self._instance.thawed(event, PEOPLE[self._email])


def test_each_invocation_succeeds_with_one_reconnect_and_knows_time_and_caller_anew(
    instance: Instance,
) -> None:
    people = [Person(instance, email).invocations() for email in PEOPLE]
    before = instance.way.accepted
    done = sum(1 for pair in islice(zip(*people, strict=True), THAWS // len(people)) for _ in pair)
    print(f"{done} of {THAWS} thawed; {instance.way.accepted - before} reconnects")
    with find(instance.app, Database).transaction() as session:
        seen = session.execute(
            text(
                "SELECT DISTINCT email, last_address FROM sessions"
                " JOIN users ON users.id = sessions.user_id WHERE last_address <> 'testclient'"
            )
        )
        assert {tuple(row) for row in seen} == set(PEOPLE.items())
