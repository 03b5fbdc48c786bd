"""The first-party login."""

from typing import Annotated

from fastapi import Depends, Response

from app.access.guards import router as guarded_router
from app.accounts.hashing_slots import HashingSlotsDep
from app.parts import part
from app.sessions.credentials import REQUEST_BODY, read_credentials
from app.sessions.schemas import Credentials, TokenResponse
from app.sessions.service import Login

router = guarded_router(prefix="/auth", tags=["sessions"])


@router.post("/login", openapi_extra=REQUEST_BODY)
async def log_in(
    credentials: Annotated[Credentials, Depends(read_credentials)],
    login: Annotated[Login, part(Login)],
    hashing: HashingSlotsDep,
    response: Response,
) -> TokenResponse:
    """E-mail address and password in, an access token out."""
    response.headers["Cache-Control"] = "no-store"
    return await hashing.run(login, credentials)
