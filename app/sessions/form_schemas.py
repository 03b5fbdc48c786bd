"""What the forms of the OAuth endpoints hold, for the OpenAPI document."""

from typing import Any

from app.sessions.forms import FORM

_CLIENT = {
    "client_id": "Of a client that authenticates here, and not by HTTP Basic; or `ostiary`.",
    "client_secret": "Of a client that authenticates here, and not by HTTP Basic.",
}
_TOKEN = {
    "token": "An access token or a refresh token.",
    "token_type_hint": "Which of them it is; not needed, since a token shows that by itself.",
}


def form_of(required: str, **fields: str) -> dict[str, Any]:
    """The request body of an endpoint: `fields` and those of a client, each with what it is."""
    described = {
        name: {"type": "string", "description": text} for name, text in (fields | _CLIENT).items()
    }
    described["client_secret"]["format"] = "password"
    schema = {"type": "object", "required": [required], "properties": described}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


TOKEN_FORM = form_of(
    "grant_type",
    grant_type="`refresh_token` or `client_credentials`.",
    refresh_token="For `refresh_token`, unless the cookie carries it.",  # noqa: S106
    scope="Fewer scopes than there could be, parted by spaces.",
)
REVOCATION_FORM = form_of("token", **_TOKEN)
INTROSPECTION_FORM = form_of("token", **_TOKEN)
