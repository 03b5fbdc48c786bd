"""The request events of API Gateway, as far as the app reads them, each part checked.

Shapes: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
and https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import re
from base64 import b64decode
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from app.request_rules import is_one_spelling


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
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
RequestId = Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
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
    # The other one a client may choose.
    extended_request_id: RequestId | None = None
    request_id: RequestId | None = None


class _HttpContext(_Shape):
    http: _Http
    stage: str
    request_id: RequestId | None = None


class _Request(_Shape):
    """What the event shapes have in common."""

    headers: Headers = {}
    body: Text | None = None
    is_base64_encoded: bool = Field(False, alias="isBase64Encoded")

    def check(self) -> None:
        """What holds of body and headers together; ValueError where it does not."""
        if self.is_base64_encoded:
            b64decode(self.body or "", validate=True)
        if not _HOST.fullmatch(self.headers.get("host", "ostiary")):
            raise ValueError("the host is none")

    def common(self) -> dict[str, Any]:
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


class RestRequest(_Request):
    """A REST API's proxy event (payload 1.0)."""

    # A REST API sends none; an HTTP API that is told to speak payload 1.0 does.
    version: Literal["1.0"] = "1.0"
    resource: Text
    path: Text
    http_method: Method
    request_context: _RestContext
    multi_value_headers: MultiHeaders = {}
    path_parameters: dict[str, str] | None = None
    query_string_parameters: dict[Text, Text] | None = None
    multi_value_query_string_parameters: dict[Text, list[Text]] | None = None

    @model_validator(mode="after")
    def _check_that_the_maps_agree(self) -> "RestRequest":
        for name, values in self.multi_value_headers.items():
            joined = ", ".join(values)
            if self.headers.get(name, joined) not in (joined, *values[-1:]):
                raise ValueError(f"headers and multiValueHeaders disagree on {name}")
            self.headers[name] = joined
        self.check()
        return self

    def own_path(self) -> str:
        """The path below the API: behind a custom domain the event's holds its base path too."""
        template = self.resource
        for name, value in (self.path_parameters or {}).items():
            template = template.replace("{proxy+}" if name == "proxy" else f"{{{name}}}", value)
        if not template:
            return self.path
        base, found, rest = self.path.rpartition(template)
        # A base path has a name: "/" alone is a slash too many.
        in_path = found and rest in ("", "/") and base != "/" and is_one_spelling(base.encode())
        return found + rest if in_path else self.path

    def clean(self, path: str) -> dict[str, Any]:
        """The event anew, of what was checked, with the path that the app is to see."""
        return self.common() | {
            "resource": self.resource,
            "path": path,
            "httpMethod": self.http_method,
            "multiValueQueryStringParameters": self.multi_value_query_string_parameters
            or self.query_string_parameters,
            "requestContext": self.request_context.model_dump(by_alias=True),
        }


class HttpRequest(_Request):
    """An HTTP API's event (payload 2.0)."""

    version: Literal["2.0"]
    request_context: _HttpContext
    raw_query_string: Query = ""
    cookies: list[Value] | None = None

    @model_validator(mode="after")
    def _check(self) -> "HttpRequest":
        self.check()
        return self

    def own_path(self) -> str:
        """The path below the stage, whose name stands in front unless it is `$default`."""
        stage, path = self.request_context.stage, self.request_context.http.path
        in_path = stage not in ("", "$default") and path.startswith(f"/{stage}/")
        return path.removeprefix(f"/{stage}") if in_path else path

    def clean(self, path: str) -> dict[str, Any]:
        """The event anew, of what was checked, with the path that the app is to see."""
        context = self.request_context.model_dump(by_alias=True)
        context["http"]["path"] = path
        return self.common() | {
            "version": self.version,
            "rawQueryString": self.raw_query_string,
            "cookies": self.cookies,
            "requestContext": context,
        }
