"""Registration: how an account comes to be."""

from app.access.guards import router as guarded_router
from app.access.scopes import Role
from app.accounts import service
from app.accounts.admin_router import router as admin_router
from app.accounts.hashing_slots import HashingSlotsDep
from app.accounts.own_router import router as own_router
from app.accounts.passwords import PasswordHasherDep
from app.accounts.schemas import NewUser, UserView
from app.database import DatabaseDep
from app.errors import RegistrationClosed
from app.settings import SettingsDep

router = guarded_router(tags=["users"])
router.include_router(own_router)
router.include_router(admin_router)


@router.post("/users", status_code=201)
async def register(
    new: NewUser,
    settings: SettingsDep,
    database: DatabaseDep,
    passwords: PasswordHasherDep,
    hashing: HashingSlotsDep,
) -> UserView:
    """Make an account, with the role `member`. Log in next."""
    if not settings.registration_open:
        raise RegistrationClosed("Accounts are made by an administrator here.")

    def create() -> UserView:
        password_hash = passwords.hash(new.password)
        with database.transaction() as session:
            user = service.create_user(
                session, email=new.email, password_hash=password_hash, roles=[Role.MEMBER]
            )
            return UserView.of(user)

    return await hashing.run(create)
