"""What is watched: alarms and the dashboard, and that what they wait for really comes."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from awslambdaric.lambda_runtime_log_utils import JsonFormatter

from local.command import PROJECT
from local.template import Document
from tests.app.sessions.house import DAY, House
from tests.edge.templates import HTTP, PSEUDO, REST, Stack, of_both, of_type, read
from tests.images.runtime import running
from tests.support import key_set_document

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
OWN = f"Ostiary/{PSEUDO['AWS::StackName']}"
ALARMS = {
    "UndecidedAlarm",
    "RefreshTokenReusedAlarm",
    "ServerErrorsAlarm",
    "SlowAlarm",
    "AppThrottledAlarm",
    "AuthorizerThrottledAlarm",
    "OperationFailedAlarm",
}
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
_OF_FUNCTIONS = {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"}
_OF_BOTH_APIS = {"Count", "Latency", "IntegrationLatency"}
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
_OF_API = {REST: {"4XXError", "5XXError"}, HTTP: {"4xx", "5xx"}}
_DIMENSIONS = {
    REST: {"ApiName": PSEUDO["AWS::StackName"], "Stage": "prod"},
    HTTP: {"ApiId": "<Api>", "Stage": "$default"},
}
_PATTERN = re.compile(r'\{ \$\.(\w+) = "(\w+)" \}')


class Metric(NamedTuple):
    """A metric of CloudWatch, by all that names it."""

    namespace: str
    name: str
    dimensions: dict[str, str]


def _filters(stack: Stack) -> dict[str, Document]:
    """Name of the metric → the filter that counts it."""
    found = {}
    for name in of_type(stack.document, "AWS::Logs::MetricFilter"):
        (transformation,) = stack[name]["MetricTransformations"]
        assert transformation["MetricNamespace"] == OWN
        assert (transformation["MetricValue"], transformation["DefaultValue"]) == ("1", 0)
        found[transformation["MetricName"]] = stack[name]
    return found


def _check_exists(metric: Metric, template: str, stack: Stack) -> None:
    if metric.namespace == "AWS/Lambda":
        ((dimension, function),) = metric.dimensions.items()
        names = {f"<{name}>" for name in of_type(stack.document, "AWS::Serverless::Function")}
        assert metric.name in _OF_FUNCTIONS
        assert (dimension, function in names) == ("FunctionName", True)
    elif metric.namespace == "AWS/ApiGateway":
        assert metric.name in _OF_BOTH_APIS | _OF_API[template]
        assert metric.dimensions == _DIMENSIONS[template]
    else:
        assert metric.namespace == OWN
        assert metric.name in _filters(stack)
        assert metric.dimensions == {}


@of_both
def test_each_alarm_waits_for_a_metric_that_comes_and_takes_silence_for_health(
    template: str,
) -> None:
    stack = Stack(read(template))

    alarms = of_type(stack.document, "AWS::CloudWatch::Alarm")
    assert set(alarms) == ALARMS
    for name in alarms:
        alarm = stack[name]
        dimensions = {d["Name"]: d["Value"] for d in alarm.get("Dimensions", [])}
        _check_exists(Metric(alarm["Namespace"], alarm["MetricName"], dimensions), template, stack)
        assert alarm["TreatMissingData"] == "notBreaching", name
        assert ("Statistic" in alarm) != ("ExtendedStatistic" in alarm), name
        assert alarm["AlarmDescription"], name


@of_both
def test_an_alarm_goes_to_the_topic_where_there_is_one(template: str) -> None:
    for name in ALARMS:
        assert "AlarmActions" not in Stack(read(template))[name]
        told = Stack(read(template), AlarmTopicArn=TOPIC)[name]
        assert told["AlarmActions"] == [TOPIC]


@of_both
@pytest.mark.parametrize(
    ("metric", "group"),
    [("Undecided", "<AuthorizerLogs>"), ("RefreshTokensReused", "<AppLogs>")],
)
def test_a_filter_reads_the_log_of_the_function_that_writes_it(
    template: str, metric: str, group: str
) -> None:
    stack = Stack(read(template))
    function = "AuthorizerFunction" if metric == "Undecided" else "AppFunction"

    assert set(_filters(stack)) == {"Undecided", "RefreshTokensReused"}
    assert _filters(stack)[metric]["LogGroupName"] == group
    assert stack[function]["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": group}


def _matching(metric: str, lines: list[str]) -> list[Document]:
    """Of a log's lines, those that the filter of both templates counts."""
    patterns = {_filters(Stack(read(t)))[metric]["FilterPattern"] for t in (REST, HTTP)}
    found = _PATTERN.fullmatch(patterns.pop())
    assert found
    assert not patterns
    member, expected = found.groups()
    records = [json.loads(line) for line in lines if line.startswith("{")]
    return [record for record in records if record.get(member) == expected]


def test_what_an_authorizer_without_keys_writes_is_counted_and_a_refusal_is_not(
    tmp_path: Path,
) -> None:
    environment = {
        "OSTIARY_ISSUER": "https://issuer.example.com",
        "OSTIARY_AUDIENCE": "ostiary",
        "OSTIARY_KEYS": "https://127.0.0.1:1/jwks.json",
        "OSTIARY_STATUS_LISTS": "off",
    }
    arn = "arn:aws:execute-api:eu-central-1:123456789012:abc/prod/GET/users"
    command = [sys.executable, "-m", "awslambdaric", "authorizer.handler.handler"]
    with running(command, PROJECT, environment, tmp_path / "log") as function:
        event = {"type": "TOKEN", "methodArn": arn, "authorizationToken": "Bearer x"}
        assert function.invoke(event).content["errorMessage"] == "Unauthorized"
        assert _matching("Undecided", function.log().splitlines()) == []

        event["authorizationToken"] = f"Bearer {_UNKNOWN_KID}"
        assert function.invoke(event).content["errorType"] == "UndecidedError"
        assert len(_matching("Undecided", function.log().splitlines())) == 1


# {"alg":"ES256","kid":"a","typ":"at+jwt"}.{}. and a signature of the right length
_UNKNOWN_KID = f"eyJhbGciOiJFUzI1NiIsImtpZCI6ImEiLCJ0eXAiOiJhdCtqd3QifQ.e30.{'A' * 86}"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What a function writes of its sessions, in Lambda's JSON."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("ostiary.sessions")
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)


@pytest.fixture
def house(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("TEST_KEY_SET", key_set_document("ES256"))
    house = House(sqlite_url)
    yield house
    house.close()


def test_a_spent_refresh_token_that_comes_back_is_counted_once_and_a_wrong_one_is_not(
    house: House, log: StringIO
) -> None:
    token = house.token()
    house.refresh(token)
    assert house.post("unheard-of").status_code == 400
    assert _matching("RefreshTokensReused", log.getvalue().splitlines()) == []

    house.clock.move(DAY)
    assert house.post(token).status_code == 400
    assert house.post(token).status_code == 400
    assert len(_matching("RefreshTokensReused", log.getvalue().splitlines())) == 1


@of_both
def test_the_dashboard_shows_metrics_that_come_in_widgets_that_do_not_overlap(
    template: str,
) -> None:
    stack = Stack(read(template))
    dashboard = json.loads(stack["Dashboard"]["DashboardBody"])

    shown: list[Metric] = []
    taken: set[tuple[int, int]] = set()
    for widget in dashboard["widgets"]:
        assert widget["properties"]["region"] == PSEUDO["AWS::Region"]
        assert widget["properties"]["title"]
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
        shown += list(_metrics(widget["properties"].get("metrics", [])))
    for metric in shown:
        _check_exists(metric, template, stack)
    assert {metric.name for metric in shown if metric.namespace == OWN} == set(_filters(stack))


def _metrics(rows: list[list[Any]]) -> Iterator[Metric]:
    """A widget's rows, written out: `.` repeats a word of the row before, `...` all but the last.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    before: list[str] = []
    for row in rows:
        words = [word for word in row if isinstance(word, str)]
        if words[0] == "...":
            words = before[: len(before) - len(words) + 1] + words[1:]
        words = [before[i] if word == "." else word for i, word in enumerate(words)]
        yield Metric(words[0], words[1], dict(zip(words[2::2], words[3::2], strict=True)))
        before = words


@of_both
def test_the_dashboard_counts_the_codes_that_the_authorizer_logs(template: str) -> None:
    stack = Stack(read(template))
    (log,) = (
        widget["properties"]
        for widget in json.loads(stack["Dashboard"]["DashboardBody"])["widgets"]
        if widget["type"] == "log"
    )

    assert log["query"].startswith("SOURCE '<AuthorizerLogs>' | ")
    assert "by code" in log["query"]
