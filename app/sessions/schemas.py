"""What the session routes take and give."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


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
    scope: str
