"""Attempts at guessing: reserved before anything is compared, so that a hundred at once are no more
than a hundred one after the other.

What was admitted and succeeds is taken back; what fails stays. Who is refused changes nothing:
neither he nor anybody else waits longer for it.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.attempts import counters
from app.attempts.keys import Keys, Kind
from app.attempts.limits import DAY, HOUR, SECOND, Delay, Limit, Quota
from app.attempts.ranges import range_of
from app.caller import Caller
from app.clock import Clock
from app.errors import TooManyAttempts

# A range in which somebody logged in is his for so long, and for a day more where that spares a
# write at each login.
KNOWN = 30 * DAY
_PAIR = HOUR  # an account that a range tried is no different one for so long
_DELAY = Delay()
# Different accounts from one range. Registrations are more: a whole office may begin on one day.
_OF_RANGE = {
    Kind.PASSWORD: Quota(burst=50, an_hour=50),
    Kind.CLIENT_SECRET: Quota(burst=50, an_hour=50),
    Kind.REGISTRATION: Quota(burst=300, an_hour=60),
}
# One address registered from one range over and over: each time costs a hash.
_OF_REPETITIONS = Quota(burst=60, an_hour=60)


@dataclass(frozen=True)
class Attempt:
    """One that was admitted, and what was reserved for it."""

    kind: Kind
    keys: Keys
    known_until: int  # in ms; 0 where the account's owner is not known in this range
    is_new: bool  # whether this range had not tried this account

    @property
    def is_known(self) -> bool:
        """Whether it came from a range in which the account's owner has logged in."""
        return self.known_until > 0


@dataclass(frozen=True)
class Attempts:
    """Admits attempts, or refuses them with TooManyAttempts.

    `everywhere` says on how many different accounts attempts may fail, all ranges together but for
    those in which the accounts' owners are known.
    """

    clock: Clock
    everywhere: Quota

    def reserve(self, session: Session, kind: Kind, name: str, caller: Caller) -> Attempt:
        """Admit an attempt at what has this name; TooManyAttempts before anything is compared.

        Commit before you compare, so that all others see it. The same statements are run whether
        there is such an account or not.
        """
        now, keys = self._now(), Keys.of(kind, name, range_of(caller.address))
        found = counters.read(session, keys, now)
        attempt = Attempt(kind, keys, found.get(keys.known, (0, 0))[1], keys.pair not in found)
        limits = self._limits(attempt)
        _refuse_until(max(found.get(key, (0, 0))[0] for key in limits), now)
        if attempt.is_new and kind is not Kind.REGISTRATION and not attempt.is_known:
            counters.mark(session, keys.pair, now, now + _PAIR)
        for key, limit in limits.items():
            if not counters.admit(session, key, limit, now):  # somebody was faster
                _refuse_until(counters.read(session, keys, now).get(key, (0, 0))[0], now)
                raise TooManyAttempts(1)
        return attempt

    def failed(self, session: Session, attempt: Attempt) -> None:
        """What was compared is wrong. Of a known range, too, it is counted which accounts it tried.

        With it a failure has cost the same statements, whether its range is known or not. It uses
        up what is left, and no more: whoever has many accounts of his own, each known in his range,
        would else shut out all others for as long as he likes.
        """
        if attempt.is_known and attempt.is_new:
            now = self._now()
            counters.mark(session, attempt.keys.pair, now, now + _PAIR)
            for key, quota in self._of_many(attempt).items():
                if not counters.admit(session, key, quota, now):
                    break

    def succeeded(self, session: Session, attempt: Attempt) -> None:
        """It was right: nothing is counted, and the range is one where the owner is known."""
        now, keys = self._now(), attempt.keys
        if attempt.is_known:
            counters.forget(session, keys.place)
        else:
            if attempt.is_new:
                counters.forget(session, keys.pair)
            counters.forget(session, keys.account)
            if attempt.is_new:
                for key, quota in self._of_many(attempt).items():
                    counters.refund(session, key, quota.interval)
        if attempt.known_until < now + KNOWN:
            counters.mark(session, keys.known, now, now + KNOWN + DAY)

    def _limits(self, attempt: Attempt) -> dict[bytes, Limit]:
        """What an attempt has to pass, always in one order: who holds a row waits for no other."""
        keys = attempt.keys
        if attempt.is_known:
            return {keys.place: _DELAY}
        repeated: dict[bytes, Limit] = (
            {keys.pair: _OF_REPETITIONS}
            if attempt.kind is Kind.REGISTRATION
            else {keys.account: _DELAY}
        )
        return repeated | (self._of_many(attempt) if attempt.is_new else {})

    def _of_many(self, attempt: Attempt) -> dict[bytes, Quota]:
        of_range = {attempt.keys.range: _OF_RANGE[attempt.kind]}
        if attempt.kind is Kind.CLIENT_SECRET:
            return of_range  # nobody guesses 256 bits, from however many ranges
        return of_range | {attempt.keys.everywhere: self.everywhere}

    def _now(self) -> int:
        return int(self.clock() * SECOND)


def _refuse_until(moment: int, now: int) -> None:
    if moment > now:
        raise TooManyAttempts(-(-(moment - now) // SECOND))
