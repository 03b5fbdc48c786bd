"""What can go wrong. app/problems.py makes HTTP of it.

DomainError
├── Unauthenticated            401  unauthorized           no token came
│   ├── InvalidToken           401  invalid_token          one came, and is not to be trusted
│   └── InvalidCredentials     401  invalid_credentials    the login failed
├── Forbidden                  403  forbidden
│   ├── InsufficientScope      403  insufficient_scope     the token lacks a scope
│   ├── RegistrationClosed     403  registration_closed
│   ├── OriginRefused          403  origin_refused         a browser's, from another site
│   ├── WrongPassword          403  wrong_password         that of who changes it
│   ├── ScopeNotHeld           403  scope_not_held         nobody grants what he lacks
│   └── UserRequired           403  user_required          the token is a machine's
├── NotFound                   404  not_found
├── Conflict                   409  conflict
│   ├── EmailTaken             409  email_taken
│   └── LastAdministrator      409  last_administrator
├── InvalidRequest             422  invalid_request
├── TooManyAttempts            429  too_many_attempts      try again later, Retry-After says when
└── Unavailable                503  unavailable            try again in a moment
"""

from collections.abc import Mapping
from typing import ClassVar

RETRY_AFTER_SECONDS = 2


class DomainError(Exception):
    """Something a caller did or met; `detail` is for the client."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def headers(self) -> dict[str, str]:
        """The response headers that go with it."""
        return {}


class Unauthenticated(DomainError):
    status, code = 401, "unauthorized"

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class InvalidToken(Unauthenticated):
    """Holds no reason: the client learns that the token is invalid, the log learns why."""

    code = "invalid_token"

    def __init__(self) -> None:
        super().__init__("The access token is invalid or has expired. Log in again.")

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class InvalidCredentials(Unauthenticated):
    code = "invalid_credentials"


class Forbidden(DomainError):
    status, code = 403, "forbidden"


class InsufficientScope(Forbidden):
    code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"The access token does not carry the scope {scope!r}.")
        self.scope = scope

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{self.scope}"'}


class RegistrationClosed(Forbidden):
    code = "registration_closed"


class OriginRefused(Forbidden):
    code = "origin_refused"


class WrongPassword(Forbidden):
    """Not 401: the access token is good, and another one would help nobody."""

    code = "wrong_password"


class ScopeNotHeld(Forbidden):
    code = "scope_not_held"


class UserRequired(Forbidden):
    code = "user_required"


class NotFound(DomainError):
    status, code = 404, "not_found"


class Conflict(DomainError):
    status, code = 409, "conflict"


class EmailTaken(Conflict):
    code = "email_taken"


class LastAdministrator(Conflict):
    code = "last_administrator"


class InvalidRequest(DomainError):
    """`fields` maps where (`body.email`) to what is wrong there; no value is ever repeated."""

    status, code = 422, "invalid_request"

    def __init__(self, fields: Mapping[str, str]) -> None:
        named = "; ".join(f"{where}: {what}" for where, what in fields.items())
        super().__init__(f"The request is not as expected: {named}")
        self.fields = dict(fields)


class TooManyAttempts(DomainError):
    """Says when, and not of what there were too many: that would tell what exists."""

    status, code = 429, "too_many_attempts"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"There were too many attempts. Try again in {seconds} s.")
        self.seconds = seconds

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)}


class Unavailable(DomainError):
    status, code = 503, "unavailable"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
