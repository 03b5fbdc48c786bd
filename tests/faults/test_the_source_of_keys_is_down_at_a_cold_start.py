"""An authorizer that starts while nobody gives it keys: it says so in time, and decides nothing."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.tokens import key_sources
from authorizer.events import UndecidedError
from authorizer.handler import handler
from tests.authorizer.decisions import Outcome, outcome_of, token_event
from tests.authorizer.key_service import public, publishes, use
from tests.faults.signing import ec
from tests.web_server import Speak, WebServer, answers, drips, hangs, hangs_up

ROOT = Path(__file__).parents[2]
BOUND_SECONDS, SOME_MORE = 1.0, 0.9  # this machine may have other work
DRIPS = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")


@pytest.mark.parametrize("speak", [hangs, DRIPS], ids=["hanging", "dripping"])
def test_nothing_is_decided_while_the_source_keeps_us_waiting(
    speak: Speak, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, server.url(), on_lambda=True)
    server.speak = speak
    for number in (1, 2):  # the first reads the settings, too
        start = time.monotonic()
        with pytest.raises(UndecidedError, match=r"no whole answer came within 0\.9 s"):
            handler(token_event(ec().token()), None)
        took = time.monotonic() - start
        print(f"undecided after {1000 * took:.0f} ms, {len(server.requests)} tries in all")
        assert took < BOUND_SECONDS + SOME_MORE
        assert len(server.requests) == number
    server.speak = publishes(public("ES256"))
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY


@pytest.mark.usefixtures("anew")
def test_nobody_listening_is_no_decision_either(monkeypatch: pytest.MonkeyPatch) -> None:
    server = WebServer(publishes(public("ES256")))
    use(monkeypatch, server.url())
    assert outcome_of(token_event(ec().token())) is Outcome.UNDECIDED
    with server:
        assert outcome_of(token_event(ec().token())) is Outcome.POLICY


def test_the_first_call_of_all_waits_for_a_source_that_hangs_only_once(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, server.url())
    monkeypatch.setattr(key_sources, "FETCH_SECONDS", 0.1)
    server.speak = hangs
    assert outcome_of(token_event(ec().token())) is Outcome.UNDECIDED
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"<html>", b'{"keys": []}'])
def test_a_source_that_comes_back_with_nonsense_is_no_decision(
    body: bytes, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, server.url())
    server.speak = hangs_up
    assert outcome_of(token_event(ec().token())) is Outcome.UNDECIDED
    server.speak = answers(body)
    assert outcome_of(token_event(ec().token())) is Outcome.UNDECIDED


def test_without_keys_a_request_without_a_token_is_still_401(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, server.url())
    server.speak = hangs_up
    for token in ("a.b.c", ""):
        assert outcome_of(token_event(token)) is Outcome.UNAUTHORIZED


@pytest.mark.parametrize("speak", [hangs, hangs_up], ids=["hanging", "hung up"])
def test_on_lambda_the_handler_is_imported_while_its_source_is_down(
    speak: Speak, server: WebServer
) -> None:
    """It is the requests that ask: an import that failed would end each of them."""
    server.speak = speak
    settings = {
        "AWS_LAMBDA_FUNCTION_NAME": "ostiary-authorizer",
        "OSTIARY_ISSUER": "https://api.example.com",
        "OSTIARY_AUDIENCE": "ostiary",
        "OSTIARY_KEYS": server.url(),
        "OSTIARY_STATUS_LISTS": "off",
    }
    imported = subprocess.run(
        [sys.executable, "-c", "import authorizer.handler"],
        cwd=ROOT,
        env=dict(os.environ) | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert imported.returncode == 0, imported.stderr
    assert server.requests == []
