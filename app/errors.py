"""What can go wrong, and the one place where it becomes HTTP: problem+json (RFC 9457).

DomainError
├── Unauthenticated            401  unauthorized           no token came
│   ├── InvalidToken           401  invalid_token          one came, and is not to be trusted
│   └── InvalidCredentials     401  invalid_credentials    the login failed
├── Forbidden                  403  forbidden
│   ├── InsufficientScope      403  insufficient_scope     the token lacks a scope
│   ├── RegistrationClosed     403  registration_closed
│   ├── OriginRefused          403  origin_refused         a browser's, from another site
│   ├── WrongPassword          403  wrong_password         that of who changes it
│   ├── ScopeNotHeld           403  scope_not_held         nobody grants what he lacks
│   └── UserRequired           403  user_required          the token is a machine's
├── NotFound                   404  not_found
├── Conflict                   409  conflict
│   ├── EmailTaken             409  email_taken
│   └── LastAdministrator      409  last_administrator
├── InvalidRequest             422  invalid_request
├── TooManyAttempts            429  too_many_attempts      try again later, Retry-After says when
└── Unavailable                503  unavailable            try again in a moment
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from app.database_address import AddressError
from app.database_faults import is_not_ready, refers_to_nothing, told
from app.telemetry import Metric, count, note
from app.tokens.errors import KeySetError

_LOG = logging.getLogger("ostiary.errors")
RETRY_AFTER_SECONDS = 2
PROBLEM_JSON = "application/problem+json"


class DomainError(Exception):
    """Something a caller did or met; `detail` is for the client."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def headers(self) -> dict[str, str]:
        """The response headers that go with it."""
        return {}


class Unauthenticated(DomainError):
    status, code = 401, "unauthorized"

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class InvalidToken(Unauthenticated):
    """Holds no reason: the client learns that the token is invalid, the log learns why."""

    code = "invalid_token"

    def __init__(self) -> None:
        super().__init__("The access token is invalid or has expired. Log in again.")

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class InvalidCredentials(Unauthenticated):
    code = "invalid_credentials"


class Forbidden(DomainError):
    status, code = 403, "forbidden"


class InsufficientScope(Forbidden):
    code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"The access token does not carry the scope {scope!r}.")
        self.scope = scope

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{self.scope}"'}


class RegistrationClosed(Forbidden):
    code = "registration_closed"


class OriginRefused(Forbidden):
    code = "origin_refused"


class WrongPassword(Forbidden):
    """Not 401: the access token is good, and another one would help nobody."""

    code = "wrong_password"


class ScopeNotHeld(Forbidden):
    code = "scope_not_held"


class UserRequired(Forbidden):
    code = "user_required"


class NotFound(DomainError):
    status, code = 404, "not_found"


class Conflict(DomainError):
    status, code = 409, "conflict"


class EmailTaken(Conflict):
    code = "email_taken"


class LastAdministrator(Conflict):
    code = "last_administrator"


class InvalidRequest(DomainError):
    """`fields` maps where (`body.email`) to what is wrong there; no value is ever repeated."""

    status, code = 422, "invalid_request"

    def __init__(self, fields: Mapping[str, str]) -> None:
        named = "; ".join(f"{where}: {what}" for where, what in fields.items())
        super().__init__(f"The request is not as expected: {named}")
        self.fields = dict(fields)


class TooManyAttempts(DomainError):
    """Says when, and not of what there were too many: that would tell what exists."""

    status, code = 429, "too_many_attempts"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"There were too many attempts. Try again in {seconds} s.")
        self.seconds = seconds

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)}


class Unavailable(DomainError):
    status, code = 503, "unavailable"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}


class Problem(BaseModel):
    """What every refusal looks like (RFC 9457); `code` is stable, `detail` is for people."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str


_PROBLEM = {PROBLEM_JSON: {"schema": Problem.model_json_schema()}}
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Refused", "content": _PROBLEM},
    "503": {"description": "Unavailable; Retry-After says for how long", "content": _PROBLEM},
}

_CODES_BY_STATUS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "content_too_large",
    415: "unsupported_media_type",
    431: "headers_too_large",
}
_DETAILS_BY_STATUS = {
    404: "Nothing is found here; /docs shows what is. Paths have one spelling: "
    "no trailing slash, no %-escapes.",
    405: "The path exists, but not with this method.",
    413: "The body is larger than this service takes.",
}


def problem(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """A problem+json response; `more` are members of its own kind (RFC 9457 §3.2)."""
    note(code=code)
    body = Problem(title=HTTPStatus(status).phrase, status=status, code=code, detail=detail)
    return JSONResponse(
        body.model_dump() | more,
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=PROBLEM_JSON,
    )


def problem_from(error: Exception) -> JSONResponse:
    """The response to any exception; one that nothing foresaw is logged, and says nothing."""
    match error:
        case DomainError():
            return _problem_from_domain(error)
        case HTTPException():
            code = _CODES_BY_STATUS.get(error.status_code, "refused")
            detail = _DETAILS_BY_STATUS.get(error.status_code, error.detail)
            return problem(error.status_code, code, detail, error.headers)
        case RequestValidationError():
            return problem_from(invalid_request(error.errors()))
        case PoolTimeoutError() | OperationalError() | InterfaceError() | AddressError():
            return _no_database(error)
        case KeySetError():
            count(Metric.KEY_FAILURES)
            _LOG.error("There are no keys to use: %s", error)
            return problem_from(Unavailable("The service cannot use its keys."))
        case DBAPIError() if is_not_ready(error):
            return _no_database(error)
        case IntegrityError() if refers_to_nothing(error):
            return problem_from(NotFound("What this request belongs to is gone."))
        case StaleDataError():
            return problem_from(NotFound("What this request changes is gone."))
        case _:
            count(Metric.UNFORESEEN_ERRORS)
            _LOG.error("Unforeseen", exc_info=error)
            return problem(500, "internal_error", "Something went wrong on our side.")


def _problem_from_domain(error: DomainError) -> JSONResponse:
    if isinstance(error, InvalidRequest):
        return problem(error.status, error.code, error.detail, errors=error.fields)
    if isinstance(error, TooManyAttempts):
        count(Metric.ATTEMPTS_REFUSED)
        _LOG.info("refused: %s", error.code, extra={"code": error.code})
    return problem(error.status, error.code, error.detail, error.headers())


def _no_database(error: Exception) -> JSONResponse:
    count(Metric.DATABASE_FAILURES)
    _LOG.error("The database did not answer: %s", told(error))
    return problem_from(Unavailable("The service cannot use its database."))


def invalid_request(errors: Any) -> InvalidRequest:
    """pydantic's errors as one InvalidRequest, without the values that were sent."""
    return InvalidRequest(dict(map(_field, errors)))


def _field(error: Any) -> tuple[str, str]:
    if error["type"] == "json_invalid":
        return "body", "this is no JSON object in UTF-8 with each member once"
    return ".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, ")


def render_problems(app: FastAPI) -> None:
    """Make every error of `app` a problem+json response."""

    async def handle(_: Request, error: Exception) -> JSONResponse:
        return problem_from(error)

    for kind in (
        AddressError,
        DomainError,
        HTTPException,
        RequestValidationError,
        DBAPIError,
        KeySetError,
        PoolTimeoutError,
        StaleDataError,
    ):
        app.add_exception_handler(kind, handle)
