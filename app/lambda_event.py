"""What API Gateway may hand to the app: a request event, or else an answer of 400.

Mangum believes its event. Here the event is checked first and made anew from what was checked, so
that nothing is left for Mangum to read twice or to crash on: a path that it would decode again,
header maps that disagree, forwarding headers.
Shapes: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
and https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import logging
from base64 import b64decode
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi.responses import JSONResponse
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from app.errors import NotFound, problem, problem_from
from app.request_rules import is_one_spelling
from app.tokens.errors import quoted

_LOG = logging.getLogger("ostiary.lambda")
Event = dict[str, Any]
Handler = Callable[[Event, Any], Event]


def _lower_names(headers: Any) -> Any:
    """Header names in lower case; two spellings of one name in a map are refused."""
    if not isinstance(headers, dict):
        return {} if headers is None else headers
    lowered = {str(name).lower(): value for name, value in headers.items()}
    if len(lowered) != len(headers):
        raise ValueError("a header name stands twice in one map")
    return lowered


# The patterns are the regex crate's: `$` there is the very end, and a lone surrogate fits nothing.
Method = Annotated[str, Field(pattern=r"^[!-~]{1,20}$")]
Text = Annotated[str, Field(pattern=r"^(?s:.)*$")]
Name = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9a-z-]+$")]
Value = Annotated[str, Field(pattern=r"^[^\x00-\x08\x0a-\x1f\x7f]*$")]
Query = Annotated[str, Field(pattern=r"^[!-~]*$")]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]
Headers = Annotated[dict[Name, Value], BeforeValidator(_lower_names)]
MultiHeaders = Annotated[dict[Name, list[Value]], BeforeValidator(_lower_names)]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, alias_generator=to_camel, hide_input_in_errors=True)


class _Caller(_Shape):
    source_ip: str | None = None


class _Http(_Caller):
    method: Method
    path: Text


class _RestContext(_Shape):
    identity: _Caller


class _HttpContext(_Shape):
    http: _Http
    stage: str


class _Request(_Shape):
    """What the event shapes have in common."""

    headers: Headers = {}
    body: Text | None = None
    is_base64_encoded: bool = Field(False, alias="isBase64Encoded")

    @model_validator(mode="after")
    def _check_body(self) -> "_Request":
        if self.is_base64_encoded:
            b64decode(self.body or "", validate=True)
        return self

    @model_validator(mode="after")
    def _check_host(self) -> "_Request":
        TypeAdapter(Host).validate_python(self.headers.get("host", "ostiary"))
        return self

    def common(self) -> Event:
        forwarded = ("x-forwarded-", "forwarded")
        return {
            "headers": {
                name: value
                for name, value in self.headers.items()
                if not name.startswith(forwarded)
            },
            "body": self.body,
            "isBase64Encoded": self.is_base64_encoded,
        }


class _RestRequest(_Request):
    """A REST API's proxy event (payload 1.0)."""

    resource: Text
    path: Text
    http_method: Method
    request_context: _RestContext
    multi_value_headers: MultiHeaders = {}
    path_parameters: dict[str, str] | None = None
    query_string_parameters: dict[Text, Text] | None = None
    multi_value_query_string_parameters: dict[Text, list[Text]] | None = None

    @model_validator(mode="after")
    def _check_that_the_maps_agree(self) -> "_RestRequest":
        for name, values in self.multi_value_headers.items():
            if self.headers.get(name, values[-1:]) not in (
                values[-1:],
                *values[-1:],
                ", ".join(values),
            ):
                raise ValueError(f"headers and multiValueHeaders disagree on {name}")
        self.headers.update({name: ", ".join(v) for name, v in self.multi_value_headers.items()})
        return self

    def own_path(self) -> str:
        """The path below the API: behind a custom domain the event's holds its base path too."""
        parameters = self.path_parameters or {}
        template = self.resource.replace("{proxy+}", parameters.get("proxy", "{proxy+}"))
        at = self.path.rfind(template)
        return self.path[at:] if at > 0 and self.path[at:].rstrip("/") == template else self.path

    def clean(self) -> Event:
        return self.common() | {
            "resource": self.resource,
            "path": self.own_path(),
            "httpMethod": self.http_method,
            "multiValueQueryStringParameters": self.multi_value_query_string_parameters
            or self.query_string_parameters,
            "requestContext": self.request_context.model_dump(by_alias=True),
        }


class _HttpRequest(_Request):
    """An HTTP API's event (payload 2.0)."""

    version: Literal["2.0"]
    request_context: _HttpContext
    raw_query_string: Query = ""
    cookies: list[Value] | None = None

    def own_path(self) -> str:
        """The path below the stage, whose name stands in front unless it is `$default`."""
        return self.request_context.http.path.removeprefix(f"/{self.request_context.stage}") or "/"

    def clean(self) -> Event:
        context = self.request_context.model_dump(by_alias=True)
        context["http"]["path"] = self.own_path()
        return self.common() | {
            "version": self.version,
            "rawQueryString": self.raw_query_string,
            "cookies": self.cookies,
            "requestContext": context,
        }


def only_requests(handler: Handler) -> Handler:
    """`handler`, called with requests alone; anything else is answered, and never raises."""

    def checked(event: Any, context: Any) -> Event:
        shape = _HttpRequest if isinstance(event, dict) and "version" in event else _RestRequest
        try:
            request = shape.model_validate(event)
        except ValidationError as error:
            where = sorted(
                {".".join(map(str, found["loc"])) or "event" for found in error.errors()}
            )
            _LOG.warning("This is no API Gateway request: %s", quoted(", ".join(where), limit=200))
            return _as_answer(
                problem(400, "bad_request", "The event is no API Gateway proxy request.")
            )
        path = request.own_path()
        if "%" in path or not is_one_spelling(path.encode()):
            return _as_answer(problem_from(NotFound("Paths have one spelling here.")))
        return handler(request.clean(), context)

    return checked


def _as_answer(response: JSONResponse) -> Event:
    return {
        "statusCode": response.status_code,
        "headers": dict(response.headers),
        "body": bytes(response.body).decode(),
        "isBase64Encoded": False,
    }
