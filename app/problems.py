"""The one place where an error becomes HTTP: problem+json (RFC 9457)."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from app.database_address import AddressError
from app.database_faults import is_not_ready, refers_to_nothing, told
from app.errors import DomainError, InvalidRequest, NotFound, TooManyAttempts, Unavailable
from app.telemetry import Metric, count, note
from app.tokens.errors import KeySetError

_LOG = logging.getLogger("ostiary.errors")
PROBLEM_JSON = "application/problem+json"
MOST_FIELDS = 20  # told of a request: a body of 64 KiB can be wrong in thousands of places


def _declare_errors(schema: dict[str, Any]) -> None:
    schema["properties"]["errors"] = {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "description": "With 422 alone: what is wrong, by the field's place, as `body.email`.",
    }


class Problem(BaseModel):
    """What every refusal looks like (RFC 9457); `code` is stable, `detail` is for people."""

    model_config = ConfigDict(json_schema_extra=_declare_errors)

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str


_PROBLEM = {PROBLEM_JSON: {"schema": Problem.model_json_schema()}}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Come again in so many seconds.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Refused; `code` says why", "content": _PROBLEM},
    "429": {
        "description": "Too many attempts, or at the edge too many requests",
        "headers": _RETRY_AFTER,
        "content": _PROBLEM,
    },
    "503": {"description": "Unavailable", "headers": _RETRY_AFTER, "content": _PROBLEM},
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
    all_of_them = list(errors)
    fields = dict(map(_field, all_of_them[:MOST_FIELDS]))
    if more := len(all_of_them[MOST_FIELDS:]):
        fields["…"] = f"and {more} more"
    return InvalidRequest(fields)


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
