"""The typed content of an access token (RFC 9068 §2.2)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.tokens.errors import InvalidClaim, MissingClaim, quoted

MAX_IDENTIFIER = 255


class StatusReference(NamedTuple):
    """Where the status of a token's session stands (draft-ietf-oauth-status-list, §6.2).

    `idx` is its place in the list, from 0 on; `uri` names the list.
    """

    idx: int
    uri: str


class AccessClaims(NamedTuple):
    """Who may do what, until when. Times are whole seconds since the epoch (RFC 7519 §2)."""

    iss: str
    sub: str
    aud: str
    exp: int
    iat: int
    jti: str
    client_id: str
    scope: str
    nbf: int | None = None
    sid: str | None = None
    auth_time: int | None = None
    amr: tuple[str, ...] | None = None
    status: StatusReference | None = None

    @property
    def scopes(self) -> frozenset[str]:
        """The single scopes in `scope`."""
        return frozenset(self.scope.split())

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "AccessClaims":
        """The claims in a decoded payload; members this type does not know are left out.

        Raises MissingClaim or InvalidClaim. Types are checked here, and nothing about the moment
        or the audience: that is `verify`'s.
        """
        try:
            return cls(
                string("iss", payload["iss"]),
                _identifier("sub", payload["sub"]),
                string("aud", payload["aud"]),
                whole_number("exp", payload["exp"]),
                whole_number("iat", payload["iat"]),
                _identifier("jti", payload["jti"]),
                _identifier("client_id", payload["client_id"]),
                _scope("scope", payload["scope"]),
                whole_number("nbf", payload["nbf"]) if "nbf" in payload else None,
                _identifier("sid", payload["sid"]) if "sid" in payload else None,
                whole_number("auth_time", payload["auth_time"]) if "auth_time" in payload else None,
                _identifiers("amr", payload["amr"]) if "amr" in payload else None,
                _status(payload["status"]) if "status" in payload else None,
            )
        except KeyError as absent:
            raise MissingClaim(f"the claim {absent} was expected, and is absent") from None

    def to_payload(self) -> dict[str, Any]:
        """The members of the JWT's payload: the required claims and those optional ones set."""
        members = {name: value for name, value in self._asdict().items() if value is not None}
        if self.status is not None:
            members["status"] = {"status_list": self.status._asdict()}
        return members


def string(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidClaim(f"{name!r} was expected to be a string, not {quoted(value)}")
    return value


def _identifier(name: str, value: object) -> str:
    # `isprintable` also refuses control characters and lone surrogates, which could neither be
    # logged nor sent on in a header.
    if (
        isinstance(value, str)
        and 0 < len(value) <= MAX_IDENTIFIER
        and value.isprintable()
        and not value.isspace()
    ):
        return value
    raise InvalidClaim(
        f"{name!r} was expected to be 1 to {MAX_IDENTIFIER} printable characters, not blank; "
        f"it is {quoted(value)}"
    )


def whole_number(name: str, value: object) -> int:
    # `type`, since True is an int to Python and a boolean to JSON.
    if type(value) is not int:
        raise InvalidClaim(f"{name!r} was expected to be a whole number, not {quoted(value)}")
    return value


def _scope(name: str, value: object) -> str:
    text = string(name, value)
    # Scope-tokens of %x21 / %x23-5B / %x5D-7E, parted by single spaces, or none (RFC 6749 §3.3).
    # In a row, since a regular expression takes twice as long over it.
    if (
        text.isascii()
        and text.isprintable()
        and '"' not in text
        and "\\" not in text
        and "  " not in text
        and text[:1] != " "
        and text[-1:] != " "
    ):
        return text
    raise InvalidClaim(f"{name!r} was expected to be as RFC 6749 §3.3, not {quoted(text)}")


def _identifiers(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidClaim(f"{name!r} was expected to be an array of strings, not {quoted(value)}")
    return tuple([_identifier(name, item) for item in value])


def _status(status: object) -> StatusReference | None:
    """What `status` says of a status list; None where it knows other ways to tell a status only."""
    if not isinstance(status, dict):
        raise InvalidClaim(f"'status' was expected to be an object, not {quoted(status)}")
    if "status_list" not in status:
        return None
    reference = status["status_list"]
    if not isinstance(reference, dict):
        raise InvalidClaim(f"'status_list' was expected to be an object, not {quoted(reference)}")
    idx = whole_number("idx", reference.get("idx"))
    if idx < 0:
        raise InvalidClaim(f"'idx' was expected to be 0 or more, not {quoted(idx)}")
    return StatusReference(idx, _identifier("uri", reference.get("uri")))
