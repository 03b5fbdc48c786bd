"""The bearer token of an Authorization header (RFC 6750 §2.1), for the app and the authorizer."""

import re
from collections.abc import Sequence

from app.tokens.errors import MalformedToken, MissingToken

_BEARER = re.compile(r"bearer ([A-Za-z0-9._~+/=-]+)", re.IGNORECASE | re.ASCII)


def bearer_token(authorizations: Sequence[str]) -> str:
    """The token in the values of all Authorization headers of one request.

    There must be exactly one header; the scheme in any case, one space, then the token. Raises
    MissingToken when there is no header or it is of another scheme, MalformedToken otherwise.
    """
    if not authorizations:
        raise MissingToken("an Authorization header was expected, and is absent")
    if len(authorizations) > 1:
        raise MalformedToken(f"one Authorization header was expected, not {len(authorizations)}")
    match = _BEARER.fullmatch(authorizations[0])
    if match:
        return match[1]
    if authorizations[0][:6].lower() == "bearer":
        raise MalformedToken("'Bearer', one space and a token were expected (RFC 6750 §2.1)")
    raise MissingToken("the Authorization header is of another scheme than Bearer")
