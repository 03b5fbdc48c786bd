"""The events that API Gateway sends to a Lambda authorizer, told apart and taken apart.

Shapes: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

# arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{VERB}/{path}; what may stand in
# front of the verb is what a policy copies, so nothing there can be a wildcard.
_METHOD_ARN = re.compile(
    r"(?P<api>arn:[a-z0-9-]+:execute-api:[a-z0-9-]+:[0-9]*:[A-Za-z0-9]{1,128}/[A-Za-z0-9_$-]{1,128})"
    r"/(?P<verb>[A-Z]+)/(?P<path>.*)",
    re.ASCII | re.DOTALL,
)


class UndecidedError(Exception):
    """The authorizer can say neither Allow nor Deny. API Gateway answers 5xx and caches nothing."""


class AuthorizationRequest(NamedTuple):
    """What a decision rests on: the API's stage, and every Authorization value that came."""

    stage_arn: str
    authorizations: tuple[str, ...]


def read_event(event: object) -> AuthorizationRequest:
    """The request in a REST API's TOKEN or REQUEST event; UndecidedError for any other shape."""
    if not isinstance(event, dict):
        raise UndecidedError(f"an authorizer event is an object, not a {type(event).__name__}")
    kind = event.get("type")
    if "version" in event or kind not in ("TOKEN", "REQUEST"):
        raise UndecidedError("the event is neither a TOKEN nor a REQUEST event of a REST API")
    stage_arn = _stage_arn(event.get("methodArn"))
    if kind == "TOKEN":
        token = event.get("authorizationToken")
        return AuthorizationRequest(stage_arn, () if token is None else _strings([token]))
    return AuthorizationRequest(stage_arn, _authorization_headers(event))


def _stage_arn(method_arn: object) -> str:
    match = _METHOD_ARN.fullmatch(method_arn) if isinstance(method_arn, str) else None
    if not match:
        raise UndecidedError("the event's methodArn is not that of a REST API's method")
    return match["api"]


def _authorization_headers(event: Mapping[str, Any]) -> tuple[str, ...]:
    """Every Authorization value of the two header maps; one value where the maps agree on it.

    API Gateway sends both maps, and the plain one holds only the last of several values.
    """
    plain = _strings(_authorization_entries(event.get("headers")))
    lists = _authorization_entries(event.get("multiValueHeaders"))
    if not all(isinstance(values, list) for values in lists):
        raise UndecidedError("the event's multiValueHeaders do not hold lists")
    multi = _strings([value for values in lists for value in values])
    if not lists or plain == multi[-1:]:
        return multi or plain
    return multi + plain


def _authorization_entries(headers: object) -> list[Any]:
    if headers is None:
        return []
    if not isinstance(headers, Mapping):
        raise UndecidedError("the event's headers are neither an object nor null")
    return [
        value
        for name, value in headers.items()
        if str(name).lower() == "authorization" and value is not None
    ]


def _strings(values: list[Any]) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str):
            raise UndecidedError("the event's Authorization is not a string")
    return tuple(values)
