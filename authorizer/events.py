"""The events that API Gateway sends to a Lambda authorizer, told apart and taken apart.

Shapes: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{VERB}/{path}; what may stand in
# front of the verb is what a policy copies, so nothing there can be a wildcard.
_METHOD_ARN = re.compile(
    r"(?P<api>arn:[a-z0-9-]+:execute-api:[a-z0-9-]+:[0-9]*:[A-Za-z0-9]+/[A-Za-z0-9_$-]+)"
    r"/(?P<verb>[A-Z]+)/(?P<path>.*)",
    re.ASCII | re.DOTALL,
)


class UndecidedError(Exception):
    """The authorizer can say neither Allow nor Deny. API Gateway answers 5xx and caches nothing."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a decision rests on: the API's stage, and every Authorization value that came."""

    stage_arn: str
    authorizations: tuple[str, ...]


def read_event(event: object) -> AuthorizationRequest:
    """The request in a REST API's TOKEN or REQUEST event; UndecidedError for any other shape."""
    if not isinstance(event, Mapping):
        raise UndecidedError(f"an authorizer event is an object, not a {type(event).__name__}")
    kind = event.get("type")
    if "version" in event or kind not in ("TOKEN", "REQUEST"):
        raise UndecidedError("the event is neither a TOKEN nor a REQUEST event of a REST API")
    stage_arn = _stage_arn(event.get("methodArn"))
    if kind == "TOKEN":
        return AuthorizationRequest(stage_arn, _strings([event.get("authorizationToken")]))
    return AuthorizationRequest(stage_arn, _authorization_headers(event))


def _stage_arn(method_arn: object) -> str:
    match = _METHOD_ARN.fullmatch(method_arn) if isinstance(method_arn, str) else None
    if not match:
        raise UndecidedError("the event's methodArn is not that of a REST API's method")
    return match["api"]


def _authorization_headers(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The values in whichever of the two header maps shows more of them.

    API Gateway sends both maps, and the plain one holds only the last of several values.
    """
    plain = [value for _, value in _authorization_entries(event.get("headers"))]
    multi: list[object] = []
    for _, values in _authorization_entries(event.get("multiValueHeaders")):
        multi.extend(values if isinstance(values, list) else [values])
    # A value that only one of the maps has counts as a further header, and so is refused.
    return _strings([*multi, *(value for value in plain if value not in multi)])


def _authorization_entries(headers: object) -> list[tuple[str, object]]:
    if headers is None:
        return []
    if not isinstance(headers, Mapping):
        raise UndecidedError("the event's headers are neither an object nor null")
    return [
        (name, value) for name, value in headers.items() if str(name).lower() == "authorization"
    ]


def _strings(values: list[object]) -> tuple[str, ...]:
    present = [value for value in values if value is not None]
    if not all(isinstance(value, str) for value in present):
        raise UndecidedError("the event's Authorization is not a string")
    return tuple(map(str, present))
