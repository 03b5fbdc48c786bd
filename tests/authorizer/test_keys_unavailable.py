"""While there are no keys nothing is decided; while the last ones are good, all goes on."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.tokens import key_sources
from authorizer.events import UndecidedError
from authorizer.handler import handler
from tests.authorizer.decisions import Outcome, outcome_of, token_event
from tests.authorizer.key_service import public, publishes, use
from tests.doors.forge import Forge
from tests.support import key_set_document, private_jwk
from tests.web_server import Speak, WebServer, answers, drips, hangs, hangs_up

ROOT = Path(__file__).parents[2]


def ec(*key_name: str) -> Forge:
    """Of this moment: a run of all tests takes longer than a token lives."""
    return Forge("ES256", "user", int(time.time()), key_name)


DRIPS = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
DOWN: dict[str, Speak] = {
    "hung up": hangs_up,
    "503": answers(b"{}", 503),
}


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer(publishes(public("ES256"))) as server:
        yield server


@pytest.mark.parametrize("down", DOWN)
@pytest.mark.parametrize("on_lambda", [True, False])
def test_nothing_is_decided_without_keys_and_the_next_call_after_they_are_back_is(
    down: str, on_lambda: bool, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, server.url(), on_lambda=on_lambda)
    server.speak = DOWN[down]
    for token in (ec().token(), ec().headed(kid="unknown"), ec().signed(ec().stranger.sign)):
        with pytest.raises(
            UndecidedError, match=r"no token can be judged: http://127\.0\.0\.1"
        ) as caught:
            handler(token_event(token), None)
        assert caught.value.__suppress_context__, "the log of the Lambda would show the chain"
    server.speak = publishes(public("ES256"))
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY
    assert outcome_of(token_event(ec().headed(kid="unknown"))) is Outcome.UNAUTHORIZED


@pytest.mark.parametrize("speak", [hangs, DRIPS], ids=["hanging", "dripping"])
def test_nothing_is_decided_while_the_source_keeps_us_waiting(
    speak: Speak, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, server.url(), on_lambda=True)
    monkeypatch.setattr(key_sources, "FETCH_SECONDS", 0.3)
    server.speak = speak
    outcome_of(token_event(ec().token()))  # reads the settings, too
    assert len(server.requests) <= 2
    start = time.monotonic()
    with pytest.raises(UndecidedError, match=r"no whole answer came within 0\.3 s"):
        handler(token_event(ec().token()), None)
    assert time.monotonic() - start < 2
    assert len(server.requests) <= 3
    server.speak = publishes(public("ES256"))
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY


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


def test_known_keys_outlive_their_source_for_an_hour(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = use(monkeypatch, server.url())
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY
    server.speak = hangs_up
    for seconds in (1, 299, 300, 900, 901, 1800, 3600):
        clock.at(seconds)
        assert outcome_of(token_event(ec().token(jti=f"{seconds}"))) is Outcome.POLICY
        assert outcome_of(token_event(ec().headed(kid="unknown"))) is Outcome.UNAUTHORIZED
    clock.at(3601)
    for token in (ec().token(), ec().headed(kid="unknown")):
        assert outcome_of(token_event(token)) is Outcome.UNDECIDED
    server.speak = publishes(public("ES256"))
    clock.at(3611)
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY


def test_a_source_that_hangs_costs_a_second_in_ten_and_unknown_kids_little_else(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = use(monkeypatch, server.url())
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY
    server.speak = hangs
    clock.at(20)
    start = time.monotonic()
    assert outcome_of(token_event(ec().headed(kid="unknown"))) is Outcome.UNAUTHORIZED
    assert time.monotonic() - start < 2
    clock.at(29.9)
    start = time.monotonic()
    for number in range(50):
        assert outcome_of(token_event(ec().headed(kid=f"{number}"))) is Outcome.UNAUTHORIZED
    assert time.monotonic() - start < 50 * 0.05
    assert len(server.requests) == 2


def test_a_rotated_key_is_known_at_once_by_its_kid(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = use(monkeypatch, server.url())
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY
    assert outcome_of(token_event(ec("rotated").token())) is Outcome.UNAUTHORIZED
    clock.at(10)
    server.speak = publishes(public("ES256", "rotated"), public("ES256"))
    assert outcome_of(token_event(ec("rotated").token())) is Outcome.POLICY
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY
    assert len(server.requests) == 2


@pytest.mark.parametrize("first", [True, False])
def test_a_retired_key_is_refused_within_300_seconds(
    first: bool, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_FIRST", key_set_document("ES256"))
    clock = use(monkeypatch, f"env:TEST_FIRST {server.url()}" if first else server.url())
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY
    server.speak = publishes(public("ES256", "rotated"))
    clock.at(299)
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY
    clock.at(300)
    assert outcome_of(token_event(ec().token())) is Outcome.UNAUTHORIZED
    assert outcome_of(token_event(ec("rotated").token())) is Outcome.POLICY


@pytest.mark.parametrize("bad", [private_jwk("ES256", "rotated"), private_jwk("HS256")])
def test_private_keys_that_an_issuer_publishes_later_are_not_taken(
    bad: dict[str, str],
    server: WebServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = use(monkeypatch, server.url(), on_lambda=True)
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY
    server.speak = publishes(public("ES256"), bad)
    clock.at(300)
    with caplog.at_level(logging.DEBUG):
        assert outcome_of(token_event(ec().token())) is Outcome.POLICY
    names = ("rotated",) if bad["alg"] == "ES256" else ()
    forge = Forge(bad["alg"], "user", int(time.time()), names)
    assert outcome_of(token_event(forge.token())) is Outcome.UNAUTHORIZED
    assert "it publishes private keys" in caplog.text
    assert bad.get("d", bad.get("k", "")) not in caplog.text


@pytest.mark.parametrize("on_lambda", [True, False])
def test_private_halves_in_a_file_that_is_replaced_later_are_refused_on_lambda(
    on_lambda: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "keys.json"
    path.write_text(f'{{"keys": [{_json(public("ES256"))}]}}')
    clock = use(monkeypatch, f"file:{path}", on_lambda=on_lambda)
    assert outcome_of(token_event(ec().token())) is Outcome.POLICY
    path.write_text(f'{{"keys": [{_json(private_jwk("ES256", "rotated"))}]}}')
    path.chmod(0o600)
    clock.at(300)
    taken = outcome_of(token_event(ec("rotated").token()))
    assert taken is (Outcome.UNAUTHORIZED if on_lambda else Outcome.POLICY)
    assert outcome_of(token_event(ec().token())) is not taken
    assert ("private halves" in caplog.text) is on_lambda
    assert private_jwk("ES256", "rotated")["d"] not in caplog.text


def _json(jwk: dict[str, str]) -> str:
    members = ", ".join(f'"{name}": "{value}"' for name, value in jwk.items())
    return f"{{{members}}}"


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
