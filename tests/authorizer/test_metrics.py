"""What is told of a decision beside its code, and what is counted."""

import json
import logging
import time
from typing import Any

import pytest

from authorizer.events import UndecidedError
from authorizer.handler import handler
from authorizer.metrics import count, told
from tests.authorizer.decisions import SHAPES, Outcome, claims, issued, outcome_of, recorded, signed
from tests.emf import metrics_of

NAMESPACE = "Ostiary/shop"
REQUEST_IDS = {"rest_token": None, "http_api_2.0": "id"}
REQUEST_IDS["rest_request"] = "b4d6a3d5-7c1e-4b0a-9f0e-3b8d3e7b1c1a"
STRANGE_IDS: list[Any] = [None, "", 7, ["a"], 'a"b\n', "a b", "é", "a" * 65, {"a": 1}]


def record_of(event: object, caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The one record of a decision, by its members."""
    caplog.clear()
    with caplog.at_level(logging.INFO, "ostiary.authorizer"):
        outcome_of(event)
    (record,) = [record for record in caplog.records if record.name == "ostiary.authorizer"]
    return vars(record)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scope", ["notes:read", "", None])
def test_each_decision_is_one_record_with_its_code_its_time_and_its_request(
    shape: str, scope: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    token = "a.b.c" if scope is None else signed(claims(scope=scope))
    record = record_of(recorded(shape, token), caplog)

    codes = {"notes:read": "granted", "": "insufficient_scope", None: "malformed_token"}
    assert record["code"] == codes[scope]
    assert 0 < record["duration_ms"] < 60_000
    assert record.get("request_id") == REQUEST_IDS[shape]


def test_of_two_ids_of_a_request_that_is_told_which_no_client_chooses() -> None:
    event = recorded("rest_request")
    event["requestContext"]["extendedRequestId"] = "JKJaXmPLvHcESHA="
    assert told(event, 0)["request_id"] == "JKJaXmPLvHcESHA="


@pytest.mark.parametrize("given", STRANGE_IDS, ids=repr)
def test_what_is_no_id_is_not_told_and_hinders_no_decision(given: Any) -> None:
    event = recorded("rest_request", issued("notes:read"))
    event["requestContext"]["requestId"] = given
    assert "request_id" not in told(event, 0)
    assert outcome_of(event) is Outcome.POLICY


@pytest.mark.parametrize("context", [None, [], "context", 7])
def test_an_event_without_a_context_hinders_no_decision(context: Any) -> None:
    event = recorded("rest_request", issued("notes:read")) | {"requestContext": context}
    assert outcome_of(event) is Outcome.POLICY


@pytest.mark.parametrize("event", [None, [], {}, "warm up", recorded("websocket_connect")])
def test_what_cannot_be_decided_is_counted_once_and_raised(
    event: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OSTIARY_METRICS", NAMESPACE)
    with pytest.raises(UndecidedError):
        handler(event, None)
    printed = capsys.readouterr().out
    assert metrics_of(printed, NAMESPACE, time.time()) == {"Undecided": 1}
    assert printed.count("\n") == 1


@pytest.mark.parametrize("authorization", ["a.b.c", issued("notes:read")], ids=["bad", "good"])
def test_what_was_decided_is_not_counted_since_strangers_decide_how_often(
    authorization: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OSTIARY_METRICS", NAMESPACE)
    outcome_of(recorded("rest_token", authorization))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("namespace", [None, ""])
def test_without_a_namespace_nothing_is_printed(
    namespace: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if namespace is not None:
        monkeypatch.setenv("OSTIARY_METRICS", namespace)
    count("Undecided", duration_ms=1.5)
    assert capsys.readouterr().out == ""


def test_what_is_told_beside_a_metric_stands_in_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OSTIARY_METRICS", NAMESPACE)
    count("Undecided", duration_ms=1.5, request_id='a"\nb')
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["request_id"] == 'a"\nb'
    assert json.loads(line)["duration_ms"] == 1.5
