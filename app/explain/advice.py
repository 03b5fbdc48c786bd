"""What helps where a token is not trusted: for each code, as docs/reasons.md has it."""

from app.tokens.errors import TokenError, UnknownKey, WrongIssuer, quoted

MAX_SHOWN = 256
ADVICE = {
    "missing_token": "send one `Authorization: Bearer TOKEN`, no other scheme",
    "token_too_large": "fewer scopes: 8 KB are the limit",
    "malformed_token": "send the token as it was issued: three segments, one header, one space",
    "forbidden_header": "an attack, or another issuer's token: it brings its key along, or "
    "`crit`, `zip` …",
    "wrong_type": "send an access token (`typ: at+jwt`), not an ID token",
    "unknown_key": "compare `kid` with `.venv/bin/ostiary keys list`: retired, or another "
    "deployment's; give the authorizer the new set",
    "wrong_algorithm": "an attack, or one `kid` for two keys",
    "bad_signature": "changed on its way, forged, or cut off while it was copied",
    "malformed_claims": "look at what issues: the signature is good, the payload is no set of "
    "claims",
    "missing_claim": "look at what issues: RFC 9068 §2.2 has the claims",
    "invalid_claim": "look at what issues: a claim is of another type, or empty",
    "wrong_issuer": "compare `iss` with `OSTIARY_ISSUER`, to the byte",
    "wrong_audience": "compare `aud` with `OSTIARY_AUDIENCE`",
    "token_expired": "log in again; if it is fresh, compare the clocks",
    "token_not_yet_valid": "compare the clocks: the issuer's is over 5 s ahead",
    "lifetime_too_long": "look at what issues: `exp` is over 24 h ahead",
    "missing_status": "log in again: it was issued before there were status lists, or by an app "
    "that keeps none",
    "wrong_status": "compare `status` with OSTIARY_STATUS_LISTS of the authorizer, to the byte",
    "session_ended": "log in again: the session was ended",
}


def advice_on(error: TokenError, said_issuer: object, issuer: str) -> str:
    """What to do about a token that says it is of `said_issuer`, where `issuer` is trusted."""
    elsewhere = isinstance(said_issuer, str) and said_issuer != issuer
    if elsewhere and isinstance(error, UnknownKey | WrongIssuer):
        return (
            f"this token says it is of {quoted(said_issuer, MAX_SHOWN)} (not believed): set "
            "OSTIARY_ISSUER and OSTIARY_KEYS to what that deployment has"
        )
    return ADVICE[error.code]
