"""The part of the incoming ARN that a policy copies: nothing in it may match more than itself."""

from itertools import product
from typing import Any

import pytest

from authorizer.events import UndecidedError, read_event
from tests.authorizer.decisions import Outcome, http_api_event, outcome_of, recorded

API = "arn:aws:execute-api:us-east-1:123456789012:abcdef123"
ELSEWHERE = "arn:aws:execute-api:us-east-1:999999999999:other/prod"
SHAPES = ["TOKEN", "REQUEST", "HTTP API"]
HOSTILE = [*"*?{}[]()|\\\"' \t\n\r\0:;,<>&#%=+@!~^`.é", "＊", "？"]


def _event(shape: str, arn: object) -> dict[str, Any]:
    if shape == "HTTP API":
        return http_api_event("Bearer a.b.c", routeArn=arn)
    return recorded(f"rest_{shape.lower()}") | {"methodArn": arn}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "stage_arn",
    [
        f"{API}/test",
        f"{API}/$default",
        f"{API}/v1_2-beta",
        "arn:aws-cn:execute-api:cn-north-1:123456789012:abcdef123/test",
        "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abcdef123/test",
        "arn:aws:execute-api:us-east-1::abcdef123/test",
    ],
)
@pytest.mark.parametrize(
    "method",
    [
        *("GET/", "GET/notes", "PUT/a/b/c", "GET/a:b/c", "GET/%2A", "GET/*", "GET/a\nb"),
        *("GET/$connect", "GET/$default/GET/x", "GET/../../prod/GET/notes"),
        *(f"GET/{ELSEWHERE}/GET/notes", f"GET/\n{ELSEWHERE}/GET/notes", f"GET//{ELSEWHERE}/GET/"),
    ],
)
def test_partition_account_api_and_stage_are_copied_whatever_the_path(
    stage_arn: str, method: str, shape: str
) -> None:
    request = read_event(_event(shape, f"{stage_arn}/{method}"))
    assert request.stage_arn == stage_arn


@pytest.mark.parametrize(
    "hostile", ["*", "?", "te*t", "t?st", "${aws:PrincipalId}", "a/b", "", " "]
)
@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:execute-api:us-east-1:123456789012:abcdef123/{}/GET/notes",
        "arn:aws:execute-api:us-east-1:123456789012:{}/test/GET/notes",
        "arn:aws:execute-api:us-east-1:{}x:abcdef123/test/GET/notes",
        "arn:aws:execute-api:{}:123456789012:abcdef123/test/GET/notes",
        "arn:{}:execute-api:us-east-1:123456789012:abcdef123/test/GET/notes",
        "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/{}/notes",
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_wildcard_in_front_of_the_path_is_left_undecided(
    arn: str, hostile: str, shape: str
) -> None:
    with pytest.raises(UndecidedError, match="is not that of an API's method"):
        read_event(_event(shape, arn.format(hostile)))


@pytest.mark.parametrize(
    ("place", "character"),
    [
        *product(["{}/test", "abc{}def/test"], [*HOSTILE, "$", "_", "-"]),
        *product(["abcdef123/{}", "abcdef123/te{}st"], HOSTILE),
    ],
)
@pytest.mark.parametrize("shape", ["TOKEN", "HTTP API"])
def test_a_hostile_character_in_api_or_stage_is_left_undecided(
    place: str, character: str, shape: str
) -> None:
    arn = f"arn:aws:execute-api:us-east-1:123456789012:{place.format(character)}/GET/notes"
    assert outcome_of(_event(shape, arn)) is Outcome.UNDECIDED


@pytest.mark.parametrize(
    "arn",
    [
        None,
        7,
        [f"{API}/test/GET/notes"],
        "",
        "*",
        API,
        f"{API}/test",
        f"{API}/test/",
        f"{API}/test/GET",
        f"{API}/test/get/notes",
        f"{API}/test/$connect",
        f"{API}/$default/$default",
        f"{API}/test//notes",
        f" {API}/test/GET/notes",
        f"x{API}/test/GET/notes",
        f"{API.replace('execute-api', 'lambda')}/test/GET/notes",
        f"{API.replace('arn:', 'ARN:')}/test/GET/notes",
        f"{API.replace('us-east-1', 'ＵＳ-east-1')}/test/GET/notes",
        f"{API.replace('123456789012', '１２３４５６７８９０１２')}/test/GET/notes",
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_no_arn_of_a_method_is_left_undecided(arn: object, shape: str) -> None:
    assert outcome_of(_event(shape, arn)) is Outcome.UNDECIDED
