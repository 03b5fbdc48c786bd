"""The events that API Gateway sends to a Lambda authorizer, told apart and taken apart.

REST: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
HTTP: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

# What the shapes differ by, beside their type. Nothing further in counts: headers, path and query
# are the caller's.
_MARKS = frozenset(("version", "methodArn", "routeArn", "authorizationToken"))

# arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{VERB}/{path}; what may stand in
# front of the verb is what a policy copies, so nothing there can be a wildcard.
_METHOD_ARN = re.compile(
    r"(?P<api>arn:[a-z0-9-]{1,32}:execute-api:[a-z0-9-]{1,32}:[0-9]{0,32}:[A-Za-z0-9]{1,128}"
    r"/[A-Za-z0-9_$-]{1,128})"
    r"/(?P<verb>[A-Z]+)/(?P<path>.*)",
    re.ASCII | re.DOTALL,
)


class UndecidedError(Exception):
    """The authorizer can say neither Allow nor Deny. API Gateway answers 5xx and caches nothing."""


class AuthorizationRequest(NamedTuple):
    """What a decision rests on: the API's stage, and every Authorization value that came.

    `is_http_api` tells how a bad token is answered: an HTTP API has no 401 to be asked for.
    """

    stage_arn: str
    authorizations: tuple[str, ...]
    is_http_api: bool


def read_event(event: object) -> AuthorizationRequest:
    """The request in a TOKEN or REQUEST event of a REST API, or an HTTP API's with payload 2.0.

    Raises UndecidedError for any other shape, and where an HTTP API would keep the answer under
    something else than the Authorization header that was judged.
    """
    if not isinstance(event, dict):
        raise UndecidedError(f"an authorizer event is an object, not a {type(event).__name__}")
    kind, marks = event.get("type"), _MARKS & event.keys()
    if kind == "TOKEN" and marks == {"methodArn", "authorizationToken"}:
        token = event["authorizationToken"]
        values = () if token is None else _strings([token])
        return AuthorizationRequest(_stage_arn(event, "methodArn"), values, is_http_api=False)
    if kind == "REQUEST" and marks == {"methodArn"}:
        stage_arn = _stage_arn(event, "methodArn")
        return AuthorizationRequest(stage_arn, _rest_authorizations(event), is_http_api=False)
    if kind == "REQUEST" and marks == {"version", "routeArn"} and event["version"] == "2.0":
        stage_arn = _stage_arn(event, "routeArn")
        return AuthorizationRequest(stage_arn, _http_authorizations(event), is_http_api=True)
    raise UndecidedError(
        "the event is neither a TOKEN or REQUEST event of a REST API nor payload 2.0 of an HTTP API"
    )


def _stage_arn(event: Mapping[str, Any], name: str) -> str:
    arn = event[name]
    match = _METHOD_ARN.fullmatch(arn) if isinstance(arn, str) else None
    if not match:
        raise UndecidedError(f"the event's {name} is not that of an API's method")
    return match["api"]


def _rest_authorizations(event: Mapping[str, Any]) -> tuple[str, ...]:
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


def _http_authorizations(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The Authorization value of the one header map, where repeated headers are joined by commas.

    `identitySource` holds what API Gateway keeps the answer under, and is absent or empty where it
    keeps none. Were this value not among it, others would find the caller's answer.
    """
    values = _strings(_authorization_entries(event.get("headers")))
    kept_under = event.get("identitySource")
    if kept_under not in (None, []) and not _is_among(values, kept_under):
        raise UndecidedError(
            "the answer would be cached for other requests than those with this Authorization"
            " header: set the authorizer's identity source to $request.header.Authorization"
        )
    return values


def _is_among(values: tuple[str, ...], kept_under: object) -> bool:
    """Whether there is a value, and what an answer is kept under has it."""
    known = kept_under if isinstance(kept_under, list) else []
    return bool(values) and all(value in known for value in values)


def _authorization_entries(headers: object) -> list[Any]:
    """What stands under each spelling of the header's name; nothing for a single null."""
    if headers is None:
        return []
    if not isinstance(headers, Mapping):
        raise UndecidedError("the event's headers are neither an object nor null")
    values = [value for name, value in headers.items() if str(name).lower() == "authorization"]
    return [] if values == [None] else values


def _strings(values: list[Any]) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str):
            raise UndecidedError("the event's Authorization is not a string")
    return tuple(values)
