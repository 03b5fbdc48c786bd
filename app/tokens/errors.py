"""Why a token, a status list, or a key set is refused.

TokenError                     do not trust this token
├── MissingToken               missing_token
├── TokenTooLarge              token_too_large
├── MalformedToken             malformed_token
├── ForbiddenHeader            forbidden_header
├── WrongType                  wrong_type
├── UnknownKey                 unknown_key
├── WrongAlgorithm             wrong_algorithm
├── BadSignature               bad_signature
├── MalformedClaims            malformed_claims
├── MissingClaim               missing_claim
├── InvalidClaim               invalid_claim
├── WrongIssuer                wrong_issuer
├── WrongAudience              wrong_audience
├── TokenExpired               token_expired
├── TokenNotYetValid           token_not_yet_valid
├── LifetimeTooLong            lifetime_too_long
├── MissingStatus              missing_status
├── WrongStatus                wrong_status
└── SessionEnded               session_ended
StatusListError                this status list cannot be used
StatusUnavailable              nothing can be said of the status of a token at this moment
KeySetError                    this key set cannot be used
└── KeysUnavailable            there is none to be had at this moment

The code of a TokenError is stable and is for the log; its message names what was expected and what
came. Neither is for the client, who learns only that the token is invalid (RFC 6750 §3.1).
"""

from typing import ClassVar


class TokenError(Exception):
    """Do not trust this token."""

    code: ClassVar[str] = "invalid_token"


class MissingToken(TokenError):
    """There is none: no Authorization header, or one of another scheme."""

    code = "missing_token"


class TokenTooLarge(TokenError):
    code = "token_too_large"


class MalformedToken(TokenError):
    code = "malformed_token"


class ForbiddenHeader(TokenError):
    code = "forbidden_header"


class WrongType(TokenError):
    code = "wrong_type"


class UnknownKey(TokenError):
    code = "unknown_key"


class WrongAlgorithm(TokenError):
    code = "wrong_algorithm"


class BadSignature(TokenError):
    code = "bad_signature"


class MalformedClaims(TokenError):
    code = "malformed_claims"


class MissingClaim(TokenError):
    code = "missing_claim"


class InvalidClaim(TokenError):
    code = "invalid_claim"


class WrongIssuer(TokenError):
    code = "wrong_issuer"


class WrongAudience(TokenError):
    code = "wrong_audience"


class TokenExpired(TokenError):
    code = "token_expired"


class TokenNotYetValid(TokenError):
    code = "token_not_yet_valid"


class LifetimeTooLong(TokenError):
    code = "lifetime_too_long"


class MissingStatus(TokenError):
    """It refers to no status list, where its session's status is asked for."""

    code = "missing_status"


class WrongStatus(TokenError):
    """It refers to a list that is none of ours, or to a place that its list does not have."""

    code = "wrong_status"


class SessionEnded(TokenError):
    code = "session_ended"


class StatusListError(Exception):
    """This status list cannot be used; the message says what was expected, and what came."""


class StatusUnavailable(Exception):
    """No status list can be had: the token is neither to be trusted nor to be refused."""


class KeySetError(Exception):
    """This key set cannot be used; the message names the key and says what to do."""


class KeysUnavailable(KeySetError):
    """What holds the keys cannot be reached: nothing can be said of any token, nor one signed."""


def quoted(value: object, limit: int = 64) -> str:
    """`value` as it may stand in a message: printable, and little longer than `limit` characters.

    What comes out of a token is an attacker's text; `ascii` escapes the line breaks with which a
    log is forged (ASVS 16.4.1), and of arrays and objects only the kind is told.
    """
    if value is not None and not isinstance(value, str | int | float):
        return f"a JSON {'array' if isinstance(value, list) else 'object'}"
    text = ascii(value)
    return text if len(text) <= limit else f"{text[:limit]}…"
