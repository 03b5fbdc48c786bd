"""Registration: how an account comes to be."""

from typing import Annotated

from app.access.guards import router as guarded_router
from app.accounts.admin_router import router as admin_router
from app.accounts.own_router import router as own_router
from app.accounts.password_workers import PasswordWorkersDep
from app.accounts.registration import Registration
from app.accounts.schemas import NewUser, UserView
from app.caller import CallerDep
from app.errors import RegistrationClosed
from app.parts import part
from app.settings import SettingsDep

router = guarded_router(tags=["users"])
router.routes.extend([*own_router.routes, *admin_router.routes])


@router.post("/users", status_code=201)
async def register(
    new: NewUser,
    settings: SettingsDep,
    registration: Annotated[Registration, part(Registration)],
    caller: CallerDep,
    workers: PasswordWorkersDep,
) -> UserView:
    """Make an account, with the role `member`. Log in next."""
    if not settings.registration_open:
        raise RegistrationClosed("Accounts are made by an administrator here.")
    return await workers.run(registration, new, caller)
