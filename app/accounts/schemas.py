"""What the account routes take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.accounts.emails import normalise_email
from app.accounts.models import User
from app.accounts.passwords import MAX_CHARACTERS, MIN_CHARACTERS, normalise_password

Email = Annotated[str, AfterValidator(normalise_email), Field(examples=["ada@example.com"])]
Password = Annotated[
    str,
    AfterValidator(normalise_password),
    Field(
        description=f"{MIN_CHARACTERS} to {MAX_CHARACTERS} characters, any of Unicode.",
        examples=["correct horse battery staple"],
    ),
]


class NewUser(BaseModel):
    """A registration."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    email: Email
    password: Password = Field(repr=False)


class UserView(BaseModel):
    """A user, as shown to himself and to administrators."""

    id: UUID
    email: str
    roles: list[str]
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> "UserView":
        return cls(id=user.id, email=user.email, roles=user.role_names, created_at=user.created_at)
