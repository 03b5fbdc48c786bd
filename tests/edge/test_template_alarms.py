"""What is watched: alarms and the dashboard, and that what they wait for really comes."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from app.telemetry import Metric as AppMetric
from authorizer.metrics import UNDECIDED
from local.command import PROJECT
from tests.edge.templates import HTTP, PSEUDO, REST, Stack, of_both, of_type, read
from tests.emf import metrics_of
from tests.images.conftest import app_environment
from tests.images.runtime import Environment, Function, running
from tests.images.steps import FORM, body_of, event_with_body, register
from tests.support import PASSWORD

__all__ = ["app_environment"]

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
OWN = f"Ostiary/{PSEUDO['AWS::StackName']}"
ALARMS = {
    "UndecidedAlarm",
    "RefreshTokenReusedAlarm",
    "LoginsFailedAlarm",
    "AttemptsRefusedAlarm",
    "DatabaseFailuresAlarm",
    "UnforeseenErrorAlarm",
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
# Who counts what: docs/operating.md says what each means.
_OWN = {**dict.fromkeys(map(str, AppMetric), "AppFunction"), UNDECIDED: "AuthorizerFunction"}


class Metric(NamedTuple):
    """A metric of CloudWatch, by all that names it."""

    namespace: str
    name: str
    dimensions: dict[str, str]


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
        assert metric.name in _OWN
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
def test_each_function_counts_in_the_namespace_that_the_alarms_read(template: str) -> None:
    stack = Stack(read(template))

    for function in _OWN.values():
        assert stack[function]["Environment"]["Variables"]["OSTIARY_METRICS"] == OWN
    # A filter counts the same once more, under a name of its own or the same.
    assert of_type(stack.document, "AWS::Logs::MetricFilter") == {}


def _counted(function: Function) -> dict[str, int]:
    return metrics_of(function.log(), OWN, time.time())


def _run(handler: str, environment: Environment, log: Path) -> AbstractContextManager[Function]:
    command = [sys.executable, "-m", "awslambdaric", handler]
    return running(command, PROJECT, {**environment, "OSTIARY_METRICS": OWN}, log)


def test_an_authorizer_without_keys_counts_what_it_could_not_decide_and_no_refusal(
    tmp_path: Path,
) -> None:
    environment = {
        "OSTIARY_ISSUER": "https://issuer.example.com",
        "OSTIARY_AUDIENCE": "ostiary",
        "OSTIARY_KEYS": "https://127.0.0.1:1/jwks.json",
        "OSTIARY_STATUS_LISTS": "off",
    }
    arn = "arn:aws:execute-api:eu-central-1:123456789012:abc/prod/GET/users"
    with _run("authorizer.handler.handler", environment, tmp_path / "log") as function:
        event = {"type": "TOKEN", "methodArn": arn, "authorizationToken": "Bearer x"}
        assert function.invoke(event).content["errorMessage"] == "Unauthorized"
        assert _counted(function) == {}

        event["authorizationToken"] = f"Bearer {_UNKNOWN_KID}"
        assert function.invoke(event).content["errorType"] == "UndecidedError"
        assert _counted(function) == {"Undecided": 1}


# {"alg":"ES256","kid":"a","typ":"at+jwt"}.{}. and a signature of the right length
_UNKNOWN_KID = f"eyJhbGciOiJFUzI1NiIsImtpZCI6ImEiLCJ0eXAiOiJhdCtqd3QifQ.e30.{'A' * 86}"


def _post(function: Function, path: str, **form: str) -> Any:
    return function.result(event_with_body(path, FORM, urlencode(form)))


def _log_in(function: Function, email: str, password: str) -> Any:
    return _post(function, "/auth/login", username=email, password=password)


def _refresh(function: Function, token: str) -> Any:
    return _post(function, "/auth/token", grant_type="refresh_token", refresh_token=token)


def test_the_app_counts_logins_failed_ones_and_a_spent_refresh_token_that_comes_back(
    app_environment: Environment, tmp_path: Path
) -> None:
    with _run("app.main.handler", app_environment, tmp_path / "log") as function:
        email = register(function)
        assert _log_in(function, email, "wrong")["statusCode"] == 401
        first = body_of(_log_in(function, email, PASSWORD))["refresh_token"]
        second = body_of(_refresh(function, first))["refresh_token"]
        assert _refresh(function, second)["statusCode"] == 200
        assert _counted(function) == {"Logins": 1, "LoginsFailed": 1}

        assert [_refresh(function, first)["statusCode"] for _ in range(2)] == [400, 400]
        assert _counted(function) == {"Logins": 1, "LoginsFailed": 1, "RefreshTokensReused": 1}
        _check_lines(function.log())


def _check_lines(log: str) -> None:
    """One a request; by Lambda's id of the invocation one finds what else was said of it."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["logger"] == "ostiary.requests"]
    assert [line["requestId"] for line in requests] == [f"request-{n}" for n in range(1, 8)]
    (reused,) = (line for line in requests if line.get("code") == "refresh_token_reused")
    (told,) = (line for line in lines if line["logger"] == "ostiary.sessions" and "sub" in line)
    assert told["requestId"] == reused["requestId"]
    assert told["sub"] == reused["sub"]


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
    assert {metric.name for metric in shown if metric.namespace == OWN} == set(_OWN)


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
def test_the_dashboard_counts_the_codes_that_app_and_authorizer_log(template: str) -> None:
    stack = Stack(read(template))
    app, authorizer = (
        widget["properties"]["query"]
        for widget in json.loads(stack["Dashboard"]["DashboardBody"])["widgets"]
        if widget["type"] == "log"
    )

    assert app.startswith("SOURCE '<AppLogs>' | filter logger = 'ostiary.requests' and ")
    assert authorizer.startswith("SOURCE '<AuthorizerLogs>' | ")
    assert "by code" in app
    assert "by code" in authorizer
