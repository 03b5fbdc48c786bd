"""The first-party login."""

from typing import Annotated

from fastapi import Depends, Response

from app.access.guards import router as guarded_router
from app.accounts.password_workers import PasswordWorkersDep
from app.caller import CallerDep
from app.parts import part
from app.sessions.credentials import REQUEST_BODY, read_credentials
from app.sessions.login import Login
from app.sessions.schemas import Credentials, TokenResponse
from app.sessions.transport import CookieWanted, hand_over

router = guarded_router(prefix="/auth", tags=["sessions"])


@router.post("/login", openapi_extra=REQUEST_BODY, response_model_exclude_none=True)
async def log_in(
    by_cookie: CookieWanted,
    credentials: Annotated[Credentials, Depends(read_credentials)],
    login: Annotated[Login, part(Login)],
    caller: CallerDep,
    workers: PasswordWorkersDep,
    response: Response,
) -> TokenResponse:
    """E-mail address and password in; an access token and a refresh token out."""
    tokens = await workers.run(login, credentials, caller)
    return hand_over(tokens, response, by_cookie=by_cookie)
