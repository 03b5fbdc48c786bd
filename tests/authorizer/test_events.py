"""The events of API Gateway: those of a REST API are taken apart, and nothing is guessed at."""

from typing import Any

import pytest

from authorizer.events import UndecidedError, read_event
from tests.app.events import http_event, rest_event
from tests.authorizer.decisions import STAGE, Outcome, issued, outcome_of, recorded

POLICY, UNAUTHORIZED, UNDECIDED = Outcome.POLICY, Outcome.UNAUTHORIZED, Outcome.UNDECIDED
GOOD, BAD = "Bearer GOOD", "Bearer bad.bad.bad"
SEVERAL = [[GOOD, BAD], [BAD, GOOD], [GOOD, GOOD], [GOOD, ""], [GOOD, f"{GOOD}, {BAD}"]]


def _request(headers: object, multi_value_headers: object) -> dict[str, Any]:
    """A REQUEST event with these maps, and a good token in place of GOOD."""
    token = issued("notes:read")

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("GOOD", token)
        if isinstance(value, list):
            return [filled(item) for item in value]
        return {k: filled(v) for k, v in value.items()} if isinstance(value, dict) else value

    maps = {"headers": filled(headers), "multiValueHeaders": filled(multi_value_headers)}
    return recorded("rest_request") | maps


@pytest.mark.parametrize("name", ["rest_token", "rest_request"])
def test_the_two_events_of_a_rest_api_are_read(name: str) -> None:
    request = read_event(recorded(name, "abc"))
    assert request == (STAGE, ("Bearer abc",), False)


@pytest.mark.parametrize("name", ["http_api_1.0", "websocket_connect"])
def test_the_events_of_other_apis_are_left_undecided(name: str) -> None:
    assert outcome_of(recorded(name, issued("notes:read"))) is UNDECIDED


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "",
        "TOKEN",
        7,
        {},
        {"type": "TOKEN"},
        {"type": ["TOKEN"], "methodArn": f"{STAGE}/GET/notes"},
        {"type": "token", "methodArn": f"{STAGE}/GET/notes"},
        {"version": None, **recorded("rest_token")},
        {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
        {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]},
        [recorded("rest_token")],
        rest_event("GET", "/notes", "a.b.c"),
        http_event("GET", "/notes", "a.b.c"),
    ],
)
def test_what_is_no_authorizer_event_is_left_undecided(event: object) -> None:
    with pytest.raises(UndecidedError):
        read_event(event)


@pytest.mark.parametrize(
    "header", [{"Authorization": GOOD}, {"authorization": GOOD}, {"AUTHORIZATION": GOOD}]
)
@pytest.mark.parametrize("maps", ["both", "plain", "multi"])
def test_one_authorization_header_is_found_in_any_case(header: dict[str, str], maps: str) -> None:
    multi = {name: [value] for name, value in header.items()}
    event = _request(
        None if maps == "multi" else {"Accept": "*/*"} | header,
        None if maps == "plain" else {"Accept": ["*/*"]} | multi,
    )
    assert outcome_of(event) is POLICY


@pytest.mark.parametrize(
    ("headers", "multi"),
    [
        *(({"Authorization": values[-1]}, {"Authorization": values}) for values in SEVERAL),
        *(({"Authorization": values[0]}, {"Authorization": values}) for values in SEVERAL),
        *((None, {"Authorization": values}) for values in SEVERAL),
        (None, {"Authorization": [GOOD], "authorization": [GOOD]}),
        (None, {"Authorization": [GOOD], "authorization": [BAD]}),
        ({"Authorization": GOOD, "authorization": GOOD}, None),
        ({"Authorization": BAD, "authorization": GOOD}, None),
        ({"Authorization": None, "authorization": GOOD}, None),
        (None, {"Authorization": None, "authorization": [GOOD]}),
        ({"Authorization": GOOD, "authorization": GOOD}, {"Authorization": [GOOD, GOOD]}),
        ({"Authorization": GOOD, "authorization": GOOD}, {"Authorization": [GOOD]}),
    ],
)
def test_several_authorization_headers_open_nothing(headers: object, multi: object) -> None:
    assert outcome_of(_request(headers, multi)) is not POLICY


@pytest.mark.parametrize(
    ("headers", "multi"),
    [
        ({"Authorization": GOOD}, {"Authorization": [BAD]}),
        ({"Authorization": BAD}, {"Authorization": [GOOD]}),
        ({"Authorization": GOOD}, {"authorization": [BAD]}),
        ({"Authorization": f"{GOOD} "}, {"Authorization": [GOOD]}),
    ],
)
def test_header_maps_that_disagree_open_nothing(headers: object, multi: object) -> None:
    assert outcome_of(_request(headers, multi)) is not POLICY


@pytest.mark.parametrize(
    ("headers", "multi"),
    [
        (None, None),
        ({}, {}),
        ({"Accept": "*/*"}, {"Accept": ["*/*"]}),
        ({"Authorization": None}, {"Authorization": None}),
        (None, {"Authorization": []}),
        ({"X-Forwarded-Authorization": GOOD, "Cookie": GOOD, "Authorisation": GOOD}, None),
        ({"Proxy-Authorization": GOOD}, {"Proxy-Authorization": [GOOD]}),
        ({" Authorization": GOOD}, None),
        (None, {"Authorization ": [GOOD]}),
        ({"Authorization\n": GOOD}, None),
    ],
)
def test_no_authorization_header_is_401(headers: object, multi: object) -> None:
    assert outcome_of(_request(headers, multi)) is UNAUTHORIZED


@pytest.mark.parametrize("value", [0, 1, True, [], [GOOD], {}, {"Bearer": GOOD}])
def test_an_authorization_that_is_no_string_is_left_undecided(value: object) -> None:
    assert outcome_of(recorded("rest_token") | {"authorizationToken": value}) is UNDECIDED
    assert outcome_of(_request({"Authorization": value}, None)) is UNDECIDED
    assert outcome_of(_request(None, {"Authorization": [value]})) is UNDECIDED


@pytest.mark.parametrize("values", [GOOD, [GOOD, None], {GOOD: GOOD}, {"0": GOOD}])
def test_a_list_of_header_values_is_one_of_strings(values: object) -> None:
    assert outcome_of(_request(None, {"Authorization": values})) is not POLICY


@pytest.mark.parametrize("headers", ["Authorization: GOOD", ["Authorization", GOOD], 1, True])
def test_headers_that_are_no_map_are_left_undecided(headers: object) -> None:
    assert outcome_of(_request(headers, None)) is UNDECIDED
    assert outcome_of(_request({"Authorization": GOOD}, headers)) is UNDECIDED


@pytest.mark.parametrize("value", [None, ""])
def test_an_event_without_a_token_is_401(value: str | None) -> None:
    assert outcome_of(recorded("rest_token") | {"authorizationToken": value}) is UNAUTHORIZED


def test_a_token_event_has_no_headers_to_look_into() -> None:
    event = _request({"Authorization": GOOD}, {"Authorization": [GOOD]})
    event |= {"type": "TOKEN", "authorizationToken": None}
    assert outcome_of(event) is UNAUTHORIZED


def test_a_token_that_stands_elsewhere_in_the_event_opens_nothing() -> None:
    event = _request({}, {})
    for name in ("queryStringParameters", "pathParameters", "stageVariables"):
        event[name] = {"Authorization": GOOD, "access_token": issued("notes:read")}
    assert outcome_of(event) is UNAUTHORIZED
