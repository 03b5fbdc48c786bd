"""The guards that routes wear. A route's signature tells who may call it:

    NotesRead = Annotated[AccessClaims, guarded_by(READ)]

    @router.get("")
    def list_notes(claims: NotesRead, ...) -> ...

A guard decides before the body is read and before path parameters are validated, so a stranger
learns nothing about either. It does no I/O.
"""

import logging
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import OAuth2PasswordBearer

from app.access import convertors  # noqa: F401 - paths written with `{name:id}` need it known
from app.access.one_job import in_one_job
from app.access.scopes import Scope
from app.access.strict_request import StrictRequest
from app.errors import InsufficientScope, InvalidToken, Unauthenticated
from app.parts import Known, find
from app.problems import PROBLEM_RESPONSES
from app.telemetry import note
from app.tokens.bearer import bearer_token
from app.tokens.claims import AccessClaims
from app.tokens.errors import MissingToken, TokenError
from app.tokens.verify import Verifier

_LOG = logging.getLogger("ostiary.access")

# Shows up in /docs as the Authorize button. It decides nothing: Guard does.
login_scheme = OAuth2PasswordBearer(
    tokenUrl="auth/login", scheme_name="login", auto_error=False, refreshUrl=None
)


class Guard(Known):
    """Admits a request whose token carries one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def admit(self, request: Request) -> AccessClaims:
        """The claims of the request's token; Unauthenticated, InvalidToken or InsufficientScope."""
        verifier = find(request.app, Verifier)
        try:
            claims = verifier.verify(bearer_token(request.headers.getlist("authorization")))
        except MissingToken as error:
            _log(error.code, error)
            raise Unauthenticated(
                "This needs an access token: log in and send it as Bearer."
            ) from None
        except TokenError as error:
            _log(error.code, error)
            raise InvalidToken from None
        note(sub=claims.sub, client_id=claims.client_id)
        if self.scope.name not in claims.scopes:
            _log(InsufficientScope.code, self.scope.name, sub=claims.sub)
            raise InsufficientScope(self.scope.name)
        return claims

    def of(self, request: Request) -> AccessClaims:
        """What `GuardedRoute` was told by `admit`; on any other kind of route there is nothing."""
        claims: AccessClaims = request.state.claims
        return claims

    async def __call__(
        self, request: Request, _: str | None = Depends(login_scheme)
    ) -> AccessClaims:
        return self.of(request)


def _log(code: str, why: object, **more: str) -> None:
    """A refusal with its stable code (docs/reasons.md), in the words and beside them."""
    note(code=code)
    _LOG.info("refused: %s: %s", code, why, extra={"code": code, **more})


def guarded_by(scope: Scope) -> Any:
    """The dependency that makes a parameter the claims of a token with this scope."""
    return Security(Guard(scope), scopes=[scope.name])


def guards_of(dependant: Dependant) -> Iterator[Guard]:
    """The guards in the signature of an endpoint and of what it depends on."""
    if isinstance(dependant.call, Guard):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from guards_of(inner)


class GuardedRoute(APIRoute):
    """A route that lets its guard decide before anything else of the request is looked at.

    What it then hands on is a StrictRequest.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        declared, self.dependant = self.dependant, in_one_job(self.dependant)
        handle = super().get_route_handler()
        self.dependant = declared  # for the OpenAPI document
        guards = tuple(guards_of(declared))

        async def admit_then_handle(request: Request) -> Response:
            for guard in guards:
                request.state.claims = guard.admit(request)
            return await handle(StrictRequest(request.scope, request.receive))

        return admit_then_handle


def router(**settings: Any) -> APIRouter:
    """An APIRouter whose routes let their guards decide first."""
    responses = PROBLEM_RESPONSES | settings.pop("responses", {})
    return APIRouter(
        route_class=GuardedRoute, redirect_slashes=False, responses=responses, **settings
    )
