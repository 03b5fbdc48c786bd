"""The status lists that this process holds, and what they say of a token's session.

A list is asked for inside the decision that finds it old, since Lambda freezes whatever would do so
between two decisions. Loaded only where there are status lists: it brings an HTTP client along.
"""

import logging
import ssl
import time
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple, TypeVar

from app.tokens.claims import AccessClaims
from app.tokens.errors import (
    KeysUnavailable,
    MissingStatus,
    SessionEnded,
    StatusListError,
    StatusUnavailable,
    TokenError,
    WrongStatus,
    quoted,
)
from app.tokens.fetch import Fetched, FetchError, fetch
from app.tokens.status_list import (
    MAX_LIST_BYTES,
    MEDIA_TYPE,
    TTL_SECONDS,
    StatusList,
    StatusListVerifier,
)
from app.tokens.urls import check_status_list_base, is_status_list_uri
from app.tokens.verify import LEEWAY_SECONDS

_LOG = logging.getLogger("ostiary.authorizer")

MAX_LISTS = 64
RENEW_SECONDS = 0.3  # to ask again, while what is held may be used
FIRST_SECONDS = 5.0  # to ask, when nothing is
RETRY_SECONDS = 2
_MAX_ETAG = 128
_Kept = TypeVar("_Kept")


class _Held(NamedTuple):
    """A list, and when it was asked for: before it came, since it tells of no later moment."""

    list: StatusList
    etag: str | None
    asked_at: float

    def is_usable(self, now: float) -> bool:
        """Whether it still says anything."""
        return self.asked_at <= now < self.list.exp

    def is_due(self, now: float) -> bool:
        """Whether it is to be asked for again."""
        return now - self.asked_at >= TTL_SECONDS


class StatusLists:
    """The lists below one base. Safe to share between threads."""

    def __init__(
        self, base: str, verifier: StatusListVerifier, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` gives seconds since the epoch: a monotonic one may stand still while Lambda
        freezes the process. Raises ValueError on an unfit base.
        """
        self._base = check_status_list_base(base)
        self._verifier = verifier
        self._clock = clock
        # Made once: to read the certificates that are trusted takes longer than to ask.
        self._tls = ssl.create_default_context() if base.startswith("https:") else None
        self._held: dict[str, _Held] = {}
        self._failed_at: dict[str, float] = {}  # apart: no failure displaces a list
        self._seen_at = float("-inf")
        self._lock = Lock()

    def check(self, claims: AccessClaims) -> None:
        """Nothing, where the session of these verified claims goes on.

        Raises MissingStatus, WrongStatus or SessionEnded; StatusUnavailable where its list cannot
        be had.
        """
        status = claims.status
        if status is None:
            raise MissingStatus("a status list was expected to be named, and none is")
        if not is_status_list_uri(self._base, status.uri):
            raise WrongStatus(
                f"uri was expected to be a list's below {self._base!r}, not {quoted(status.uri)}"
            )
        if self._list(status.uri).is_ended(status.idx):
            raise SessionEnded(f"the session at {status.idx} of {status.uri!r} was ended")

    def _list(self, uri: str) -> StatusList:
        with self._lock:
            now = self._now()
            held = self._held.pop(uri, None)
            if held:
                self._held[uri] = held  # behind all others: the first one is dropped first
            has_failed = now - self._failed_at.get(uri, float("-inf")) < RETRY_SECONDS
        usable = held if held and held.is_usable(now) else None
        if usable and (has_failed or not usable.is_due(now)):
            return usable.list
        if has_failed:
            raise StatusUnavailable(f"no status list could be had of {uri} just now")
        try:
            return self._kept(uri, self._asked(uri, now, usable))
        except (FetchError, TokenError, StatusListError, KeysUnavailable) as error:
            return self._after_failure(uri, usable, error)

    def _now(self) -> float:
        """The time, which stands while the clock is a little behind what it said before.

        Once it was set back by more, nobody knows how old a list is: all are dropped.
        """
        now = self._clock()
        if now < self._seen_at - LEEWAY_SECONDS:
            self._held.clear()
            self._failed_at.clear()
            self._seen_at = now
        self._seen_at = max(now, self._seen_at)
        return self._seen_at

    def _asked(self, uri: str, now: float, usable: _Held | None) -> _Held:
        """The list as its source has it; what is refused of it raises."""
        answer = self._fetch(uri, usable)
        if usable and usable.etag and answer.status == 304:
            return usable._replace(asked_at=now)
        if answer.status != 200:
            raise StatusListError(f"the status 200 was expected, not {answer.status}")
        return _Held(self._verifier.verify(answer.body, uri), _etag(answer), now)

    def _fetch(self, uri: str, usable: _Held | None) -> Fetched:
        return fetch(
            uri,
            seconds=RENEW_SECONDS if usable else FIRST_SECONDS,
            most=MAX_LIST_BYTES,
            accept=MEDIA_TYPE,
            etag=usable.etag if usable else None,
            tls=self._tls,
        )

    def _after_failure(self, uri: str, usable: _Held | None, error: Exception) -> StatusList:
        """The list of before, until it expires; StatusUnavailable where there is none."""
        with self._lock:
            now = self._now()
            _put_last(self._failed_at, uri, now)
            held = self._held.get(uri, usable)  # another thread may have had more luck
        if held is None or not held.is_usable(now):
            raise StatusUnavailable(f"no status list could be had of {uri}: {error}") from None
        _LOG.warning("A status list could not be had again; the last one stays: %s: %s", uri, error)
        return held.list

    def _kept(self, uri: str, fresh: _Held) -> StatusList:
        """What counts from now on; StatusListError where that has expired."""
        with self._lock:
            known = self._held.get(uri)
            held = _joined(known, fresh) if known else fresh
            now = self._now()
            if held.list.exp <= now:
                raise StatusListError("a list that expired, or is older than one that did, came")
            self._failed_at.pop(uri, None)
            if held.asked_at <= now:  # else the clock was set back meanwhile
                _put_last(self._held, uri, held)
        return held.list


def _joined(known: _Held, fresh: _Held) -> _Held:
    """The later list; with the ends of both, where it is not clear that it knows of the other's.

    Two signers' clocks differ, threads overtake one another, and what was recorded may be sent
    again. An end stays one as long as its token lives, so to add ends is right whoever is late;
    and the later list alone says for how long all this counts.
    """
    if fresh.list.iat > known.list.iat and fresh.asked_at > known.asked_at:
        return fresh
    if len(fresh.list.raw) != len(known.list.raw):
        raise StatusListError("a list of another size than the one at hand came")
    later = max(known, fresh, key=lambda held: (held.list.iat, held.list.exp))
    both = _ends_of_both(known.list.raw, fresh.list.raw)
    asked_at = max(known.asked_at, fresh.asked_at)
    return later._replace(list=later.list._replace(raw=both), asked_at=asked_at)


def _ends_of_both(one: bytes, other: bytes) -> bytes:
    if one == other:
        return one
    both = int.from_bytes(one, "little") | int.from_bytes(other, "little")
    return both.to_bytes(len(one), "little")


def _put_last(kept: dict[str, _Kept], uri: str, value: _Kept) -> None:
    """At most MAX_LISTS are kept; whichever was put longest ago is dropped first."""
    kept.pop(uri, None)
    kept[uri] = value
    if len(kept) > MAX_LISTS:
        del kept[next(iter(kept))]


def _etag(answer: Fetched) -> str | None:
    """What names this version of the list, where it may be sent back."""
    etag = answer.headers.get("etag", "")
    return etag if 0 < len(etag) <= _MAX_ETAG and etag.isascii() and etag.isprintable() else None
