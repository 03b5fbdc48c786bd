"""Forms as browsers and OAuth clients send them, in one reading."""

from email.message import Message
from urllib.parse import parse_qsl

from fastapi import Request

from app.sessions.oauth_errors import InvalidOAuthRequest

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 16


def media_type_of(request: Request) -> str:
    """The media type of a request's body, in lower case and without parameters."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    return header.get_content_type()


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a form; ValueError where it is none in UTF-8 with each field once."""
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


async def oauth_form(request: Request) -> dict[str, str]:
    """The parameters of a request to an OAuth endpoint, the empty ones left out (RFC 6749 §3.2)."""
    if media_type_of(request) != FORM:
        raise InvalidOAuthRequest(f"A body of the type {FORM} was expected.")
    try:
        fields = read_form(await request.body())
    except ValueError:
        raise InvalidOAuthRequest("A form in UTF-8 was expected, with each field once.") from None
    return {name: value for name, value in fields.items() if value}
