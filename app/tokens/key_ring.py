"""The key set of a running process: read again as time passes, kept while its source is down.

A process outlives its keys: what was published, retired or replaced since it started reaches it
here. Whoever verifies asks at each token, so nothing runs between requests, when Lambda freezes
every thread.
"""

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from app.tokens.errors import KeySetError, KeysUnavailable
from app.tokens.keys import KeySet

_LOG = logging.getLogger("ostiary.keys")

REREAD_SECONDS = 300
RETRY_SECONDS = 10
STALE_SECONDS = 3600


class Source(NamedTuple):
    """Where a key set is read, with KeySetError where it cannot be.

    `lasting`: it cannot change while the process lives. `asked_for_unknown`: a kid that is not in
    the set is worth asking for again.
    """

    read: Callable[[], KeySet]
    lasting: bool = False
    asked_for_unknown: bool = False


class KeyRing:
    """The key set of a source, for as long as the process lives. Safe to share between threads.

    It is read again every REREAD_SECONDS, and for an unknown kid, where the source is one to be
    asked, at most once in RETRY_SECONDS. While it cannot be read, the last good set is served, for
    STALE_SECONDS after it was read; then there is no set at all, and KeysUnavailable.
    """

    def __init__(
        self,
        source: Source,
        *,
        first: KeySet | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`first` serves until the source has answered once, and never after.

        `clock` gives seconds since the epoch: a monotonic one may stand still while Lambda
        freezes the process.
        """
        self._source = source
        self._clock = clock
        self._lock = Lock()
        self._set = first
        self._from_source = False
        self._lasting: KeySet | None = None  # what was read of a source that cannot change
        self._read_at = clock()
        self._asked_at = float("-inf")
        self._times_asked = 0
        self._kept = False
        self._failure: KeySetError | None = None

    @property
    def at_hand(self) -> bool:
        """Whether a set can be had without asking over the network, where nobody may answer."""
        return self._set is not None or not self._source.asked_for_unknown

    def current(self) -> KeySet:
        """The set that counts now; KeysUnavailable, or at first any KeySetError of the source."""
        if self._lasting is not None:
            return self._lasting
        now = self._clock()
        if now < self._read_at:
            # A clock that was set back must not keep a set for longer than it was worth.
            self._read_at = now - REREAD_SECONDS
        due = now - self._read_at >= REREAD_SECONDS
        if self._set is None or (due and not self._kept):
            # Only who could be served the set of before need not wait for one that reads already.
            self._ask(wait=self._set is None or self._given_up(now))
        return self._usable()

    def after_unknown_kid(self) -> KeySet:
        """The set that counts now, asked for again where the source is one to be asked."""
        if self._source.asked_for_unknown:
            self._ask(wait=True)
        return self._usable()

    def keep(self) -> float | None:
        """Leave the reading to whoever calls `refresh`: in how many seconds it is due.

        From the first call on, `current` reads no more, and nobody waits for a source. None: never
        again, the source lasts.
        """
        if self._lasting is not None:
            return None
        self._kept = True
        if self._failure is not None:
            return self._asked_at + RETRY_SECONDS - self._clock()
        return self._read_at + 0.9 * REREAD_SECONDS - self._clock()

    def refresh(self) -> None:
        """Read the source now; raises what `current` would."""
        if self._lasting is None:
            self._ask(wait=True)
        self._usable()

    def _given_up(self, now: float) -> bool:
        stale = now - self._read_at > STALE_SECONDS
        return stale and self._from_source and not self._source.lasting

    def _usable(self) -> KeySet:
        if self._set is None:
            failure = self._failure or KeysUnavailable("no key set could be read")
            # A new one for each who asks: a traceback holds on to the token that was asked for.
            raise type(failure)(*failure.args)
        now = self._clock()
        if self._given_up(now):
            raise KeysUnavailable(
                f"the key set was last read {now - self._read_at:.0f} s ago, and is not trusted "
                f"for more than {STALE_SECONDS} s without its source"
            )
        return self._set

    def _ask(self, *, wait: bool) -> None:
        """Read the source, unless somebody else does or has just done it."""
        before = self._times_asked
        if not self._lock.acquire(blocking=wait):
            return
        try:
            now = self._clock()
            recently = self._set is not None and 0 <= now - self._asked_at < RETRY_SECONDS
            # Whoever waited while another asked has that one's answer, be it a failure.
            if recently or self._times_asked != before:
                return
            self._asked_at = now
            self._read(now)
            self._times_asked += 1
        finally:
            self._lock.release()

    def _read(self, now: float) -> None:
        try:
            fresh = self._source.read()
        except KeySetError as error:
            self._fail(error)
            return
        except Exception as error:
            # What nobody foresaw ends no request, nor the reading; and its text may hold anything.
            self._fail(
                KeysUnavailable(f"the reading of the key set failed: {type(error).__name__}")
            )
            return
        # The same keys stay the same object: what was worked out of them need not be again.
        if fresh != self._set:
            if self._set is not None:
                _LOG.info("Another key set counts now. %s", fresh.summary())
            self._set = fresh
        self._read_at = now
        self._from_source, self._failure = True, None
        self._lasting = self._set if self._source.lasting else None

    def _fail(self, error: KeySetError) -> None:
        self._failure = error.with_traceback(None)
        if self._set is not None:
            _LOG.warning("The key set could not be read again; the last one stays: %s", error)
