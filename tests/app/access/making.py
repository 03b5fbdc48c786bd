"""Small route tables for tests: a router a route, below /things."""

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI

from app.access.guards import guarded_by
from app.access.guards import router as guarded_router
from app.access.routes import RouteTable
from app.access.scopes import Scope
from app.tokens.claims import AccessClaims

READ, WRITE = Scope("things:read", "Read."), Scope("things:write", "Write.")
Reader = Annotated[AccessClaims, guarded_by(READ)]
Writer = Annotated[AccessClaims, guarded_by(WRITE)]


def table_of(*routers: APIRouter) -> RouteTable:
    app = FastAPI(openapi_url=None)
    for router in routers:
        app.include_router(router)
    return RouteTable.of(app)


def things(path: str = "", method: str = "GET", guard: Any = Reader) -> APIRouter:
    """A router with one route, of a guard and no parameters that matter."""
    router = guarded_router(prefix="/things")

    def endpoint(claims: guard) -> None: ...

    router.add_api_route(path, endpoint, methods=[method])
    return router
