"""The refusals of the OAuth endpoints, in the shape that RFC 6749 §5.2 gives them.

OAuthError                     400
├── InvalidOAuthRequest        400  invalid_request
├── InvalidGrant               400  invalid_grant
├── InvalidScope               400  invalid_scope
├── UnsupportedGrantType       400  unsupported_grant_type
├── UnsupportedTokenType       400  unsupported_token_type (RFC 7009 §2.2.1)
└── InvalidClient              401  invalid_client
"""

from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app.telemetry import note


class OAuthError(Exception):
    """`detail` is for the client's developer: printable ASCII without quotes and backslashes."""

    status: ClassVar[int] = 400
    error: ClassVar[str]

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def headers(self) -> dict[str, str]:
        """The response headers that go with it."""
        return {"Cache-Control": "no-store"}


class InvalidOAuthRequest(OAuthError):
    error = "invalid_request"


class InvalidGrant(OAuthError):
    """Says no reason: whether a token was never there, is spent or ended is not the client's."""

    error = "invalid_grant"

    def __init__(
        self,
        detail: str = "The refresh token is invalid, has expired or was revoked. Log in again.",
    ) -> None:
        super().__init__(detail)


class InvalidScope(OAuthError):
    error = "invalid_scope"


class UnsupportedGrantType(OAuthError):
    error = "unsupported_grant_type"


class UnsupportedTokenType(OAuthError):
    error = "unsupported_token_type"


class InvalidClient(OAuthError):
    """Wrong client credentials, absent ones, or two kinds of them."""

    status, error = 401, "invalid_client"

    def headers(self) -> dict[str, str]:
        return super().headers() | {"WWW-Authenticate": 'Basic realm="ostiary"'}


class OAuthRefusal(BaseModel):
    """What a refusal of an OAuth endpoint looks like (RFC 6749 §5.2)."""

    error: str = Field(examples=["invalid_request"])
    error_description: str = Field(description="For people.")


# For the OpenAPI document.
OAUTH_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"description": "Refused", "model": OAuthRefusal},
    401: {"description": "Refused: the client did not authenticate", "model": OAuthRefusal},
}


def render_oauth_errors(app: FastAPI) -> None:
    """Make every OAuthError of `app` the response that RFC 6749 §5.2 describes."""

    async def handle(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, OAuthError)  # noqa: S101 - what this handler is registered for
        note(code=error.error)
        body = {"error": error.error, "error_description": error.detail}
        return JSONResponse(body, error.status, error.headers())

    app.add_exception_handler(OAuthError, handle)
