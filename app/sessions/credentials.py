"""The body of a login: a form, as browsers and OAuth clients send it, or JSON."""

from collections.abc import Callable
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from app.errors import InvalidRequest, invalid_request
from app.sessions.schemas import Credentials
from app.tokens.encoding import parse_json_object

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MAX_FIELDS = 16

# For the OpenAPI document: FastAPI cannot say of one body that it comes in two media types.
REQUEST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": Credentials.model_json_schema()} for kind in (FORM, JSON)},
    }
}


async def read_credentials(request: Request) -> Credentials:
    """The credentials in a request; 415 for any other media type, InvalidRequest for a bad body."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    media_type = header.get_content_type()
    if media_type not in _READERS:
        raise HTTPException(415, f"Send the credentials as {FORM} or {JSON}.")
    body = await request.body()
    try:
        return Credentials.model_validate(_READERS[media_type](body))
    except ValidationError as error:
        fields = error.errors(include_input=False, include_url=False, include_context=False)
        raise invalid_request(
            {**field, "loc": ("body", *field["loc"])} for field in fields
        ) from None
    except ValueError as error:
        what = f"this is no {media_type} in UTF-8 with each field once"
        raise InvalidRequest({"body": what}) from error


def _read_form(body: bytes) -> dict[str, Any]:
    pairs = parse_qsl(
        body.decode("utf-8"),
        keep_blank_values=True,
        strict_parsing=True,
        errors="strict",
        max_num_fields=MAX_FIELDS,
    )
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field came twice")
    return fields


_READERS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    FORM: _read_form,
    JSON: parse_json_object,
}
