"""Ten thousand events that API Gateway never sent: none opens what its original does not."""

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from authorizer.policy import Policy
from tests.authorizer.decisions import SHAPES, STAGE, Outcome, decide, issued, recorded
from tests.authorizer.iam import resources
from tests.authorizer.mutations import mutated

SEED, MUTANTS = 20260917, 1112  # of each of three shapes, with each of three tokens
SCOPES = ("notes:read", "account:read")
REFUSED = {
    "rest_token": Outcome.UNAUTHORIZED,
    "rest_request": Outcome.UNAUTHORIZED,
    "http_api_2.0": Outcome.DENIED,
}
_ARN = re.compile(
    r"(arn:[\w-]+:execute-api:[\w-]+:\w*:[\w]+/[\w$-]+)/[A-Z]+/.*", re.ASCII | re.DOTALL
)
_BEARER = re.compile("bearer ", re.IGNORECASE)


def _mutants(event: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Outcome, Policy]]:
    """Changed events and what comes of them, always in the manner of their own shape.

    Half of them come from an API that caches nothing, and so names no identity source.
    """
    chance = random.Random(SEED)  # noqa: S311 - to be the same at each run
    uncached = {name: value for name, value in event.items() if name != "identitySource"}
    for number in range(MUTANTS):
        changed = mutated(event if number % 2 else uncached, chance)
        outcome, policy = decide(changed)
        _check_manner(outcome, policy, changed)
        yield changed, outcome, policy


def _check_manner(outcome: Outcome, policy: Policy, event: dict[str, Any]) -> None:
    is_http_api = "version" in event or "routeArn" in event
    if outcome is Outcome.UNAUTHORIZED:
        assert not is_http_api, event
    if outcome is Outcome.DENIED:
        assert is_http_api, event
        assert _effects(policy) == {"Deny"}
        assert resources(policy) == [f"{_stage_arn(event)}/*"]


def _effects(policy: Policy) -> set[str]:
    return {statement["Effect"] for statement in policy["policyDocument"]["Statement"]}


def _stage_arn(event: dict[str, Any]) -> str:
    """Of the one ARN that an event of its shape has."""
    (name,) = {"methodArn", "routeArn"} & event.keys()
    arn = _ARN.fullmatch(event[name])
    assert arn, event[name]
    return arn[1]


def _authorizations(event: dict[str, Any]) -> Iterator[object]:
    """Every value that somebody could take for the request's Authorization header."""
    if event["type"] == "TOKEN":
        yield event["authorizationToken"]
        return
    for headers in (event.get("headers"), event.get("multiValueHeaders")):
        for name, value in (headers or {}).items():
            if name.lower() == "authorization":
                yield from value if isinstance(value, list) else [value]


def _check_opens_no_more(
    policy: Policy, event: dict[str, Any], original: Policy, token: str
) -> None:
    assert event["type"] in ("TOKEN", "REQUEST")
    assert event.get("version", "2.0") == "2.0"
    assert ("version" in event) == ("routeArn" in event)
    found = [value for value in _authorizations(event) if value is not None]
    assert found
    assert {_BEARER.sub("", str(value), count=1) for value in found} == {token}, found
    if "version" in event:
        assert len(found) == 1
        kept_under = event.get("identitySource")
        assert kept_under in (None, []) or found[0] in kept_under, event
    moved = json.dumps(original).replace(f"{STAGE}/", f"{_stage_arn(event)}/")
    assert policy == json.loads(moved)


@pytest.mark.parametrize("name", SHAPES)
def test_a_good_event_changed_is_allowed_what_it_was_or_nothing(name: str) -> None:
    token = issued(*SCOPES)
    event = recorded(name, token)
    original = decide(event)[1]
    assert "Allow" in _effects(original)
    outcomes = Counter[Outcome]()
    for changed, outcome, policy in _mutants(event):
        outcomes[outcome] += 1
        if outcome is Outcome.POLICY:
            _check_opens_no_more(policy, changed, original, token)
    for expected in (Outcome.POLICY, REFUSED[name], Outcome.UNDECIDED):
        assert outcomes[expected] > MUTANTS // 100, outcomes


@pytest.mark.parametrize("name", SHAPES)
def test_a_refused_event_changed_is_still_refused(name: str) -> None:
    refused = 0
    for changed, outcome, _ in _mutants(recorded(name, issued(*SCOPES, seconds_ago=3600))):
        assert outcome is not Outcome.POLICY, changed
        refused += outcome is REFUSED[name]
    assert refused > MUTANTS // 10


@pytest.mark.parametrize("name", SHAPES)
def test_a_denied_event_changed_is_never_allowed(name: str) -> None:
    denied = 0
    for changed, outcome, policy in _mutants(recorded(name, issued("unknown:scope"))):
        if outcome is Outcome.POLICY:
            denied += 1
            assert _effects(policy) == {"Deny"}, changed
    assert denied > MUTANTS // 100
