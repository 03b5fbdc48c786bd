"""The typed content of an access token (RFC 9068 §2.2), and what its issuer may be called."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.tokens.errors import InvalidClaim, MissingClaim, quoted

# RFC 6749 §3.3: scope-tokens of %x21 / %x23-5B / %x5D-7E, parted by single spaces.
_SCOPE = re.compile(r"(?:[!#-\[\]-~]+(?: [!#-\[\]-~]+)*)?")
_ISSUER = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~/-]*)?")
MAX_IDENTIFIER = 255


@dataclass(frozen=True, slots=True)
class AccessClaims:
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
        claims: dict[str, Any] = {}
        for name, read in _REQUIRED.items():
            if name not in payload:
                raise MissingClaim(f"the claim {name!r} was expected, and is absent")
            claims[name] = read(name, payload[name])
        for name, read in _OPTIONAL.items():
            if name in payload:
                claims[name] = read(name, payload[name])
        return cls(**claims)

    def to_payload(self) -> dict[str, Any]:
        """The members of the JWT's payload: the required claims and those optional ones set."""
        names = (*_REQUIRED, *_OPTIONAL)
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def _string(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidClaim(f"{name!r} was expected to be a string, not {quoted(value)}")
    return value


def _identifier(name: str, value: object) -> str:
    text = _string(name, value)
    # `isprintable` also refuses control characters and lone surrogates, which could neither be
    # logged nor sent on in a header.
    if not (0 < len(text) <= MAX_IDENTIFIER and text.isprintable() and text.strip()):
        raise InvalidClaim(
            f"{name!r} was expected to be 1 to {MAX_IDENTIFIER} printable characters, not blank; "
            f"it is {quoted(text)}"
        )
    return text


def _seconds(name: str, value: object) -> int:
    # `type`, since True is an int to Python and a boolean to JSON.
    if type(value) is not int:
        raise InvalidClaim(f"{name!r} was expected to be a whole number, not {quoted(value)}")
    return value


def _scope(name: str, value: object) -> str:
    text = _string(name, value)
    if not _SCOPE.fullmatch(text):
        raise InvalidClaim(f"{name!r} was expected to be as RFC 6749 §3.3, not {quoted(text)}")
    return text


def _strings(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidClaim(f"{name!r} was expected to be an array of strings, not {quoted(value)}")
    return tuple(_string(name, item) for item in value)


_REQUIRED: dict[str, Callable[[str, object], Any]] = {
    "iss": _string,
    "sub": _identifier,
    "aud": _string,
    "exp": _seconds,
    "iat": _seconds,
    "jti": _identifier,
    "client_id": _identifier,
    "scope": _scope,
}
_OPTIONAL: dict[str, Callable[[str, object], Any]] = {
    "nbf": _seconds,
    "sid": _identifier,
    "auth_time": _seconds,
    "amr": _strings,
}


def on_loopback(issuer: str) -> bool:
    """Whether the issuer's host is this machine: localhost, 127.0.0.0/8 or ::1."""
    host = urlsplit(issuer).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_issuer(issuer: str) -> str:
    """`issuer` itself, when it may stand in a token (RFC 8414 §2); else a ValueError.

    An https URL without user, query or fragment; http only on a loopback host.
    """
    try:
        url = urlsplit(issuer)
        fits = bool(_ISSUER.fullmatch(issuer) and url.hostname and url.port != 0)
    except ValueError:
        fits = False
    if not fits or (issuer.startswith("http:") and not on_loopback(issuer)):
        raise ValueError(
            "the issuer must be an https URL without user, query or fragment, or http on a "
            f"loopback host; it is {quoted(issuer)}"
        )
    return issuer
