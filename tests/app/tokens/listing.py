"""Status lists made by hand, as a forger or another library would, and who verifies them."""

from collections.abc import Mapping
from typing import Any

from app.tokens.errors import StatusListError, TokenError
from app.tokens.status_list import StatusList, StatusListVerifier, pack
from tests.app.tokens.verifying import NOW
from tests.doors.forge import Forge, changed, join
from tests.support import ISSUER, key_set

BASE = f"{ISSUER}/status-lists"
URI = f"{BASE}/6f2d1c1e-7a51-4f6c-9a3c-0d6c1be5a001"
RAW = b"\xb9\xa3"
EC = Forge("ES256", "user", NOW)


def list_claims(now: int = NOW, /, **changes: Any) -> dict[str, Any]:
    """Good claims of a list (draft-ietf-oauth-status-list, §5.1), changed."""
    good = {"iss": ISSUER, "sub": URI, "iat": now, "exp": now + 300, "ttl": 15}
    return changed(good | {"status_list": {"bits": 1, "lst": pack(RAW)}}, changes)


def list_token(
    claims: Mapping[str, Any] | bytes | None = None, *, forge: Forge = EC, **header: Any
) -> str:
    """A signed list of these claims, good ones where none are given, under this header."""
    members = forge.header(**{"typ": "statuslist+jwt"} | header)
    return join(members, list_claims(forge.now) if claims is None else claims, forge.sign)


def read(token: str | bytes, *algs: str, uri: str = URI, now: float = NOW) -> StatusList:
    """The list in a token, for who trusts a key of each algorithm."""
    keys = key_set(*(algs or ("ES256",)))
    return StatusListVerifier(keys, issuer=ISSUER, clock=lambda: now).verify(token, uri)


def list_code_of(token: str | bytes, now: float = NOW) -> str:
    """Why a list is refused: a token's code, or what a StatusListError says; or "accepted"."""
    try:
        read(token, now=now)
    except TokenError as error:
        return error.code
    except StatusListError as error:
        return str(error)
    return "accepted"
