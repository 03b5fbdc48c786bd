"""One JSON line a request, and with it what was counted of it, as CloudWatch takes metrics.

The line tells the route and not the path, in which anything may stand; it holds no header, no
query and no body. On Lambda it is written as it is: within a record of the runtime's, metrics would
be none. Its members are named as in other records, by the runtime and by app/logs.py.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import logging
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.caller import Caller, remember_caller
from app.telemetry import Metric, Telemetry, begin_telemetry, count, note

REQUESTS = "ostiary.requests"
_LOG = logging.getLogger(REQUESTS)
_UNANSWERED, _BROKEN = 499, 500  # who asked was gone before the answer began; it was we who broke
# RFC 9110 §9, RFC 5789. Any other word is whatever somebody wrote.
_METHODS = {*("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), "OPTIONS", "TRACE", "CONNECT"}


class RequestLog:
    """ASGI middleware, the outermost: it sees what the client sees.

    `namespace` is that of the metrics in CloudWatch; without one, none are written.
    """

    def __init__(
        self, app: ASGIApp, namespace: str | None, clock: Callable[[], float] = time.time
    ) -> None:
        self._app, self._namespace, self._clock = app, namespace, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caller = remember_caller(scope, _request_id(scope))
        telemetry, begun = begin_telemetry(), time.perf_counter()
        status = _UNANSWERED

        async def send_seen(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, send_seen)
        except Exception:
            status = _BROKEN if status == _UNANSWERED else status
            count(Metric.UNFORESEEN_ERRORS)
            note(code="internal_error")
            raise
        finally:
            if _LOG.isEnabledFor(logging.INFO):
                seconds = time.perf_counter() - begun
                _LOG.info(self._line(scope, caller, telemetry, status, seconds))

    def _line(
        self, scope: Scope, caller: Caller, telemetry: Telemetry, status: int, seconds: float
    ) -> str:
        now = self._clock()
        told = {
            "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
            "level": "INFO",
            "message": "request",
            "logger": REQUESTS,
            "requestId": getattr(scope.get("aws.context"), "aws_request_id", None),
            "request_id": caller.request_id,
            "method": scope["method"] if scope["method"] in _METHODS else "?",
            "route": getattr(scope.get("route"), "path", None),
            "status": status,
            "code": telemetry.code,
            "duration_ms": round(1000 * seconds, 1),
            "sub": telemetry.sub,
            "client_id": telemetry.client_id,
            "address": caller.address,
        }
        line = {name: value for name, value in told.items() if value is not None}
        if self._namespace and telemetry.counts:
            line |= _metrics(self._namespace, telemetry, now)
        return json.dumps(line)


def write_requests_bare() -> None:
    """Let the lines of requests go to standard output as they are, and nowhere else."""
    _LOG.handlers, _LOG.propagate = [_Bare()], False
    _LOG.setLevel(logging.INFO)


class _Bare(logging.Handler):
    """Each line in one piece, to what is standard output by then."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"{record.getMessage()}\n", end="", flush=True)


def _request_id(scope: Scope) -> str:
    """API Gateway's, by which its own log knows the request. No header of a client's is read.

    Of a REST API's two ids, clients may choose `requestId`, and so others' ids, too.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
    """
    context = scope.get("aws.event", {}).get("requestContext", {})
    given = context.get("extendedRequestId") or context.get("requestId")
    return given or secrets.token_hex(16)


def _metrics(namespace: str, telemetry: Telemetry, now: float) -> dict[str, Any]:
    """The members that make a line a record of metrics, each of which stands beside them."""
    directive = {
        "Namespace": namespace,
        "Dimensions": [[]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in telemetry.counts],
    }
    return {
        "_aws": {"Timestamp": int(1000 * now), "CloudWatchMetrics": [directive]},
        **{metric.value: number for metric, number in telemetry.counts.items()},
    }
