"""Ten thousand broken events: each is answered, none raises, none does anything.

Half of them are sent where the database is of one kind, and the other half where of the other.
"""

import json
import logging
import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.accounts.models import User
from app.database import Database
from app.parts import find
from app.resources.notes.models import Note
from tests.app.events import Handler, http_event, rest_event
from tests.support import Account, token_of

MUTANTS_EACH = 5_000
SEED = 9068
NO_EVENTS: tuple[Any, ...] = (
    *({}, None, [], [{}], "", "event", 0, 1.5, True),
    {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]},
    {"source": "serverless-plugin-warmup"},
    {"version": "3.0", "requestContext": {}, "headers": {}},
    {"version": "1.0", "resource": "/", "path": "/", "httpMethod": "GET", "requestContext": {}},
    {"type": "TOKEN", "authorizationToken": "Bearer a.b.c", "methodArn": "arn:aws:x"},
    {"requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "GET", "path": "/notes"},
    {"Records": [{"cf": {"request": {"uri": "/notes", "method": "GET", "headers": {}}}}]},
)
JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**64, 1.5, float("nan"), float("inf")),
    *(
        "",
        " ",
        "x",
        "abc",
        "\0",
        "\r\nX: y",
        "\ud800",
        "\u2028",
        "é",
        "%",
        "%0A",
        "%2e",
        "=",
        "a" * 70_000,
    ),
    *("/", "//", "/..", "/users", "GET", "POST", "a:b", "evil/?x", "Bearer ", "application/json"),
    *(
        [],
        [None],
        ["a", 1],
        ["a", "b"],
        [[]],
        {},
        {"": ""},
        {"a": None},
        {"a": ["b"]},
        {"a": {"b": 1}},
    ),
    *({"HOST": "a", "host": "b"}, {"host": "a:b"}, {"host": ["a:b"]}, {1: 2}, {"\ud800": "x"}),
    *({"content-length": "x"}, {"content-type": "\ud800"}, {"Forwarded": "for=x"}),
)
CHARACTERS = ":/%?&=,;\\\"'\0\t\n\x7f é\uff0f\udfff"
NAMES = (
    "headers",
    "body",
    "path",
    "version",
    "requestContext",
    "Host",
    "host",
    "http",
    "",
    "\ud800",
)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a tree of dicts and lists."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(pairs):
        yield node, key
        if isinstance(value, dict | list):
            yield from places(value)


def mutant(chance: random.Random, event: Any) -> Any:
    """`event` with one to four faults."""
    event = deepcopy(event)
    for _ in range(chance.randint(1, 4)):
        spots = list(places(event))
        if not spots:
            return event
        container, key = chance.choice(spots)
        junk = deepcopy(chance.choice(JUNK))
        match chance.randrange(5):
            case 0:
                del container[key]
            case 1 if isinstance(container, dict):
                container[chance.choice(NAMES)] = junk
            case 2 if isinstance(container, dict):
                container[str(key).swapcase()] = container[key]
            case 3 if isinstance(container[key], str):
                at = chance.randint(0, len(container[key]))
                text = junk if isinstance(junk, str) else chance.choice(CHARACTERS)
                container[key] = container[key][:at] + text + container[key][at:]
            case _:
                container[key] = junk
    return event


def is_answer(answer: Any) -> bool:
    """Whether API Gateway takes it, and it blames the caller where it refuses."""
    json.dumps(answer)
    return (
        isinstance(answer, dict)
        and isinstance(answer["statusCode"], int)
        and 200 <= answer["statusCode"] < 500
        and isinstance(answer["body"], str)
        and all(isinstance(value, str) for value in answer["headers"].values())
    )


@pytest.mark.parametrize("event", NO_EVENTS)
def test_what_is_no_request_is_a_bad_request(handler: Handler, event: Any) -> None:
    answer = handler(event)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["code"] == "bad_request"


def test_no_mutated_event_raises_or_is_a_servers_fault(
    handler: Handler, app: FastAPI, member: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "ostiary.lambda")
    token, lacking = member.token, token_of(app, "eve", "account:read")
    note = json.dumps({"title": "x", "body": "y"})
    events = [
        *(shape("GET", "/notes", token) for shape in (rest_event, http_event)),
        *(shape("POST", "/notes", lacking, body=note) for shape in (rest_event, http_event)),
        *(shape("GET", "/health") for shape in (rest_event, http_event)),
        *(shape("POST", "/auth/login", body="username=a") for shape in (rest_event, http_event)),
        http_event("GET", "/prod/notes", token, stage="prod", cookies=["a=b"]),
        rest_event("GET", "/v1/notes", token, pathParameters={"proxy": "notes"}),
        rest_event("GET", "/notes", token, headers=None),
        rest_event("GET", "/notes", token, multiValueHeaders=None),
    ]
    kind = find(app, Database).engine.dialect.name
    chance = random.Random(f"{SEED} {kind}")  # noqa: S311 - reproducible on purpose
    wrong = []
    for number in range(MUTANTS_EACH):
        event = mutant(chance, events[number % len(events)])
        try:
            fits = is_answer(handler(event))
        except Exception as error:
            fits, event = False, (repr(error), event)
        if not fits:
            wrong.append(event)
    assert not wrong, f"{len(wrong)} of {MUTANTS_EACH}, the first: {str(wrong[0])[:2000]}"
    with find(app, Database).transaction() as session:
        counted = [session.scalar(select(func.count()).select_from(kind)) for kind in (User, Note)]
    assert counted == [1, 0]


def test_the_mutants_are_on_both_sides_of_the_check(handler: Handler) -> None:
    """Or the test above would prove nothing."""
    chance = random.Random(SEED)  # noqa: S311 - reproducible on purpose
    event = rest_event("GET", "/health")
    seen = [handler(mutant(chance, event))["statusCode"] for _ in range(300)]
    assert seen.count(200) > 50
    assert seen.count(400) > 50
