"""The first steps with a running app function: register, log in."""

import json
import secrets
from typing import Any
from urllib.parse import urlencode

from tests.app.events import rest_event
from tests.images.runtime import Function
from tests.support import PASSWORD

ISSUER = "https://api.example.com/prod"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def body_of(answer: dict[str, Any]) -> Any:
    """The JSON of an answer."""
    return json.loads(answer["body"])


def event_with_body(path: str, media_type: str, body: str, token: str | None = None) -> Any:
    """A POST of some text."""
    event = rest_event("POST", path, token, body=body)
    event["headers"]["Content-Type"] = media_type
    event["multiValueHeaders"]["Content-Type"] = [media_type]
    return event


def register(function: Function) -> str:
    """Somebody new, by the address."""
    email = f"{secrets.token_hex(6)}@example.com"
    body = json.dumps({"email": email, "password": PASSWORD})
    answer = function.result(event_with_body("/users", JSON, body))
    assert answer["statusCode"] == 201, answer
    return email


def log_in(function: Function, email: str) -> str:
    """The access token of somebody who registered."""
    body = urlencode({"username": email, "password": PASSWORD})
    answer = function.result(event_with_body("/auth/login", FORM, body))
    assert answer["statusCode"] == 200, answer
    token: str = body_of(answer)["access_token"]
    return token
