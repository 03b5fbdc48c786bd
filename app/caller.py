"""Who a request came from, as far as it says: shown to people, and never a ground to decide."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from app.sessions.models import MAX_ADDRESS, MAX_USER_AGENT


class Caller(NamedTuple):
    """The address of the socket's peer or API Gateway's `sourceIp`; what its software's name."""

    address: str | None = None
    user_agent: str | None = None


async def caller_of(request: Request) -> Caller:
    """No header tells the address: anybody can write one."""
    address = request.client.host if request.client else None
    agent = request.headers.get("user-agent")
    return Caller(_kept(address, MAX_ADDRESS), _kept(agent, MAX_USER_AGENT))


def _kept(text: str | None, most: int) -> str | None:
    """What can be stored and shown: no control characters, which a database or a terminal reads."""
    shown = "".join(character if character.isprintable() else "?" for character in text or "")
    return shown[:most] or None


CallerDep = Annotated[Caller, Depends(caller_of)]
