"""What the account routes take and give."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any, NoReturn
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationInfo,
    field_validator,
)
from pydantic.json_schema import SkipJsonSchema

from app.access.scopes import Role
from app.accounts.common_passwords import not_guessable
from app.accounts.emails import normalise_email
from app.accounts.models import MAX_NAME, User
from app.accounts.passwords import MAX_CHARACTERS, MIN_CHARACTERS, normalise_password
from app.accounts.service import Account


def _one_line(text: str) -> str:
    # Control characters, halves of characters, and the separators of lines and paragraphs.
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
        raise ValueError("a name has no control characters, line breaks or lone surrogates")
    return text


def _refuse_address(_: object) -> NoReturn:
    raise ValueError(
        "an address cannot be changed here: nothing verifies that the new one is that of the same "
        "person"
    )


Email = Annotated[str, AfterValidator(normalise_email), Field(examples=["ada@example.com"])]
Password = Annotated[
    str,
    AfterValidator(normalise_password),
    Field(
        description=(
            f"{MIN_CHARACTERS} to {MAX_CHARACTERS} characters, any of Unicode; "
            "none of the common passwords, and not made of them or of one's address."
        ),
        examples=["correct horse battery staple"],
    ),
]
Name = Annotated[
    str,
    AfterValidator(_one_line),
    Field(min_length=1, max_length=MAX_NAME, examples=["Ada Lovelace"]),
]


class NewUser(BaseModel):
    """A registration."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    email: Email
    password: Password = Field(repr=False)

    @field_validator("password")
    @classmethod
    def _not_guessable(cls, password: str, info: ValidationInfo) -> str:
        return not_guessable(password, info.data.get("email", ""))


class AccountChange(BaseModel):
    """What changes in one's own account; what is absent stays as it is."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Name | None = None
    # Known only to be refused with a reason; the OpenAPI document does not show it.
    email: SkipJsonSchema[Annotated[Any, BeforeValidator(_refuse_address)]] = None


class UserChange(AccountChange):
    """What an administrator changes in an account; what is absent stays as it is."""

    disabled: StrictBool = Field(
        default_factory=bool,
        description="Whether he is kept out. His sessions end, and do not come back.",
    )


class NewPassword(BaseModel):
    """A password in the place of another."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    current_password: str = Field(repr=False, json_schema_extra={"format": "password"})
    new_password: Password = Field(repr=False)

    @field_validator("new_password")
    @classmethod
    def _not_guessable(cls, password: str) -> str:
        return not_guessable(password)  # whose it is to be, PasswordChange knows


class RolesOfUser(BaseModel):
    """All roles that a user is to hold; one that is named twice is held once."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    roles: list[Role] = Field(examples=[["member"]])


class UserView(BaseModel):
    """A user, as shown to himself and to administrators."""

    id: UUID
    email: str
    name: str | None
    roles: list[str]
    disabled: bool
    created_at: datetime

    @classmethod
    def of(cls, user: User | Account) -> "UserView":
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            roles=user.role_names,
            disabled=user.disabled_at is not None,
            created_at=user.created_at,
        )
