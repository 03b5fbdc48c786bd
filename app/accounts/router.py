"""Registration, one's own account, and the list of all users."""

from app.access.guards import router as guarded_router
from app.access.scopes import Role
from app.accounts import service
from app.accounts.guards import AccountRead, UsersRead
from app.accounts.hashing_slots import HashingSlotsDep
from app.accounts.passwords import PasswordHasherDep
from app.accounts.schemas import NewUser, UserView
from app.database import DatabaseDep
from app.errors import RegistrationClosed
from app.paging import Cursor, Limit, Page
from app.settings import SettingsDep

router = guarded_router(prefix="/users", tags=["users"])


@router.post("", status_code=201)
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


@router.get("/me")
def read_own_account(claims: AccountRead, database: DatabaseDep) -> UserView:
    """Your own account."""
    with database.transaction() as session:
        return UserView.of(service.user_of(session, claims))


@router.get("")
def list_users(
    claims: UsersRead, database: DatabaseDep, limit: Limit = 20, cursor: Cursor = None
) -> Page[UserView]:
    """All users, newest first."""
    with database.transaction() as session:
        users, following = service.list_users(session, limit=limit, cursor=cursor)
        return Page(items=[UserView.of(user) for user in users], next_cursor=following)
