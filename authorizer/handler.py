"""Lambda entry of the authorizer: event → token → claims → policy."""

import logging
from contextlib import suppress
from functools import cache
from time import perf_counter

from app.tokens.bearer import bearer_token
from app.tokens.errors import KeysUnavailable, StatusUnavailable, TokenError
from authorizer.events import UndecidedError, read_event
from authorizer.metrics import UNDECIDED, count, told
from authorizer.policy import Policy, denial, load_routes, policy_for
from authorizer.settings import on_lambda
from authorizer.trust import load_trust

_LOG = logging.getLogger("ostiary.authorizer")
_routes = load_routes()
_verifier = cache(load_trust)


def handler(event: object, context: object) -> Policy:
    """The policy for the token in an authorizer event of a REST API or of an HTTP API.

    For a token that is absent or bad, raises `Exception("Unauthorized")` to a REST API and denies
    all to an HTTP API. Raises UndecidedError for an event that `read_event` does not take, and
    while there are no keys, or no status list, to judge by.
    """
    begun = perf_counter()
    try:
        return _decided(event, begun)
    except UndecidedError:
        count(UNDECIDED, **told(event, begun))
        raise


def _decided(event: object, begun: float) -> Policy:
    request = read_event(event)
    try:
        claims = _verifier().verify(bearer_token(request.authorizations))
    except TokenError as error:
        extra = {"code": error.code, **told(event, begun)}
        _LOG.info("refused: %s: %s", error.code, error, extra=extra)
        if request.is_http_api:
            return denial(request.stage_arn, error.code)
        # A REST API answers 401 to exactly this message, and 500 to every other.
        raise Exception("Unauthorized") from None  # noqa: TRY002
    except (KeysUnavailable, StatusUnavailable) as error:
        raise UndecidedError(f"no token can be judged: {error}") from None
    policy = policy_for(claims, request.stage_arn, _routes)
    extra = policy["context"] | told(event, begun)
    _LOG.info("decided: %s", extra["code"], extra=extra)
    return policy


if on_lambda():
    with suppress(KeysUnavailable):  # each request asks again
        _verifier()  # unsafe settings end the cold start, before any request
