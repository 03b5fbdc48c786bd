"""What the tests of the authorizer share: recorded events, tokens, and the four outcomes."""

import hmac
import json
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from app.tokens.encoding import base64url_decode, base64url_encode
from app.tokens.issue import Issuer
from authorizer.events import UndecidedError
from authorizer.handler import handler
from authorizer.policy import Policy
from tests.support import AUDIENCE, ISSUER, key_set, private_jwk

ALGS = ("ES256", "HS256")
STAGE = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test"
EVENTS = Path(__file__).parent / "events"
# The developer guide's samples, one of each shape that is taken.
SHAPES = ("rest_token", "rest_request", "http_api_2.0")


class Outcome(StrEnum):
    """What the authorizer may do with an event."""

    POLICY = "a policy for a holder of a token"
    DENIED = "a policy that denies all to nobody; 403"
    UNAUTHORIZED = "401"
    UNDECIDED = "5xx, not cached"


def recorded(name: str, token: str = "TOKEN") -> dict[str, Any]:
    """A recorded event, with this token where it says TOKEN; under `deployed/` as APIs send it."""
    text = (EVENTS / f"{name}.json").read_text()
    event: dict[str, Any] = json.loads(text.replace("Bearer TOKEN", f"Bearer {token}"))
    return event


def token_event(token: str, method_arn: str = f"{STAGE}/GET/notes") -> dict[str, Any]:
    """A TOKEN event for a method."""
    return recorded("rest_token", token) | {"methodArn": method_arn}


def http_api_event(authorization: str | None, **changes: Any) -> dict[str, Any]:
    """An HTTP API's event with this Authorization header, by which API Gateway caches."""
    event = recorded("deployed/http_api_2.0")
    del event["headers"]["authorization"], event["identitySource"]
    if authorization is not None:
        event["headers"]["authorization"] = authorization
        event["identitySource"] = [authorization]
    return event | changes


def decide(event: object) -> tuple[Outcome, Policy]:
    """What the authorizer does with an event; no other exception than its two comes through."""
    try:
        answer = handler(event, None)
    except UndecidedError:
        return Outcome.UNDECIDED, {}
    except Exception as error:
        # API Gateway compares the message; a subclass would put its own name beside it.
        if type(error) is not Exception or error.args != ("Unauthorized",):
            raise
        return Outcome.UNAUTHORIZED, {}
    return (Outcome.POLICY if answer["context"]["sub"] else Outcome.DENIED), answer


def outcome_of(event: object) -> Outcome:
    """Which of the four it is."""
    return decide(event)[0]


def issued(*scopes: str, seconds_ago: float = 0, **changes: str) -> str:
    """A token as the app signs it; `changes` are its issuer, audience, sub or client_id."""
    parts = {"issuer": ISSUER, "audience": AUDIENCE, "sub": "user", "client_id": "ostiary"}
    parts |= changes
    issuer = Issuer(
        key_set(*ALGS),
        issuer=parts["issuer"],
        audience=parts["audience"],
        lifetime=600,
        clock=lambda: time.time() - seconds_ago,
    )
    return issuer.issue(sub=parts["sub"], client_id=parts["client_id"], scopes=scopes)


def claims(**changes: Any) -> dict[str, Any]:
    """The payload of a good token; a change to None takes the member out."""
    now = int(time.time())
    good = {"iss": ISSUER, "sub": "user", "aud": AUDIENCE, "exp": now + 600, "iat": now}
    good |= {"jti": "one", "client_id": "ostiary", "scope": "notes:read"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(payload: Mapping[str, Any] | bytes, **header: Any) -> str:
    """Any payload under any header, with a good HMAC signature."""
    jwk = private_jwk("HS256")
    members = {"typ": "at+jwt", "alg": "HS256", "kid": jwk["kid"]} | header
    if not isinstance(payload, bytes):
        payload = json.dumps(payload, ensure_ascii=False).encode()
    head = json.dumps({name: value for name, value in members.items() if value is not None})
    signing_input = f"{base64url_encode(head.encode())}.{base64url_encode(payload)}"
    secret = base64url_decode(jwk["k"].encode())
    signature = hmac.digest(secret, signing_input.encode(), "sha256")
    return f"{signing_input}.{base64url_encode(signature)}"
