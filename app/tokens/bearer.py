"""The bearer token of an Authorization header (RFC 6750 §2.1), for the app and the authorizer."""

from collections.abc import Sequence

from app.tokens.errors import MalformedToken, MissingToken

_TOKEN_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="


def bearer_token(authorizations: Sequence[str]) -> str:
    """The token in the values of all Authorization headers of one request.

    There must be exactly one header; the scheme in any case, one space, then the token. Raises
    MissingToken when there is no header or it is of another scheme, MalformedToken otherwise.
    """
    if not authorizations:
        raise MissingToken("an Authorization header was expected, and is absent")
    if len(authorizations) > 1:
        raise MalformedToken(f"one Authorization header was expected, not {len(authorizations)}")
    scheme, _, token = authorizations[0].partition(" ")
    if scheme.lower() == "bearer" and _is_token(token):
        return token
    if authorizations[0][:6].lower() == "bearer":
        raise MalformedToken("'Bearer', one space and a token were expected (RFC 6750 §2.1)")
    raise MissingToken("the Authorization header is of another scheme than Bearer")


def _is_token(text: str) -> bool:
    # A regular expression takes four times as long over a thousand characters.
    return text.isascii() and text != "" and not text.encode().translate(None, _TOKEN_CHARACTERS)
