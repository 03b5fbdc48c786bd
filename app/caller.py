"""Who a request came from, as far as it says: shown to people, and counted by address.

The middleware of app/request_log.py tells it to whatever the request comes to do, in a context
variable: what is recorded of an act says from where it was done, whoever does it.
"""

from contextvars import ContextVar
from typing import Annotated, NamedTuple

from fastapi import Depends
from starlette.types import Scope

MAX_USER_AGENT, MAX_ADDRESS, MAX_REQUEST_ID = 255, 45, 64


class Caller(NamedTuple):
    """The address of the socket's peer or API Gateway's `sourceIp`; what its software's name.

    `request_id` is API Gateway's, where it has one, and otherwise this app's own.
    """

    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None


_CURRENT: ContextVar[Caller] = ContextVar("caller", default=Caller())  # noqa: B039 - it is frozen


def current_caller() -> Caller:
    """Whose request is being answered here; nothing is known of whoever runs a command."""
    return _CURRENT.get()


async def _current() -> Caller:
    return current_caller()


CallerDep = Annotated[Caller, Depends(_current)]


def remember_caller(scope: Scope, request_id: str) -> Caller:
    """The caller of an ASGI request, from here on the current one.

    No header tells the address: anybody can write one.
    """
    agents = [value for name, value in scope["headers"] if name == b"user-agent"]
    caller = Caller(
        _kept((scope.get("client") or [None])[0], MAX_ADDRESS),
        _kept(agents[0].decode("latin-1") if agents else None, MAX_USER_AGENT),
        request_id,
    )
    _CURRENT.set(caller)
    return caller


def _kept(text: str | None, most: int) -> str | None:
    """What can be stored and shown: no control characters, which a database or a terminal reads."""
    shown = "".join(character if character.isprintable() else "?" for character in text or "")
    return shown[:most] or None
