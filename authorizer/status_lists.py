"""The status lists that this process holds, and what they say of a token's session.

A list is asked for inside the decision that finds it old, since Lambda freezes whatever would do so
between two decisions. Loaded only where there are status lists: it brings an HTTP client along.
"""

import logging
import ssl
import time
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

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

_LOG = logging.getLogger("ostiary.authorizer")

MAX_LISTS = 64
RENEW_SECONDS = 0.3  # to ask again, while what is held may be used
FIRST_SECONDS = 5.0  # to ask, when nothing is
RETRY_SECONDS = 2
_MAX_ETAG = 128


class _Held(NamedTuple):
    """A list, and when it was asked for: before it came, since it tells of no later moment."""

    list: StatusList
    etag: str | None
    asked_at: float
    failed_at: float = float("-inf")

    def is_usable(self, now: float) -> bool:
        """Whether it still says anything."""
        return self.asked_at <= now < self.list.exp

    def is_due(self, now: float) -> bool:
        """Whether it is to be asked for again, and was not just now in vain."""
        return now - self.asked_at >= TTL_SECONDS and now - self.failed_at >= RETRY_SECONDS


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
        usable = held if held and held.is_usable(now) else None
        if usable and not usable.is_due(now):
            return usable.list
        try:
            fresh = self._asked(uri, now, held, usable)
        except (FetchError, TokenError, StatusListError, KeysUnavailable) as error:
            fresh = self._after_failure(uri, usable, error)
        return self._kept(uri, fresh)

    def _now(self) -> float:
        """The time. Once the clock was set back nobody knows how old a list is: all are dropped."""
        now = self._clock()
        if now < self._seen_at:
            self._held.clear()
        self._seen_at = now
        return now

    def _asked(self, uri: str, now: float, held: _Held | None, usable: _Held | None) -> _Held:
        """The list as its source has it; what is refused of it raises."""
        answer = self._fetch(uri, usable)
        if usable and usable.etag and answer.status == 304:
            if self._clock() >= usable.list.exp:
                raise StatusListError("the list that has not changed has expired")
            return usable._replace(asked_at=now)
        if answer.status != 200:
            raise StatusListError(f"the status 200 was expected, not {answer.status}")
        fresh = self._verifier.verify(answer.body, uri)
        if usable and fresh.iat < usable.list.iat and fresh.raw == usable.list.raw:
            return usable._replace(
                asked_at=now
            )  # another process signed it before, and says the same
        if held and fresh.iat < held.list.iat:
            raise StatusListError("a list that is older than the one at hand came")
        return _Held(fresh, _etag(answer), now)

    def _fetch(self, uri: str, usable: _Held | None) -> Fetched:
        return fetch(
            uri,
            seconds=RENEW_SECONDS if usable else FIRST_SECONDS,
            most=MAX_LIST_BYTES,
            accept=MEDIA_TYPE,
            etag=usable.etag if usable else None,
            tls=self._tls,
        )

    def _after_failure(self, uri: str, usable: _Held | None, error: Exception) -> _Held:
        """The list of before, until it expires; StatusUnavailable where there is none."""
        now = self._clock()
        if usable is None or not usable.is_usable(now):
            raise StatusUnavailable(f"no status list could be had of {uri}: {error}") from None
        _LOG.warning("A status list could not be had again; the last one stays: %s: %s", uri, error)
        return usable._replace(failed_at=now)

    def _kept(self, uri: str, held: _Held) -> StatusList:
        """This list from now on, unless another thread has brought a newer one meanwhile."""
        with self._lock:
            known = self._held.pop(uri, held)
            if known.list.iat > held.list.iat:
                held = known
            self._held[uri] = held
            while len(self._held) > MAX_LISTS:
                del self._held[next(iter(self._held))]
        return held.list


def _etag(answer: Fetched) -> str | None:
    """What names this version of the list, where it may be sent back."""
    etag = answer.headers.get("etag", "")
    return etag if 0 < len(etag) <= _MAX_ETAG and etag.isascii() and etag.isprintable() else None
