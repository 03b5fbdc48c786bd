"""What the verifier says of a token, and what the token says of itself."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from app.doctor.report import Check, not_judged, right, wrong
from app.explain.advice import MAX_SHOWN, advice_on
from app.explain.house import House
from app.explain.words import moment_and_distance, with_dates
from app.tokens.bearer import bearer_token
from app.tokens.claims import AccessClaims
from app.tokens.encoding import base64url_decode, parse_json_object
from app.tokens.errors import (
    LifetimeTooLong,
    TokenError,
    TokenExpired,
    TokenNotYetValid,
    quoted,
)

_TEXTS = ("iss", "aud", "sub", "client_id", "scope")
_TIMES = ("exp", "iat", "nbf")
_OF_TIME = (TokenExpired, TokenNotYetValid, LifetimeTooLong)


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


def not_looked_at(authorization: str) -> Judged:
    """The token of a call that everybody may make."""
    return Judged([not_judged("token", "not looked at: the route is public")], authorization)


def judge(authorization: str, house: House) -> Judged:
    """The token of a header, judged as the app does; KeySetError where keys are absent."""
    now = house.clock()
    try:
        token = bearer_token([authorization] if authorization else [])
        claims = house.verifier.verify(token)
    except TokenError as error:
        return _refused(authorization, error, house.issuer, now)
    kid = _segment(token, 0)["kid"]
    alg = house.keys.current().keys[kid].alg
    rows = [right("token", f"verified with the key {quoted(kid)}, {alg}")]
    rows += _claims(claims.to_payload(), now, lambda name, text: right(name, text))
    return Judged([*rows, *_session_rows(claims)], authorization, claims)


def _session_rows(claims: AccessClaims) -> list[Check]:
    """What decides, too, and is asked of nobody here."""
    rows = []
    if claims.sid is not None:
        found = f"{quoted(claims.sid)}; whether it has ended, app and status list know"
        rows.append(not_judged("session", found))
    if claims.status is None:
        rows.append(not_judged("status", "none: refused by an authorizer that asks status lists"))
    return rows


def _refused(authorization: str, error: TokenError, issuer: str, now: float) -> Judged:
    """With what the token says, to be shown alone: its header and its claims, where it has them."""
    token = authorization.rpartition(" ")[2]
    try:
        header, payload = _segment(token, 0), _segment(token, 1)
    except ValueError:
        said, said_issuer = [], None
    else:
        said, said_issuer = _unbelieved(header, payload, now), payload.get("iss")
    reason = with_dates(str(error)) if isinstance(error, _OF_TIME) else str(error)
    row = wrong("token", f"{error.code}: {reason}", advice_on(error, said_issuer, issuer))
    return Judged([row, *said], authorization, error=error)


def _unbelieved(header: Mapping[str, Any], payload: Mapping[str, Any], now: float) -> list[Check]:
    members = {name: quoted(header.get(name)) for name in ("kid", "alg", "typ")}
    named = ", ".join(f"{name} {value}" for name, value in members.items())
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
    return moment_and_distance(value, now) if type(value) is int else quoted(value)
