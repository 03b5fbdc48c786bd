"""The public keys, and what the issuer says of itself. None of it needs the database."""

from typing import Annotated, Any

from fastapi import Request, Response

from app.access.guards import router as guarded_router
from app.access.routes import RouteTable
from app.discovery.metadata import metadata
from app.discovery.publishing import published
from app.parts import part
from app.settings import SettingsDep
from app.tokens.key_ring import KeyRing

MAX_AGE_SECONDS = 300
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Not modified: `If-None-Match` names the document as it is"}
}
KeysDep = Annotated[KeyRing, part(KeyRing)]
router = guarded_router(prefix="/.well-known", tags=["discovery"], responses=NOT_MODIFIED)


@router.get("/jwks.json")
async def read_jwks(request: Request, keys: KeysDep) -> Response:
    """The public halves of the keys that sign (RFC 7517). An HMAC secret never shows here."""
    return published(request, keys.current().jwks(), max_age=MAX_AGE_SECONDS)


@router.get("/openid-configuration")
@router.get("/oauth-authorization-server")
async def read_metadata(request: Request, settings: SettingsDep, keys: KeysDep) -> Response:
    """The issuer, where its keys are, and its scopes (OpenID Connect Discovery, RFC 8414)."""
    table: RouteTable = request.app.state.routes
    members = metadata(settings.issuer, keys.current(), table.scopes)
    return published(request, members, max_age=MAX_AGE_SECONDS)
