"""How a refresh token travels: in the body, or for browsers in a cookie that no script can read.

Whoever wants the cookie says so by the header `Ostiary-Transport: cookie`, at the login and at each
refresh. No form of another site can send that header, and no script of one without a preflight,
which is answered to the origins in OSTIARY_ALLOWED_ORIGINS alone.
"""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request, Response

from app.errors import InvalidRequest, OriginRefused
from app.sessions.beginning import IDLE
from app.sessions.oauth_errors import InvalidGrant, InvalidOAuthRequest
from app.sessions.schemas import TokenResponse
from app.settings import SettingsDep

HEADER = "Ostiary-Transport"
# `__Host-` (RFC 6265bis §4.1.3.2): from this very host, over TLS, and no subdomain can set it.
COOKIE = "__Host-ostiary-refresh"
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"


async def wants_cookie(request: Request, settings: SettingsDep) -> bool:
    """Whether the refresh token of this request travels in the cookie.

    OriginRefused for a browser's request from an origin that is not let in.
    """
    asked = request.headers.getlist(HEADER)
    if not asked:
        return False
    if asked != ["cookie"]:
        raise InvalidRequest({f"header.{HEADER}": "`cookie` is the only word it takes"})
    origins = request.headers.getlist("origin")
    if len(origins) > 1 or not set(origins) <= set(settings.allowed_origins):
        raise OriginRefused(
            "The cookie is for the origins in OSTIARY_ALLOWED_ORIGINS, and this is none of them. "
            "One is written as browsers send it, such as https://app.example.com."
        )
    return True


CookieWanted = Annotated[bool, Depends(wants_cookie)]


def hand_over(tokens: TokenResponse, response: Response, *, by_cookie: bool) -> TokenResponse:
    """`tokens` as they stand in the body; by cookie, the refresh token is in the header alone."""
    response.headers["Cache-Control"] = "no-store"
    if not by_cookie or tokens.refresh_token is None:
        return tokens
    life = int(IDLE.total_seconds())
    response.headers.append(
        "Set-Cookie", f"{COOKIE}={tokens.refresh_token}; Max-Age={life}; {_ATTRIBUTES}"
    )
    return tokens.model_copy(update={"refresh_token": None})


def take_back(response: Response, *, by_cookie: bool) -> None:
    """Clear the cookie, where this request speaks of it: a form could not make it."""
    if by_cookie:
        response.headers.append("Set-Cookie", f"{COOKIE}=; Max-Age=0; {_ATTRIBUTES}")


def presented_token(request: Request, in_body: str | None, *, by_cookie: bool) -> str:
    """The refresh token of a request to the token endpoint, from the one place where it may be."""
    if not by_cookie:
        if in_body is None:
            raise InvalidOAuthRequest("The parameter refresh_token is needed.")
        return in_body
    if in_body is not None:
        raise InvalidOAuthRequest("The refresh token is in the cookie or in the body, not in both.")
    tokens = list(_cookies(request))
    if len(tokens) > 1:
        raise InvalidOAuthRequest("The cookie came twice.")
    if not tokens:
        raise InvalidGrant
    return tokens[0]


def _cookies(request: Request) -> Iterator[str]:
    """The values of the cookies of exactly that name."""
    for header in request.headers.getlist("cookie"):
        for pair in header.split(";"):
            # Blanks alone: what else a bare `strip` takes off (U+00A0, U+0085) a browser takes for
            # a part of the name, and lets any subdomain set a cookie of such a name.
            name, _, value = pair.strip(" \t").partition("=")
            if name == COOKIE:
                yield value
