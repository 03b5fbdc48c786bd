"""fastapi-users, as its full example has it, with its JWT strategy and the notes beside it.

https://fastapi-users.github.io/fastapi-users/latest/configuration/full-example/
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI
from fastapi_users import (  # type: ignore[import-not-found]
    BaseUserManager,
    FastAPIUsers,
    UUIDIDMixin,
    schemas,
)
from fastapi_users.authentication import (  # type: ignore[import-not-found]
    AuthenticationBackend,
    BearerTransport,
    JWTStrategy,
)
from fastapi_users.db import (  # type: ignore[import-not-found]
    SQLAlchemyBaseUserTableUUID,
    SQLAlchemyUserDatabase,
)
from fastapi_users.password import PasswordHelper  # type: ignore[import-not-found]
from mangum import Mangum
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.app_contenders.usual import (
    ACCESS_TOKEN_MINUTES,
    DATABASE_URL,
    ON_SQLITE,
    PAGE,
    POOL_SIZE,
    SECRET_KEY,
    Base,
    Note,
    NoteContent,
    NoteView,
    password_hash,
    prepare_sqlite,
)

engine = create_async_engine(DATABASE_URL, pool_size=POOL_SIZE)
if ON_SQLITE:
    event.listen(engine.sync_engine, "connect", prepare_sqlite)
async_session_maker = async_sessionmaker(engine, expire_on_commit=False)


class User(SQLAlchemyBaseUserTableUUID, Base):  # type: ignore[misc]
    """Somebody who can log in."""

    __tablename__ = "users"


class UserRead(schemas.BaseUser[UUID]):  # type: ignore[misc]
    """A user, as shown to himself."""


class UserCreate(schemas.BaseUserCreate):  # type: ignore[misc]
    """A registration."""


class UserUpdate(schemas.BaseUserUpdate):  # type: ignore[misc]
    """What changes."""


class UserManager(UUIDIDMixin, BaseUserManager[User, UUID]):  # type: ignore[misc]
    """The users' rules, which are the library's own."""

    reset_password_token_secret = SECRET_KEY
    verification_token_secret = SECRET_KEY


async def get_async_session() -> AsyncIterator[AsyncSession]:
    """One session a request."""
    async with async_session_maker() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_async_session)]


async def get_user_db(session: SessionDep) -> AsyncIterator[Any]:
    """The library's way to the users."""
    yield SQLAlchemyUserDatabase(session, User)


async def get_user_manager(
    user_db: Annotated[Any, Depends(get_user_db)],
) -> AsyncIterator[UserManager]:
    """The manager, with the password hashing of all that are measured."""
    yield UserManager(user_db, PasswordHelper(password_hash))


def get_jwt_strategy() -> Any:
    """HS256, as the library has it."""
    return JWTStrategy(secret=SECRET_KEY, lifetime_seconds=ACCESS_TOKEN_MINUTES * 60)


auth_backend = AuthenticationBackend(
    name="jwt",
    transport=BearerTransport(tokenUrl="auth/jwt/login"),
    get_strategy=get_jwt_strategy,
)
fastapi_users = FastAPIUsers[User, UUID](get_user_manager, [auth_backend])
CurrentUser = Annotated[Any, Depends(fastapi_users.current_user(active=True))]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Tables, where there are none."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield


app = FastAPI(lifespan=lifespan)
app.include_router(fastapi_users.get_auth_router(auth_backend), prefix="/auth/jwt", tags=["auth"])
app.include_router(
    fastapi_users.get_register_router(UserRead, UserCreate), prefix="/auth", tags=["auth"]
)
app.include_router(
    fastapi_users.get_users_router(UserRead, UserUpdate), prefix="/users", tags=["users"]
)


@app.get("/notes", response_model=list[NoteView])
async def read_notes(user: CurrentUser, session: SessionDep, limit: int = PAGE) -> list[Note]:
    """Your notes, newest first."""
    newest = Note.created_at.desc(), Note.id.desc()
    own = select(Note).where(Note.owner_id == user.id)
    return list(await session.scalars(own.order_by(*newest).limit(limit)))


@app.post("/notes", status_code=201, response_model=NoteView)
async def write_note(content: NoteContent, user: CurrentUser, session: SessionDep) -> Note:
    """Write a note."""
    note = Note(owner_id=user.id, **content.model_dump())
    session.add(note)
    await session.commit()
    return note


handler = Mangum(app, lifespan="off")
