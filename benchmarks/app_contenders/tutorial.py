"""FastAPI's security tutorial, its dictionary of users grown to a database.

https://fastapi.tiangolo.com/tutorial/security/oauth2-jwt/, and for the session
https://fastapi.tiangolo.com/tutorial/sql-databases/. What asks the database is a plain `def`, as
https://fastapi.tiangolo.com/async/ tells for libraries that block.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid4

import jwt
from fastapi import Depends, FastAPI, HTTPException, status
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from jwt.exceptions import InvalidTokenError
from mangum import Mangum
from pydantic import BaseModel, ConfigDict
from sqlalchemy import String, create_engine, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

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

ALGORITHM = "HS256"
# The tutorial hashes one at import, which would cost its cold start a hash.
DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA"
    "$Yi6CQXk2dRbdhjp5v/8mSnA1I5S2sYRZmRJpGNGaPsg"
)

engine = create_engine(
    DATABASE_URL,
    pool_size=POOL_SIZE,
    connect_args={"check_same_thread": False} if ON_SQLITE else {},
)
if ON_SQLITE:
    event.listen(engine, "connect", prepare_sqlite)


class User(Base):
    """Somebody who can log in."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    username: Mapped[str] = mapped_column(String(254), unique=True, index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    full_name: Mapped[str | None] = mapped_column(String(100))
    disabled: Mapped[bool] = mapped_column(default=False)
    hashed_password: Mapped[str] = mapped_column(String(255))


class Token(BaseModel):
    """A login's answer."""

    access_token: str
    token_type: str


class NewUser(BaseModel):
    """A registration."""

    email: str
    password: str


class UserView(BaseModel):
    """A user, as shown to himself."""

    model_config = ConfigDict(from_attributes=True)

    username: str
    email: str | None
    full_name: str | None
    disabled: bool


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Tables, where there are none."""
    Base.metadata.create_all(engine)
    yield


app = FastAPI(lifespan=lifespan)
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


def get_session() -> Iterator[Session]:
    """One session a request."""
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def get_user(session: Session, username: str) -> User | None:
    """The user of this name."""
    return session.scalar(select(User).where(User.username == username))


def authenticate_user(session: Session, username: str, password: str) -> User | None:
    """The user, if that is his password."""
    user = get_user(session, username)
    if user is None:
        password_hash.verify(password, DUMMY_HASH)
        return None
    return user if password_hash.verify(password, user.hashed_password) else None


def create_access_token(username: str) -> str:
    """A token with a name and an end."""
    expire = datetime.now(UTC) + timedelta(minutes=ACCESS_TOKEN_MINUTES)
    return jwt.encode({"sub": username, "exp": expire}, SECRET_KEY, algorithm=ALGORITHM)


def get_current_user(token: Annotated[str, Depends(oauth2_scheme)], session: SessionDep) -> User:
    """Whose token it is."""
    refused = HTTPException(
        status_code=status.HTTP_401_UNAUTHORIZED,
        detail="Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )
    try:
        username = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM]).get("sub")
    except InvalidTokenError:
        raise refused from None
    user = get_user(session, username) if username else None
    if user is None:
        raise refused
    return user


async def get_current_active_user(user: Annotated[User, Depends(get_current_user)]) -> User:
    """The same, unless he is disabled."""
    if user.disabled:
        raise HTTPException(status_code=400, detail="Inactive user")
    return user


CurrentUser = Annotated[User, Depends(get_current_active_user)]


@app.post("/token")
def login_for_access_token(
    form_data: Annotated[OAuth2PasswordRequestForm, Depends()], session: SessionDep
) -> Token:
    """Log in."""
    user = authenticate_user(session, form_data.username, form_data.password)
    if user is None:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail="Incorrect username or password",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return Token(access_token=create_access_token(user.username), token_type="bearer")  # noqa: S106


@app.post("/users", status_code=201, response_model=UserView)
def register(new: NewUser, session: SessionDep) -> User:
    """Make an account."""
    hashed = password_hash.hash(new.password)
    user = User(username=new.email, email=new.email, hashed_password=hashed)
    session.add(user)
    session.commit()
    return user


@app.get("/users/me", response_model=UserView)
async def read_users_me(user: CurrentUser) -> User:
    """Your own account."""
    return user


@app.get("/notes", response_model=list[NoteView])
def read_notes(user: CurrentUser, session: SessionDep, limit: int = PAGE) -> list[Note]:
    """Your notes, newest first."""
    newest = Note.created_at.desc(), Note.id.desc()
    own = select(Note).where(Note.owner_id == user.id)
    return list(session.scalars(own.order_by(*newest).limit(limit)))


@app.post("/notes", status_code=201, response_model=NoteView)
def write_note(content: NoteContent, user: CurrentUser, session: SessionDep) -> Note:
    """Write a note."""
    note = Note(owner_id=user.id, **content.model_dump())
    session.add(note)
    session.commit()
    return note


handler = Mangum(app, lifespan="off")
