"""What the session routes take and give."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.sessions.models import AuthSession


class Credentials(BaseModel):
    """What somebody logs in with. A login form's other OAuth fields are not looked at."""

    model_config = ConfigDict(hide_input_in_errors=True)

    username: str = Field(description="The e-mail address.", examples=["ada@example.com"])
    password: str = Field(
        repr=False,
        json_schema_extra={"format": "password"},
        examples=["correct horse battery staple"],
    )


class TokenResponse(BaseModel):
    """An access token and what is to be known of it (RFC 6749 §5.1)."""

    access_token: str = Field(repr=False)
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int = Field(description="Seconds.")
    refresh_token: str | None = Field(
        default=None,
        repr=False,
        description="For one use at `POST /auth/token`. Absent where a cookie carries it, and for "
        "clients that authenticate.",
    )
    scope: str


class Use(BaseModel):
    """When, from where and by what software a session was used."""

    at: datetime
    address: str | None
    user_agent: str | None


class SessionView(BaseModel):
    """A session, as shown to its user. It is last used when it last gave a token."""

    id: UUID
    client_id: str
    current: bool = Field(description="Whether the token of this request is of this session.")
    first_used: Use
    last_used: Use
    expires_at: datetime = Field(description="When it ends, unless it is used before.")

    @classmethod
    def of(cls, auth: AuthSession, *, current: bool) -> "SessionView":
        """The view of one."""
        return cls(
            id=auth.id,
            client_id=auth.client_id,
            current=current,
            first_used=Use(
                at=auth.created_at, address=auth.first_address, user_agent=auth.first_user_agent
            ),
            last_used=Use(
                at=auth.last_used_at, address=auth.last_address, user_agent=auth.last_user_agent
            ),
            expires_at=auth.expires_at,
        )
