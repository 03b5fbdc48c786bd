"""What API Gateway may hand to the app: a request event, or else an answer of 400.

Mangum believes its event. Here the event is checked first and made anew from what was checked, so
that nothing is left for Mangum to read twice or to crash on: a path that it would decode again,
header maps that disagree, forwarding headers.
"""

import logging
from collections.abc import Callable
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import ValidationError

from app.gateway_events import HttpRequest, RestRequest
from app.problems import problem
from app.request_rules import is_one_spelling
from app.tokens.errors import quoted

_LOG = logging.getLogger("ostiary.lambda")
# No route has an empty segment. What is refused goes there, so that the app answers it as it
# answers all else: with CORS headers, or a browser could not read its 404.
NOWHERE = "//"
Event = dict[str, Any]
Handler = Callable[[Event, Any], Event]


def only_requests(handler: Handler) -> Handler:
    """`handler`, called with requests alone; anything else is answered, and never raises."""

    def checked(event: Any, context: Any) -> Event:
        is_http_api = isinstance(event, dict) and event.get("version") == "2.0"
        shape = HttpRequest if is_http_api else RestRequest
        try:
            request = shape.model_validate(event)
        except ValidationError as error:
            where = sorted(
                {".".join(map(str, found["loc"])) or "event" for found in error.errors()}
            )
            _LOG.warning("This is no API Gateway request: %s", quoted(", ".join(where), limit=200))
            return _as_answer(
                problem(400, "bad_request", "The event is no API Gateway proxy request.")
            )
        path = request.own_path()
        if "%" in path or not is_one_spelling(path.encode()):
            path = NOWHERE
        return handler(request.clean(path), context)

    return checked


def _as_answer(response: JSONResponse) -> Event:
    return {
        "statusCode": response.status_code,
        "headers": dict(response.headers),
        "body": bytes(response.body).decode(),
        "isBase64Encoded": False,
    }
