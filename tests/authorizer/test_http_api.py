"""An HTTP API's authorizer (payload 2.0, IAM answers): its header, its cache, and its denials."""

import logging
from typing import Any

import pytest

from authorizer.events import UndecidedError, read_event
from authorizer.handler import handler
from tests.authorizer.decisions import (
    SHAPES,
    Outcome,
    decide,
    http_api_event,
    issued,
    outcome_of,
    recorded,
)
from tests.authorizer.iam import Verdict, verdict
from tests.authorizer.key_service import public, publishes, use
from tests.web_server import WebServer, hangs_up

API = "arn:aws:execute-api:us-east-1:123456789012:abcdef123"
POLICY, DENIED, UNDECIDED = Outcome.POLICY, Outcome.DENIED, Outcome.UNDECIDED
BAD = "Bearer bad.bad.bad"


@pytest.fixture
def good() -> str:
    return f"Bearer {issued('notes:read')}"


def _with_headers(headers: object, **changes: Any) -> dict[str, Any]:
    """An event of an API without a cache, so that the headers alone decide."""
    return http_api_event(None, headers=headers, **changes)


@pytest.mark.parametrize(
    ("name", "stage"), [("http_api_2.0", "test"), ("deployed/http_api_2.0", "$default")]
)
def test_the_event_of_an_http_api_is_read(name: str, stage: str) -> None:
    request = read_event(recorded(name, "abc"))
    assert request == (f"{API}/{stage}", ("Bearer abc",), True)


def test_a_policy_opens_the_default_stage_and_no_other(good: str) -> None:
    answer = handler(http_api_event(good), None)
    assert verdict(answer, f"{API}/$default/GET/notes") is Verdict.ALLOW
    assert verdict(answer, f"{API}/$default/POST/notes") is not Verdict.ALLOW
    for other in ("default", "prod", "$default/$default"):
        assert verdict(answer, f"{API}/{other}/GET/notes") is not Verdict.ALLOW


@pytest.mark.parametrize("name", ["authorization", "Authorization", "AUTHORIZATION"])
def test_the_header_is_found_in_any_case(name: str, good: str) -> None:
    assert outcome_of(_with_headers({"accept": "*/*", name: good})) is POLICY


@pytest.mark.parametrize("separator", [",", ", ", " , "])
def test_repeated_headers_that_were_joined_open_nothing(separator: str, good: str) -> None:
    for values in ([good, BAD], [BAD, good], [good, good], [good, ""], ["", good]):
        assert outcome_of(http_api_event(separator.join(values))) is DENIED, values


def test_two_spellings_of_the_header_open_nothing(good: str) -> None:
    for one, other in ((good, BAD), (BAD, good), (good, good)):
        headers = {"authorization": one, "Authorization": other}
        assert outcome_of(_with_headers(headers)) is DENIED
        for identity in ([one], [other], [one, other], [f"{one},{other}"]):
            assert outcome_of(_with_headers(headers, identitySource=identity)) is not POLICY


@pytest.mark.parametrize("pair", [("authorization", "Authorization"), ("AUTHORIZATION", "x")])
def test_a_null_beside_the_header_is_a_second_one(pair: tuple[str, str], good: str) -> None:
    one, other = pair
    expected = POLICY if other == "x" else UNDECIDED
    assert outcome_of(_with_headers({one: good, other: None})) is expected
    assert outcome_of(_with_headers({other: None, one: good})) is expected


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"accept": "*/*"},
        {"authorization": None},
        {"authorization": ""},
        {"authorization": "Basic dTpw"},
        {"x-forwarded-authorization": "GOOD", "cookie": "GOOD", "authorisation": "GOOD"},
        {"authorization ": "GOOD"},
    ],
)
def test_without_a_bearer_token_everything_is_denied(headers: Any, good: str) -> None:
    filled = headers and {name: good if v == "GOOD" else v for name, v in headers.items()}
    outcome, answer = decide(_with_headers(filled))
    assert (outcome, answer["context"]["code"]) == (DENIED, "missing_token")


def test_a_token_that_stands_elsewhere_in_the_event_opens_nothing(good: str) -> None:
    elsewhere = {"authorization": good, "Authorization": good}
    names = ("multiValueHeaders", "queryStringParameters", "pathParameters", "stageVariables")
    places: dict[str, Any] = dict.fromkeys(names, elsewhere)
    places |= {"cookies": [f"authorization={good}"], "rawQueryString": f"authorization={good}"}
    assert outcome_of(_with_headers({}, **places)) is DENIED


@pytest.mark.parametrize("value", [0, 1, True, [], ["Bearer a.b.c"], {}, {"Bearer": "a.b.c"}])
def test_an_authorization_that_is_no_string_is_left_undecided(value: object) -> None:
    assert outcome_of(_with_headers({"authorization": value})) is UNDECIDED
    assert outcome_of(_with_headers({"authorization": value}, identitySource=[value])) is UNDECIDED


@pytest.mark.parametrize("headers", ["authorization: Bearer a.b.c", ["authorization"], 1, True])
def test_headers_that_are_no_map_are_left_undecided(headers: object) -> None:
    assert outcome_of(_with_headers(headers)) is UNDECIDED


def test_an_answer_that_is_not_cached_needs_no_identity_source(good: str) -> None:
    event = http_api_event(good)
    assert outcome_of(event | {"identitySource": None}) is POLICY
    assert outcome_of(event | {"identitySource": []}) is POLICY
    del event["identitySource"]
    assert outcome_of(event) is POLICY


def test_an_answer_may_be_kept_under_more_than_the_header(good: str) -> None:
    for identity in ([good, "GET /notes"], ["192.0.2.1", good]):
        assert outcome_of(http_api_event(good) | {"identitySource": identity}) is POLICY


@pytest.mark.parametrize(
    "identity",
    [
        ["192.0.2.1"],
        ["192.0.2.1", "user"],
        [""],
        [None],
        [["GOOD"]],
        ["GOOD "],
        ["good"],
        "GOOD",
        {"0": "GOOD"},
        0,
        False,
        "",
        {},
    ],
)
@pytest.mark.parametrize("token", ["good", "bad"])
def test_an_answer_that_others_would_find_in_the_cache_is_not_given(
    identity: object, token: str, good: str
) -> None:
    """A denial neither: whoever sends rubbish beside another's identity would lock him out."""
    value = good if token == "good" else BAD

    def filled(part: Any) -> Any:
        if isinstance(part, list):
            return [filled(item) for item in part]
        if isinstance(part, dict):
            return {name: filled(item) for name, item in part.items()}
        known = {"GOOD": value, "GOOD ": f"{value} ", "good": value.swapcase()}
        return known.get(part, part) if isinstance(part, str) else part

    with pytest.raises(UndecidedError, match=r"to \$request\.header\.Authorization") as caught:
        handler(http_api_event(value) | {"identitySource": filled(identity)}, None)
    assert value not in str(caught.value)


def test_without_the_header_an_answer_under_another_identity_is_not_given() -> None:
    assert outcome_of(_with_headers({}, identitySource=["192.0.2.1"])) is UNDECIDED


def test_a_denial_is_logged_and_says_why_in_its_context(caplog: pytest.LogCaptureFixture) -> None:
    expired = issued("notes:read", seconds_ago=3600)
    with caplog.at_level(logging.DEBUG):
        answer = handler(http_api_event(f"Bearer {expired}"), None)
    assert verdict(answer, f"{API}/$default/GET/notes") is Verdict.EXPLICIT_DENY
    names = ("sub", "client_id", "scope", "jti", "sid")
    assert answer["context"] == dict.fromkeys(names, "") | {"code": "token_expired"}
    (record,) = [record for record in caplog.records if record.name == "ostiary.authorizer"]
    assert vars(record)["code"] == "token_expired"
    assert "token_expired" in record.getMessage()
    assert not [part for part in expired.split(".") if part[:48] in f"{vars(record)}"]


def test_without_keys_no_shape_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    token = issued("notes:read")
    with WebServer(hangs_up) as server:
        use(monkeypatch, server.url())
        for name in SHAPES:
            assert outcome_of(recorded(name, token)) is UNDECIDED
        server.speak = publishes(public("ES256"))
        for name in SHAPES:
            assert outcome_of(recorded(name, token)) is POLICY
