"""What a request must be before it is routed: a path in one spelling, headers and body in bounds.

uvicorn gives the path as it was sent (`raw_path`); Mangum gives none, since API Gateway has decoded
it already, and `lambda_event` has seen to what is left.
"""

import re

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import problem_from

MAX_HEADER_BYTES = 16_384
MAX_BODY_BYTES = 65_536

# Segments without "", "." and ".."; escapes only of what needs one, so neither of an unreserved
# character (RFC 3986 §2.3), nor of a slash, a backslash, "%" or a control character.
_ESCAPE_OF_OTHERS = (
    rb"%(?!(?:[01][0-9A-Fa-f]|7[Ff]|2[5DdEeFf]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaCcFf]|6[1-9A-Fa-f]"
    rb"|7[0-9AaEe]))[0-9A-Fa-f]{2}"
)
_CHARACTER = rb"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|" + _ESCAPE_OF_OTHERS + rb")"
_PATH = re.compile(rb"/|(?:/(?!\.{1,2}(?:/|\Z))" + _CHARACTER + rb"+)+")


def is_one_spelling(raw_path: bytes) -> bool:
    """Whether a raw path has only one reading, for a router and for a gateway in front of it."""
    return _PATH.fullmatch(raw_path) is not None


class RequestRules:
    """ASGI middleware: refuses what no honest client sends, and answers where code broke."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise HTTPException(413)
            return message

        async def send_marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        try:
            _check(scope)
            await self._app(scope, receive_bounded, send_marked)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:
            if started:
                raise
            await problem_from(error)(scope, receive, send_marked)


def _check(scope: Scope) -> None:
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
        raise HTTPException(431, f"The headers are over {MAX_HEADER_BYTES} bytes.")
    if {b"transfer-encoding", b"content-length"} <= {name for name, _ in scope["headers"]}:
        # Two readers would find two ends of the body (RFC 9112 §6.3).
        raise HTTPException(400, "A body has one length.", {"Connection": "close"})
    raw_path = scope.get("raw_path")
    if raw_path is not None and not is_one_spelling(raw_path):
        raise HTTPException(404)
