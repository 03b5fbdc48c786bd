"""The body of a login: a form, as browsers and OAuth clients send it, or JSON."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from app.errors import InvalidRequest
from app.problems import invalid_request
from app.sessions.forms import FORM, media_type_of, read_form
from app.sessions.schemas import Credentials
from app.tokens.encoding import parse_json_object

JSON = "application/json"

# For the OpenAPI document: FastAPI cannot say of one body that it comes in two media types.
REQUEST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": Credentials.model_json_schema()} for kind in (FORM, JSON)},
    }
}


async def read_credentials(request: Request) -> Credentials:
    """The credentials in a request; 415 for any other media type, InvalidRequest for a bad body."""
    media_type = media_type_of(request)
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


_READERS: dict[str, Callable[[bytes], Mapping[str, Any]]] = {
    FORM: read_form,
    JSON: parse_json_object,
}
