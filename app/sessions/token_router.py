"""The OAuth endpoints: tokens for a grant (RFC 6749 §3.2), revocation, introspection."""

import re
from typing import Annotated

from fastapi import Request, Response

from app.access.guards import router as guarded_router
from app.caller import Caller, CallerDep
from app.clients.authentication import ClientDep, ConfidentialClientDep, FormDep, confidential
from app.clients.service import KnownClient
from app.parts import part
from app.sessions.beginning import Beginning
from app.sessions.form_schemas import INTROSPECTION_FORM, REVOCATION_FORM, TOKEN_FORM
from app.sessions.introspecting import Introspecting, Introspection
from app.sessions.oauth_errors import (
    OAUTH_RESPONSES,
    InvalidOAuthRequest,
    InvalidScope,
    UnsupportedGrantType,
)
from app.sessions.refreshing import Refreshing
from app.sessions.revoking import Revoking
from app.sessions.schemas import TokenResponse
from app.sessions.transport import CookieWanted, hand_over, presented_token, take_back

NO_STORE = {"Cache-Control": "no-store"}
# RFC 6749 §3.3.
_SCOPE_TOKEN = r"[\x21\x23-\x5B\x5D-\x7E]+"  # noqa: S105
_SCOPE = re.compile(f"{_SCOPE_TOKEN}(?: {_SCOPE_TOKEN})*")

router = guarded_router(prefix="/auth", tags=["sessions"], responses=OAUTH_RESPONSES)


@router.post("/token", openapi_extra=TOKEN_FORM, response_model_exclude_none=True)
def issue_token(
    request: Request,
    by_cookie: CookieWanted,
    form: FormDep,
    client: ClientDep,
    refreshing: Annotated[Refreshing, part(Refreshing)],
    beginning: Annotated[Beginning, part(Beginning)],
    caller: CallerDep,
    response: Response,
) -> TokenResponse:
    """New tokens for a refresh token (RFC 6749 §6), or one for a client by itself (§4.4)."""
    grant_type, scope = _needed(form, "grant_type"), _asked_scope(form)
    if grant_type == "refresh_token":
        tokens = refreshing(
            presented_token(request, form.get("refresh_token"), by_cookie=by_cookie),
            # No client that authenticates has a refresh token: its id fits none.
            client_id=_named(form, client),
            scope=scope,
            caller=caller,
        )
    elif grant_type == "client_credentials":
        if by_cookie:
            raise InvalidOAuthRequest("client_credentials gives no refresh token for a cookie.")
        tokens = _for_client(beginning, confidential(client), scope, caller)
    else:
        raise UnsupportedGrantType("The grant types are refresh_token and client_credentials.")
    return hand_over(tokens, response, by_cookie=by_cookie)


@router.post("/revoke", openapi_extra=REVOCATION_FORM, response_class=Response)
def revoke_token(
    by_cookie: CookieWanted,
    form: FormDep,
    client: ClientDep,
    revoking: Annotated[Revoking, part(Revoking)],
) -> Response:
    """End the session of a token, whose holder needs no other proof (RFC 7009).

    200 for a token that was worth nothing already, too. A browser whose access token has expired
    refreshes before it logs out: its cookie is not read here, only cleared.
    """
    ended = revoking(_needed(form, "token"), _named(form, client))
    answer = Response(headers=NO_STORE)
    take_back(answer, by_cookie=by_cookie and ended)
    return answer


@router.post("/introspect", openapi_extra=INTROSPECTION_FORM, response_model_exclude_none=True)
def introspect_token(
    form: FormDep,
    _: ConfidentialClientDep,
    introspecting: Annotated[Introspecting, part(Introspecting)],
    response: Response,
) -> Introspection:
    """Whether a token is worth anything now, for clients that authenticate (RFC 7662)."""
    response.headers.update(NO_STORE)
    return introspecting(_needed(form, "token"))


def _for_client(
    beginning: Beginning, client: KnownClient, asked: str | None, caller: Caller
) -> TokenResponse:
    scopes, wanted = set(client.scope.split()), (asked or client.scope).split()
    if not scopes.issuperset(wanted):
        raise InvalidScope("The client may ask for the scopes that it was made with alone.")
    return beginning.for_client(client, set(wanted), caller)


def _needed(form: dict[str, str], name: str) -> str:
    if name not in form:
        raise InvalidOAuthRequest(f"The parameter {name} is needed.")
    return form[name]


def _asked_scope(form: dict[str, str]) -> str | None:
    scope = form.get("scope")
    if scope is not None and not _SCOPE.fullmatch(scope):
        raise InvalidScope("Scopes are printable ASCII, parted by single spaces.")
    return scope


def _named(form: dict[str, str], client: KnownClient | None) -> str | None:
    """The client that the request names, if any."""
    return client.id if client else form.get("client_id")
