"""What the verifier says of a token, and what the token says of itself."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from app.doctor.report import Check, not_judged, right, wrong
from app.explain.words import from_now
from app.tokens.bearer import bearer_token
from app.tokens.claims import AccessClaims
from app.tokens.encoding import base64url_decode, parse_json_object
from app.tokens.errors import TokenError, quoted
from app.tokens.keys import TrustedKeys
from app.tokens.verify import Verifier

MAX_SHOWN = 256
_TEXTS = ("iss", "aud", "sub", "client_id", "scope")
_TIMES = ("exp", "iat", "nbf")


class Judged(NamedTuple):
    """An Authorization header with the claims of its token, or with the error that refuses it."""

    checks: list[Check]
    authorization: str
    claims: AccessClaims | None = None
    error: TokenError | None = None

    @property
    def code(self) -> str:
        """That of the error; '' where there is none."""
        return self.error.code if self.error else ""


def header_of(given: str) -> str:
    """The Authorization header of a request with this token; '' is for none.

    What holds a space is the header's value already.
    """
    value = given.strip()
    return value if not value or " " in value else f"Bearer {value}"


def not_looked_at(authorization: str) -> Judged:
    """The token of a call that everybody may make."""
    return Judged([not_judged("token", "not looked at: the route is public")], authorization)


def judge(
    authorization: str,
    trusted: TrustedKeys,
    verifier: Verifier,
    now: float,
) -> Judged:
    """The token of a header, judged as the app does; raises what `trusted` does without keys."""
    try:
        token = bearer_token([authorization] if authorization else [])
        claims = verifier.verify(token)
    except TokenError as error:
        row = wrong("token", f"{error.code}: {error}", "docs/reasons.md says what helps")
        return Judged([row, *_unbelieved(authorization, now)], authorization, error=error)
    kid = _segment(token, 0)["kid"]
    rows = [
        right("token", f"verified with the key {quoted(kid)}, {trusted.current().keys[kid].alg}")
    ]
    rows += _claims(claims.to_payload(), now, lambda name, text: right(name, text))
    return Judged(rows, authorization, claims)


def _unbelieved(authorization: str, now: float) -> list[Check]:
    """What a refused token says, to be shown alone: its header, and its claims."""
    token = authorization.rpartition(" ")[2]
    try:
        header, payload = _segment(token, 0), _segment(token, 1)
    except ValueError:
        return []
    said = {name: quoted(header.get(name)) for name in ("kid", "alg", "typ")}
    named = ", ".join(f"{name} {value}" for name, value in said.items())
    claims = _claims(payload, now, lambda name, text: not_judged(name, f"{text}, not believed"))
    return [not_judged("header", f"{named}, not believed"), *claims]


def _segment(token: str, number: int) -> dict[str, Any]:
    """A segment's JSON; ValueError where it is none. It is not verified here."""
    segments = token.encode("ascii").split(b".")
    if len(segments) != 3:
        raise ValueError("no compact JWS")
    return parse_json_object(base64url_decode(segments[number]))


def _claims(
    payload: Mapping[str, Any], now: float, row: Callable[[str, str], Check]
) -> list[Check]:
    texts = [row(name, quoted(payload[name], MAX_SHOWN)) for name in _TEXTS if name in payload]
    times = [row(name, _moment(payload[name], now)) for name in _TIMES if name in payload]
    return [*texts, *times]


def _moment(value: object, now: float) -> str:
    # `type`, since True is an int to Python.
    return f"{quoted(value)}, {from_now(value, now)}" if type(value) is int else quoted(value)
