"""Past API Gateway: the deployed function invoked by hand, and how large its answers may grow."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from app.lambda_event import Event
from app.main import unwired_app
from local.cloud import Edge
from tests.app.test_lambda_event_mutants import NO_EVENTS
from tests.requests.doors import Doors, as_rest_event, handed
from tests.requests.row import Row
from tests.requests.table import TABLE

LARGEST_PAGE = 50
Invoke = Callable[[Any], Event]


@pytest.fixture(scope="module")
def invoke(edge: Edge) -> Iterator[Invoke]:
    """`lambda:Invoke` of the app's function, as whoever may call it calls it."""
    name = edge.cloud.physical_id("AppFunction")
    with closing(edge.cloud.client("lambda")) as functions:

        def invoked(event: Any) -> Event:
            done = functions.invoke(FunctionName=name, Payload=json.dumps(event))
            assert "FunctionError" not in done, done["Payload"].read()
            answer: Event = json.load(done["Payload"])
            return answer

        yield invoked


@pytest.mark.parametrize(
    "row",
    [row for row in TABLE if "REST event" not in row.not_through],
    ids=lambda row: f"{row.number} {row.what}",
)
def test_the_deployed_function_answers_as_every_door_does(
    doors: Doors, invoke: Invoke, row: Row
) -> None:
    expected = row.at("REST event")
    for sent in row.sent:
        got = handed("REST event", invoke(as_rest_event(sent, doors.deployed)))
        assert got.status == expected.status, (sent, got)
        assert doors.deployed.shown_in(got.text) is expected.opens, (sent, got)


@pytest.mark.parametrize("event", NO_EVENTS)
def test_what_is_no_request_is_answered_by_the_deployed_function(
    invoke: Invoke, event: Any
) -> None:
    answer = invoke(event)

    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["code"] == "bad_request"


def _lists(document: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Path and parameters of each GET that answers a list."""
    schemas = document["components"]["schemas"]
    for path, verbs in document["paths"].items():
        answer = verbs.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        schema = answer.get("application/json", {}).get("schema", {})
        named = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
        properties = named.get("properties", {})
        if named.get("type") == "array" or "items" in properties:
            yield path, verbs["get"].get("parameters", [])


def test_every_list_has_pages() -> None:
    found = dict(_lists(unwired_app().openapi()))

    assert {"/notes", "/users"} <= found.keys()
    for path, parameters in found.items():
        limits = [p["schema"]["maximum"] for p in parameters if p["name"] == "limit"]
        assert limits == [LARGEST_PAGE], path
