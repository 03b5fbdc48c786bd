"""What the audit shows."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class AuditEventView(BaseModel):
    """Who did what, on whom, when and from where, and how it ended."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime
    action: str = Field(examples=["login"])
    outcome: str = Field(examples=["failure"], description="`success`, `failure` or `denial`.")
    code: str | None = Field(examples=["wrong_password"])
    actor: str | None = Field(description="A user's or client's id, or `operator`.")
    target: str | None = Field(description="The id of a user, a session or a client.")
    address: str | None
    user_agent: str | None
    request_id: str | None
