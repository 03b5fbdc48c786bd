"""What is to be told of the request that is being answered: its refusal's code, whose it is, and
what is counted of it. app/request_log.py tells it when the answer is out.
"""

from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum


class Metric(StrEnum):
    """What is counted. docs/operating.md says what each means, and which alarm looks at it."""

    LOGINS = "Logins"
    LOGINS_FAILED = "LoginsFailed"
    ATTEMPTS_REFUSED = "AttemptsRefused"
    REFRESH_TOKENS_REUSED = "RefreshTokensReused"
    DATABASE_FAILURES = "DatabaseFailures"
    KEY_FAILURES = "KeyFailures"
    UNFORESEEN_ERRORS = "UnforeseenErrors"


@dataclass
class Telemetry:
    """Of one request; `code` as in docs/reasons.md."""

    code: str | None = None
    sub: str | None = None
    client_id: str | None = None
    counts: Counter[Metric] = field(default_factory=Counter)


_CURRENT: ContextVar[Telemetry | None] = ContextVar("telemetry", default=None)


def begin_telemetry() -> Telemetry:
    """What is noted from here on, in this context and those that are copied from it."""
    telemetry = Telemetry()
    _CURRENT.set(telemetry)
    return telemetry


def note(*, code: str | None = None, sub: str | None = None, client_id: str | None = None) -> None:
    """Note of the current request, if there is one, what is given; the first code is kept."""
    if telemetry := _CURRENT.get():
        telemetry.code = telemetry.code or code
        telemetry.sub = sub or telemetry.sub
        telemetry.client_id = client_id or telemetry.client_id


def count(metric: Metric) -> None:
    """Count one more of this, in the current request."""
    if telemetry := _CURRENT.get():
        telemetry.counts[metric] += 1
