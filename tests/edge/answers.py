"""How to tell who answered: API Gateway, the authorizer, or the app behind them."""

from contextlib import closing

import httpx

from local.cloud import Edge

AUTHORIZER_LOGS = "/aws/lambda/ostiary-authorizer"
MEMBERS = {"type", "title", "status", "code", "detail"}


def by_api_gateway(answer: httpx.Response) -> bool:
    """Gateway responses name their error type in a header; an app's answer has none."""
    return "x-amzn-ErrorType" in answer.headers


def check_problem(answer: httpx.Response, status: int, code: str) -> None:
    """It is a gateway response, and readable problem+json (RFC 9457)."""
    assert by_api_gateway(answer), f"the app answered {answer.status_code}: {answer.text}"
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    problem = answer.json()
    assert set(problem) == MEMBERS
    assert problem["status"] == status
    assert problem["code"] == code


def invocations(edge: Edge) -> int:
    """How often the authorizer was invoked, going by the log that the template gives it."""
    with closing(edge.cloud.client("logs")) as logs:
        events = logs.filter_log_events(logGroupName=AUTHORIZER_LOGS)["events"]
    return sum(event["message"].startswith("START") for event in events)


def configure(edge: Edge, logical_id: str, **changes: str | None) -> None:
    """Change a function's variables; None: without it."""
    variables = edge.settings(logical_id) | changes
    kept = {key: value for key, value in variables.items() if value is not None}
    with closing(edge.cloud.client("lambda")) as functions:
        functions.update_function_configuration(
            FunctionName=edge.cloud.physical_id(logical_id), Environment={"Variables": kept}
        )
