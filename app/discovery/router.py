"""The public keys."""

from typing import Annotated, Any

from fastapi import Response

from app.access.guards import router as guarded_router
from app.parts import part
from app.tokens.keys import KeySet

MAX_AGE_SECONDS = 300
router = guarded_router(prefix="/.well-known", tags=["discovery"])


@router.get("/jwks.json")
async def read_jwks(keys: Annotated[KeySet, part(KeySet)], response: Response) -> dict[str, Any]:
    """The public halves of the keys that sign (RFC 7517). An HMAC secret never shows here."""
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
    return keys.jwks()
