"""An authorizer whose keys are at hand while their source is down, or hangs."""

import time

import pytest

from tests.authorizer.decisions import Outcome, outcome_of, token_event
from tests.authorizer.key_service import public, publishes, use
from tests.faults.signing import ec
from tests.web_server import WebServer, hangs, hangs_up

HANGING_SECONDS, UNKNOWN_SECONDS = 1.0, 0.05
SOME_MORE = 0.9  # this machine may have other work


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
    hanging = time.monotonic() - start
    assert hanging < HANGING_SECONDS + SOME_MORE
    clock.at(29.9)
    start = time.monotonic()
    for number in range(50):
        assert outcome_of(token_event(ec().headed(kid=f"{number}"))) is Outcome.UNAUTHORIZED
    each = (time.monotonic() - start) / 50
    print(f"hanging: {1000 * hanging:.0f} ms once; an unknown kid: {1000 * each:.1f} ms")
    assert each < UNKNOWN_SECONDS
    assert len(server.requests) == 2
