"""One access token, held against what both native authorizers and our own want of it."""

from collections.abc import Callable, Mapping
from typing import Any

from app.doctor.report import Check, judged, not_judged, right, wrong
from app.tokens.encoding import base64url_decode, parse_json_object
from app.tokens.errors import TokenError, quoted
from app.tokens.keys import KeySet
from app.tokens.verify import LEEWAY_SECONDS, Verifier

MAX_BYTES = 1536
_FRESH = "check the clock of the issuer, then that of this machine, and take a fresh token"


def check_token(
    token: str, issuer: str, keys: KeySet | None, clock: Callable[[], float]
) -> list[Check]:
    """A row for each point. Nothing of the token itself is repeated but short claims."""
    try:
        header, payload = _read_unverified(token)
    except ValueError:
        advice = "give the access token itself: three segments of base64url, without `Bearer`"
        return [wrong("token", "no JWT in compact form", advice)]
    return [
        _check_kid(header, keys),
        _check_alg(header, keys),
        _check_iss(payload, issuer),
        _check_aud(payload),
        _check_times(payload, int(clock())),
        _check_scope(payload),
        judged(
            "token: size",
            f"{len(token)} bytes",
            fits=len(token) < MAX_BYTES,
            advice=f"keep it under {MAX_BYTES} bytes: request line and headers together may have "
            "10,240 at API Gateway",
        ),
        _check_verified(token, payload, issuer, keys, clock),
    ]


def _read_unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and payload before any signature was looked at: to be shown, never to be believed."""
    header, payload, _ = token.encode("ascii").split(b".")
    return (
        parse_json_object(base64url_decode(header)),
        parse_json_object(base64url_decode(payload)),
    )


def _check_kid(header: Mapping[str, Any], keys: KeySet | None) -> Check:
    if keys is None:
        return not_judged("token: kid", "no key set to look it up in")
    kid = header.get("kid")
    return judged(
        "token: kid",
        quoted(kid, 255),
        fits=isinstance(kid, str) and kid in keys.keys,
        advice="it is not among the published keys: publish it, and let it sign when `ostiary keys "
        "rotate` lets it",
    )


def _check_alg(header: Mapping[str, Any], keys: KeySet | None) -> Check:
    alg, kid = header.get("alg"), header.get("kid")
    key = keys.keys.get(kid) if keys and isinstance(kid, str) else None
    narrow = isinstance(alg, str) and alg.startswith("ES")
    return judged(
        "token: alg",
        f"{quoted(alg)}, for REST APIs and not for HTTP APIs" if narrow else quoted(alg),
        fits=isinstance(alg, str) and alg[:2] in ("RS", "ES") and (key is None or alg == key.alg),
        advice="it must be that of its key, and one of RS or ES with 256, 384 or 512",
    )


def _check_iss(payload: Mapping[str, Any], issuer: str) -> Check:
    iss = payload.get("iss")
    return judged(
        "token: iss",
        quoted(iss, 256),
        fits=iss == issuer,
        advice=f"it was expected to be {issuer!r}, to the byte, a slash at the end included",
    )


def _check_aud(payload: Mapping[str, Any]) -> Check:
    aud = payload.get("aud")
    return judged(
        "token: aud",
        f"{quoted(aud)}; the authorizer's audience must be the same" if aud else quoted(aud),
        fits=isinstance(aud, str) and bool(aud),
        advice="one string was expected: without it API Gateway falls back to client_id",
    )


def _check_times(payload: Mapping[str, Any], now: int) -> Check:
    times = {name: payload[name] for name in ("exp", "iat", "nbf") if name in payload}
    odd = [name for name, value in times.items() if not _is_moment(value)]
    odd += [name for name in ("exp", "iat") if name not in times]
    if odd:
        advice = "whole seconds since the epoch were expected, exp and iat always (RFC 7519 §2)"
        return wrong("token: times", f"no whole number: {', '.join(odd)}", advice)
    fits = times["exp"] > now and all(
        times.get(name, now) <= now + LEEWAY_SECONDS for name in ("iat", "nbf")
    )
    found = ", ".join(f"{name} {value - now:+d} s" for name, value in times.items())
    return judged("token: times", f"{found} from now", fits=fits, advice=_FRESH)


def _is_moment(value: object) -> bool:
    # `type`, since True is an int; what JSON readers agree on ends at 2^53 (RFC 8259 §6).
    return type(value) is int and 0 <= value < 2**53


def _check_scope(payload: Mapping[str, Any]) -> Check:
    scope = payload.get("scope")
    return judged(
        "token: scope",
        quoted(scope, 128),
        fits=isinstance(scope, str) and scope == " ".join(scope.split()),
        advice="one string, scopes parted by single spaces, was expected (RFC 9068 §2.2.3)",
    )


def _check_verified(
    token: str,
    payload: Mapping[str, Any],
    issuer: str,
    keys: KeySet | None,
    clock: Callable[[], float],
) -> Check:
    name = "token: verified"
    if keys is None:
        return not_judged(name, "no key set to verify it with")
    aud = payload.get("aud")
    # Which audience is meant only the authorizer's own setting says: the token's own is taken.
    audience = aud if isinstance(aud, str) and aud else "none"
    try:
        Verifier(keys, issuer=issuer, audience=audience, clock=clock).verify(token)
    except TokenError as error:
        advice = "no authorizer takes this token: log in anew and try the fresh one"
        return wrong(name, f"{error.code}: {error}", advice)
    return right(name, "signature, type and claims hold")
