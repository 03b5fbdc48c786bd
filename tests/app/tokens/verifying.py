"""A verifier with a stopped clock, and the code with which it refuses a token."""

from typing import Any

from app.tokens.errors import TokenError
from app.tokens.verify import Verifier
from tests.support import AUDIENCE, ISSUER, key_set

NOW = 1_800_000_000


def verifier(*algs: str, now: float = NOW) -> Verifier:
    """One that trusts a key of each algorithm, with its clock stopped at `now`."""
    keys = key_set(*(algs or ("ES256",)))
    return Verifier(keys, issuer=ISSUER, audience=AUDIENCE, clock=lambda: now)


def code_of(token: Any, now: float = NOW) -> str:
    """The code with which a token is refused; "accepted" when it is not."""
    try:
        verifier(now=now).verify(token)
    except TokenError as error:
        return error.code
    return "accepted"
