"""Token Status Lists (draft-ietf-oauth-status-list): one bit a session, set once it has ended.

What a list says is packed and taken apart here, and a signed one is verified; `issue` signs it. A
list is not signed for a token's purpose, nor a token for a list's: each is known by its `typ`.
"""

import time
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from app.tokens.claims import string, whole_number
from app.tokens.encoding import base64url_decode, base64url_encode
from app.tokens.errors import (
    InvalidClaim,
    LifetimeTooLong,
    MissingClaim,
    StatusListError,
    TokenExpired,
    TokenNotYetValid,
    WrongIssuer,
    WrongStatus,
    quoted,
)
from app.tokens.jws import JwsVerifier, Kind
from app.tokens.keys import TrustedKeys
from app.tokens.urls import check_issuer
from app.tokens.verify import LEEWAY_SECONDS, MAX_LIFETIME_SECONDS

TTL_SECONDS = 15
LIFETIME_SECONDS = 300
MEDIA_TYPE = "application/statuslist+jwt"
MAX_LIST_BYTES = 1_048_576  # of a signed list, and of one that was unpacked
STATUS_LIST = Kind("statuslist+jwt", "draft-ietf-oauth-status-list", MAX_LIST_BYTES)
# The draft recommends the best, 9: a tenth shorter, and nine times as long in the making, which an
# authorizer waits for.
LEVEL = 7


class StatusList(NamedTuple):
    """The sessions of one list: a bit each, in `raw` from the least significant of each byte on.

    Times are seconds since the epoch, `ttl` is in seconds.
    """

    uri: str
    iat: int
    exp: int
    ttl: int
    raw: bytes

    def is_ended(self, idx: int) -> bool:
        """Whether the session at this place has ended; WrongStatus where there is no such place."""
        if not 0 <= idx < len(self.raw) * 8:
            raise WrongStatus(
                f"idx was expected to be one of {len(self.raw) * 8} places, not {quoted(idx)}"
            )
        return bool(self.raw[idx >> 3] >> (idx & 7) & 1)


def pack(raw: bytes, level: int = LEVEL) -> str:
    """The bits as a list carries them: packed by zlib (0 to 9), in base64url (§4.1, §4.2)."""
    return base64url_encode(zlib.compress(raw, level))


def unpack(lst: str, *, most: int) -> bytes:
    """The bits in `lst`, at most `most` bytes of them; StatusListError for anything else.

    What a few bytes may grow to is not known before: it is unpacked no further than to that limit.
    """
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(base64url_decode(lst.encode("ascii")), most + 1)
    except (ValueError, zlib.error):
        raise StatusListError("lst was expected to be base64url of what zlib packed") from None
    if len(raw) > most:
        raise StatusListError(f"lst was expected to unpack to at most {most} bytes")
    if not stream.eof or stream.unused_data:
        raise StatusListError("lst was expected to be one whole stream of zlib, and no more")
    return raw


def status_list_payload(
    *, issuer: str, uri: str, raw: bytes, now: int, ttl: int, lifetime: int
) -> dict[str, Any]:
    """The claims of a list that is issued `now` and holds for `lifetime` seconds (§5.1).

    Who keeps it asks again after `ttl` seconds. StatusListError where the verifier would not take
    so many bits.
    """
    if len(raw) > MAX_LIST_BYTES:
        raise StatusListError(f"a list has at most {MAX_LIST_BYTES} bytes, not {len(raw)}")
    return {
        "iss": issuer,
        "sub": uri,
        "iat": now,
        "exp": now + lifetime,
        "ttl": ttl,
        "status_list": {"bits": 1, "lst": pack(raw)},
    }


class StatusListVerifier:
    """Verifies the status lists of one issuer. Safe to share between threads."""

    def __init__(
        self, keys: TrustedKeys, *, issuer: str, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` gives seconds since the epoch. Raises ValueError on an unfit issuer."""
        self._jws = JwsVerifier(keys, STATUS_LIST)
        self._issuer = check_issuer(issuer)
        self._clock = clock

    def verify(self, token: str | bytes, uri: str) -> StatusList:
        """The list named `uri` in a compact JWS, or a TokenError or StatusListError.

        KeysUnavailable, where there are no keys to judge it by. Of what the draft leaves open,
        `iss`, `exp` and `ttl` must be there, and a session has one bit.
        """
        payload = self._jws.payload(token)
        try:
            issuer, sub = string("iss", payload["iss"]), string("sub", payload["sub"])
            iat, exp, ttl = (whole_number(name, payload[name]) for name in ("iat", "exp", "ttl"))
            status_list = payload["status_list"]
        except KeyError as absent:
            raise MissingClaim(f"the claim {absent} was expected, and is absent") from None
        if issuer != self._issuer:
            raise WrongIssuer(f"iss was expected to be {self._issuer!r}, not {quoted(issuer)}")
        if sub != uri:
            raise StatusListError(f"sub was expected to be {quoted(uri, 255)}, not {quoted(sub)}")
        if ttl <= 0:
            raise InvalidClaim(f"'ttl' was expected to be positive, not {quoted(ttl)}")
        self._check_times(iat, exp)
        return StatusList(uri, iat, exp, ttl, _bits(status_list))

    def _check_times(self, iat: int, exp: int) -> None:
        """Without leeway for `exp`: from then on the list says nothing any more."""
        now = self._clock()
        if exp <= now:
            raise TokenExpired(f"exp was {quoted(exp)}, and it is {now:.0f}")
        if exp > now + MAX_LIFETIME_SECONDS:
            raise LifetimeTooLong(
                f"exp {quoted(exp)} is over {MAX_LIFETIME_SECONDS} s ahead of {now:.0f}"
            )
        if iat > now + LEEWAY_SECONDS:
            raise TokenNotYetValid(f"iat is {quoted(iat)}, and it is {now:.0f}")


def _bits(status_list: object) -> bytes:
    if not isinstance(status_list, dict):
        raise InvalidClaim(f"'status_list' was expected to be an object, not {quoted(status_list)}")
    bits, lst = status_list.get("bits"), status_list.get("lst")
    # `type`, since True is 1 to Python and a boolean to JSON.
    if type(bits) is not int or bits != 1:
        raise StatusListError(f"bits was expected to be 1, not {quoted(bits)}")
    return unpack(string("lst", lst), most=MAX_LIST_BYTES)
