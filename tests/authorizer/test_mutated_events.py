"""Ten thousand events that API Gateway never sent: none opens what its original does not."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from authorizer.policy import Policy, load_routes
from tests.authorizer.decisions import Outcome, decide, issued, recorded
from tests.authorizer.iam import resources
from tests.authorizer.mutations import mutated

SEED, MUTANTS = 20260917, 2000
SCOPES = ("notes:read", "account:read")
_ARN = re.compile(
    r"(arn:[\w-]+:execute-api:[\w-]+:\w*:[\w]+/[\w$-]+)/[A-Z]+/.*", re.ASCII | re.DOTALL
)
_BEARER = re.compile("bearer ", re.IGNORECASE)


def _mutants(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    chance = random.Random(SEED)  # noqa: S311 - to be the same at each run
    return (mutated(event, chance) for _ in range(MUTANTS))


def _authorizations(event: dict[str, Any]) -> Iterator[object]:
    """Every value that somebody could take for the request's Authorization header."""
    if event["type"] == "TOKEN":
        yield event["authorizationToken"]
        return
    for headers in (event.get("headers"), event.get("multiValueHeaders")):
        for name, value in (headers or {}).items():
            if name.lower() == "authorization":
                yield from value if isinstance(value, list) else [value]


def _check_opens_no_more(policy: Policy, event: dict[str, Any], token: str) -> None:
    assert event["type"] in ("TOKEN", "REQUEST")
    assert "version" not in event
    found = [value for value in _authorizations(event) if value is not None]
    assert found
    assert {_BEARER.sub("", str(value), count=1) for value in found} == {token}, found
    arn = _ARN.fullmatch(event["methodArn"])
    assert arn, event["methodArn"]
    assert resources(policy) == [
        f"{arn[1]}/{route['resource']}"
        for route in load_routes().routes
        if route["scope"] in SCOPES
    ]
    assert policy["principalId"] == "user"


@pytest.mark.parametrize("name", ["rest_token", "rest_request"])
def test_a_good_event_changed_is_allowed_what_it_was_or_nothing(name: str) -> None:
    token = issued(*SCOPES)
    outcomes = Counter[Outcome]()
    for event in _mutants(recorded(name, token)):
        outcome, policy = decide(event)
        outcomes[outcome] += 1
        if outcome is Outcome.POLICY:
            _check_opens_no_more(policy, event, token)
    assert min(outcomes[outcome] for outcome in Outcome) > MUTANTS // 100, outcomes


@pytest.mark.parametrize("name", ["rest_token", "rest_request"])
def test_a_refused_event_changed_is_still_refused(name: str) -> None:
    for event in _mutants(recorded(name, issued(*SCOPES, seconds_ago=3600))):
        assert decide(event)[0] is not Outcome.POLICY, event


def test_a_denied_event_changed_is_never_allowed() -> None:
    denied = 0
    for event in _mutants(recorded("rest_request", issued("unknown:scope"))):
        outcome, policy = decide(event)
        if outcome is Outcome.POLICY:
            denied += 1
            assert policy["policyDocument"]["Statement"][0]["Effect"] == "Deny", event
    assert denied > MUTANTS // 100
