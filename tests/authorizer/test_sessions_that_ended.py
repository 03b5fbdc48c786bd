"""The authorizer with status lists on: what an ended session, and a list that is down, come to."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.tokens.status_list import pack
from authorizer import handler, status_lists
from authorizer.events import UndecidedError
from tests.app.tokens.listing import list_claims, list_token
from tests.authorizer.decisions import (
    Outcome,
    claims,
    decide,
    http_api_event,
    outcome_of,
    recorded,
    signed,
    token_event,
)
from tests.authorizer.list_service import says_list
from tests.doors.forge import Forge
from tests.web_server import Speak, WebServer, answers, hangs, hangs_up

ID = "6f2d1c1e-7a51-4f6c-9a3c-0d6c1be5a001"
ENDED, ALIVE, OUTSIDE = 0, 1, 8


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """A server of one list of eight places, by which the authorizer's settings swear."""
    with WebServer(hangs_up) as server:
        base = server.url("/status-lists")
        monkeypatch.setenv("OSTIARY_STATUS_LISTS", base)
        handler._verifier.cache_clear()
        now = int(time.time())
        listed = {"bits": 1, "lst": pack(bytes([1 << ENDED]))}
        payload = list_claims(now, sub=f"{base}/{ID}", status_list=listed)
        server.speak = says_list(list_token(payload, forge=Forge("ES256", "", now)))
        yield server


def token(server: WebServer, idx: int, **changes: Any) -> str:
    """A good token of the session at this place, its claims changed."""
    place = {"idx": idx, "uri": server.url(f"/status-lists/{ID}")}
    return signed(claims(**{"sid": "s1", "status": {"status_list": place}} | changes))


def at_each_api(token: str) -> tuple[Outcome, Outcome, Outcome]:
    """A TOKEN and a REQUEST event of a REST API, and one of an HTTP API."""
    rest = recorded("rest_request", token)
    return (
        outcome_of(token_event(token)),
        outcome_of(rest),
        outcome_of(http_api_event(f"Bearer {token}")),
    )


OPEN = (Outcome.POLICY, Outcome.POLICY, Outcome.POLICY)
REFUSED = (Outcome.UNAUTHORIZED, Outcome.UNAUTHORIZED, Outcome.DENIED)
NOTHING_SAID = (Outcome.UNDECIDED, Outcome.UNDECIDED, Outcome.UNDECIDED)


def test_a_session_that_goes_on_is_let_in_and_one_that_ended_is_not(server: WebServer) -> None:
    assert at_each_api(token(server, ALIVE)) == OPEN
    assert at_each_api(token(server, ENDED)) == REFUSED
    assert at_each_api(token(server, OUTSIDE)) == REFUSED
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "session_ended"),
        ({"status": None}, "missing_status"),
        ({"status": {}}, "missing_status"),
        ({"status": {"status_list": {"idx": 1, "uri": "https://evil.example"}}}, "wrong_status"),
        ({"status": {"status_list": {"idx": 1}}}, "invalid_claim"),
    ],
)
def test_the_code_of_the_refusal_is_logged_and_told_to_an_http_api(
    changes: dict[str, Any], code: str, server: WebServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ostiary.authorizer")
    refused = token(server, ENDED, **changes)
    assert at_each_api(refused) == REFUSED
    logged = [record for record in caplog.records if record.name == "ostiary.authorizer"]
    assert [vars(record)["code"] for record in logged] == [code] * 3
    assert decide(http_api_event(f"Bearer {refused}"))[1]["context"]["code"] == code


def test_a_token_without_a_status_is_refused_only_where_there_are_lists(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = token(server, ALIVE, status=None)
    assert at_each_api(old) == REFUSED
    monkeypatch.setenv("OSTIARY_STATUS_LISTS", "off")
    handler._verifier.cache_clear()
    assert at_each_api(old) == OPEN
    assert at_each_api(token(server, ENDED)) == OPEN
    assert server.requests == []


@pytest.mark.parametrize(
    "changes", [{"exp": int(time.time()) - 60}, {"aud": "other"}, {"scope": 1}, {"iss": "other"}]
)
def test_for_a_bad_token_no_list_is_asked_for(changes: dict[str, Any], server: WebServer) -> None:
    assert at_each_api(token(server, ALIVE, **changes)) == REFUSED
    assert at_each_api(token(server, ALIVE)[:-4]) == REFUSED
    assert server.requests == []


@pytest.mark.parametrize("down", [hangs_up, answers(b"", 503), answers(b"", 404), hangs])
def test_without_a_list_nothing_is_decided(
    down: Speak, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a policy nor a refusal: API Gateway would keep either for a minute."""
    monkeypatch.setattr(status_lists, "FIRST_SECONDS", 0.3)
    up, server.speak = server.speak, down
    for idx in (ALIVE, ENDED):
        assert at_each_api(token(server, idx)) == NOTHING_SAID
    with pytest.raises(UndecidedError, match="no token can be judged: no status list") as caught:
        handler.handler(token_event(token(server, ALIVE)), None)
    assert caught.value.__suppress_context__, "the log of the Lambda would show the chain"
    assert at_each_api(token(server, ALIVE, aud="other")) == REFUSED
    monkeypatch.setattr(status_lists, "RETRY_SECONDS", 0)
    server.speak = up
    assert at_each_api(token(server, ALIVE)) == OPEN


@pytest.mark.parametrize(
    ("unfit", "header"),
    [
        ({}, {"kid": "unknown"}),
        ({}, {"typ": "at+jwt"}),
        ({"exp": 1}, {}),
        ({"iss": "https://other.example"}, {}),
        ({"ttl": 0}, {}),
    ],
)
def test_what_is_wrong_with_a_list_is_not_held_against_the_token(
    unfit: dict[str, Any], header: dict[str, Any], server: WebServer
) -> None:
    uri = server.url(f"/status-lists/{ID}")
    listed = list_claims(int(time.time()), **{"sub": uri} | unfit)
    server.speak = says_list(list_token(listed, **header))
    assert at_each_api(token(server, ALIVE)) == NOTHING_SAID


def test_a_cold_start_with_lists_asks_nobody_before_a_token_came(server: WebServer) -> None:
    handler._verifier()
    assert server.requests == []
