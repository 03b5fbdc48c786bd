"""While there are no keys nothing is decided; while the last ones are good, all goes on."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from authorizer.events import UndecidedError
from authorizer.handler import handler
from tests.authorizer.decisions import Outcome, outcome_of, token_event
from tests.authorizer.key_service import public, publishes, use
from tests.doors.forge import Forge
from tests.support import key_set_document, private_jwk
from tests.web_server import Speak, WebServer, answers, hangs_up


def ec(*key_name: str) -> Forge:
    """Of this moment: a run of all tests takes longer than a token lives."""
    return Forge("ES256", "user", int(time.time()), key_name)


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
