"""Three shapes are told apart by their own marks: no mark of another turns one into it."""

import json
from typing import Any

import pytest

from authorizer.events import UndecidedError, read_event
from tests.authorizer.decisions import SHAPES, STAGE, Outcome, issued, outcome_of, recorded

OTHER_API = "arn:aws:execute-api:us-east-1:999999999999:other/prod/GET/notes"
OWN = {
    "rest_token": ("type", "methodArn", "authorizationToken"),
    "rest_request": ("type", "methodArn"),
    "http_api_2.0": ("type", "version", "routeArn"),
}
# Each with what a careless reader could take for the mark of another shape.
MARKS: dict[str, list[Any]] = {
    "version": ["2.0", "1.0", "", None, 2.0, False],
    "methodArn": [OTHER_API, f"{STAGE}/GET/notes", "", None],
    "routeArn": [OTHER_API, f"{STAGE}/GET/notes", "", None],
    "authorizationToken": ["Bearer TOKEN", "Bearer a.b.c", "", None],
}
FOREIGN = [
    (shape, name, value)
    for shape in SHAPES
    for name in MARKS
    if name not in OWN[shape]
    for value in MARKS[name]
]


@pytest.mark.parametrize(("shape", "name", "value"), FOREIGN)
def test_a_mark_of_another_shape_leaves_an_event_undecided(
    shape: str, name: str, value: object
) -> None:
    token = issued("notes:read")
    if isinstance(value, str):
        value = value.replace("TOKEN", token)
    event = recorded(shape, token)
    assert outcome_of(event) is Outcome.POLICY
    assert outcome_of(event | {name: value}) is Outcome.UNDECIDED
    assert outcome_of({name: value} | event) is Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("shape", "name"), [(shape, name) for shape in SHAPES for name in OWN[shape]]
)
def test_an_event_that_lacks_a_mark_of_its_shape_is_left_undecided(shape: str, name: str) -> None:
    event = recorded(shape, issued("notes:read"))
    del event[name]
    assert outcome_of(event) is Outcome.UNDECIDED


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "kind", ["token", "request", "TOKEN ", "Request", "", None, ["REQUEST"], {"REQUEST": 1}, 1]
)
def test_an_event_of_no_known_type_is_left_undecided(shape: str, kind: object) -> None:
    assert outcome_of(recorded(shape, issued("notes:read")) | {"type": kind}) is Outcome.UNDECIDED


@pytest.mark.parametrize("shape", SHAPES)
def test_an_event_under_the_type_of_another_is_left_undecided(shape: str) -> None:
    event = recorded(shape, issued("notes:read"))
    event["type"] = "REQUEST" if event["type"] == "TOKEN" else "TOKEN"
    assert outcome_of(event) is Outcome.UNDECIDED


@pytest.mark.parametrize(
    "version",
    ["1.0", "2", "2.00", "2.0 ", " 2.0", "2,0", "3.0", "", None, 2.0, 2, True, ["2.0"], {"2.0": 1}],
)
def test_no_other_version_is_taken_for_2_0(version: object) -> None:
    event = recorded("http_api_2.0", issued("notes:read")) | {"version": version}
    assert outcome_of(event) is Outcome.UNDECIDED


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("other", SHAPES)
def test_what_the_caller_sends_is_no_mark(shape: str, other: str) -> None:
    """Headers, query, path and cookies are his: a whole event of another shape may stand there."""
    plain = recorded(shape, issued("notes:read"))
    disguise = recorded(other, "a.b.c") | {"methodArn": OTHER_API, "routeArn": OTHER_API}
    texts = {name: json.dumps(value) for name, value in disguise.items()}
    texts |= {name: value for name, value in disguise.items() if isinstance(value, str)}
    event = plain | {
        "queryStringParameters": texts,
        "pathParameters": texts,
        "cookies": [f"{name}={value}" for name, value in texts.items()],
        "rawQueryString": "&".join(f"{name}={value}" for name, value in texts.items()),
        "rawPath": f"/{json.dumps(disguise)}",
        "path": f"/{json.dumps(disguise)}",
        "body": json.dumps(disguise),
    }
    if shape != "rest_token":
        event["headers"] = texts | plain["headers"]
    for name in {"methodArn", "routeArn"} & event.keys():
        event[name] = f"{STAGE}/GET/{OTHER_API}/{json.dumps(disguise)}"
    assert read_event(event) == read_event(plain)


@pytest.mark.parametrize("text", [json.dumps(recorded(shape, "a.b.c")) for shape in SHAPES])
def test_an_authorization_that_reads_like_an_event_is_a_bad_token(text: str) -> None:
    for shape, expected in zip(
        SHAPES, (Outcome.UNAUTHORIZED, Outcome.UNAUTHORIZED, Outcome.DENIED), strict=True
    ):
        event = json.loads(json.dumps(recorded(shape)).replace('"Bearer TOKEN"', json.dumps(text)))
        assert outcome_of(event) is expected


def test_payload_1_0_without_its_version_is_no_rest_event() -> None:
    event = recorded("http_api_1.0", issued("notes:read"))
    del event["version"]
    with pytest.raises(UndecidedError, match="neither a TOKEN or REQUEST event"):
        read_event(event)


def test_a_rest_event_with_null_maps_is_read() -> None:
    token = issued("notes:read")
    event = recorded("deployed/rest_request", token)
    assert read_event(event) == (STAGE, (f"Bearer {token}",), False)
    maps = dict.fromkeys(("pathParameters", "headers"))
    assert read_event(event | maps).authorizations == (f"Bearer {token}",)
    assert outcome_of(event | maps | {"multiValueHeaders": None}) is Outcome.UNAUTHORIZED
