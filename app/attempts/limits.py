"""How much is admitted: tries at one account, and different accounts from one range or at all.

Both are reckoned by the database in the statement that reserves, so that of any number at once no
more are admitted than one after the other.
"""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, case, literal, or_

from app.attempts.models import AttemptCounter
from app.database import table_of

SECOND = 1000
HOUR, DAY = 3600 * SECOND, 86_400 * SECOND
FREE_TRIES = 5
LONGEST_DELAY = 900 * SECOND
_COUNTER = table_of(AttemptCounter).c
# Not the moment of the try before: whoever looked at his clock earlier than that may count later.
_AT_ONCE = 0
_COUNTED_TO = 1_000_000  # further than any limit looks
_FURTHEST = 2 * LONGEST_DELAY  # as much again for clocks that disagree


class Limit(Protocol):
    """What admits or refuses; its moments are milliseconds since the epoch."""

    def __hash__(self) -> int: ...

    def first(self, now: int) -> tuple[int, int]:
        """`not_before` and `expires_at` of a row that is made by its first admission."""

    def later(self, now: ColumnElement[int]) -> ColumnElement[int]:
        """`not_before` after one more admission."""


@dataclass(frozen=True)
class Delay:
    """Five tries for nothing, then a wait of 1 s that doubles up to 15 minutes.

    As Amazon Cognito does it, where attempts during a wait do not extend it, too:
    https://docs.aws.amazon.com/cognito/latest/developerguide/authentication.html
    A day without tries forgets; Cognito's quarter of an hour would give five more each time.
    """

    def first(self, now: int) -> tuple[int, int]:
        return _AT_ONCE, now + DAY

    def later(self, now: ColumnElement[int]) -> ColumnElement[int]:
        free = {tries: literal(_AT_ONCE) for tries in range(1, FREE_TRIES)}
        dear = {tries: now + delay_after(tries) for tries in range(FREE_TRIES, FREE_TRIES + 11)}
        return case(free | dear, value=next_tries(now), else_=now + LONGEST_DELAY)


@dataclass(frozen=True)
class Quota:
    """`burst` at once, and `an_hour` in the long run: the generic cell rate algorithm."""

    burst: int
    an_hour: int

    @property
    def interval(self) -> int:
        """The milliseconds after which one more is admitted; what a refund gives back."""
        return HOUR // self.an_hour

    @property
    def depth(self) -> int:
        """How far back a quota of which nothing was used reaches."""
        return (self.burst - 1) * self.interval

    def first(self, now: int) -> tuple[int, int]:
        return now - self.depth + self.interval, now + self.depth + self.interval

    def later(self, now: ColumnElement[int]) -> ColumnElement[int]:
        unused = now - self.depth
        before = _COUNTER.not_before
        used = before.between(unused, now + _FURTHEST)
        return case((used, before), else_=unused) + self.interval


def delay_after(tries: int) -> int:
    """How many milliseconds to wait after so many tries, all of them in vain."""
    if tries < FREE_TRIES:
        return 0
    return min(SECOND << (tries - FREE_TRIES), LONGEST_DELAY)


def next_tries(now: ColumnElement[int]) -> ColumnElement[int]:
    """How many tries there are with one more; a row that has expired begins anew.

    The row of all ranges never does, and a column's numbers have an end.
    """
    return case(
        (_COUNTER.expires_at <= now, literal(1)),
        (_COUNTER.tries >= _COUNTED_TO, _COUNTER.tries),
        else_=_COUNTER.tries + 1,
    )


def is_over(not_before: int, now: int) -> bool:
    """Whether this moment keeps nobody out, as `admits` has it in SQL."""
    return not_before <= now or not_before > now + _FURTHEST


def admits(now: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the row lets one more pass.

    No honest clock writes a moment further ahead than the longest delay, and whoever reads it may
    have looked at his own a little earlier. One that is a month ahead, on one machine and for one
    try, would else keep everybody out for that month.
    """
    before = _COUNTER.not_before
    return or_(before <= now, before > now + _FURTHEST)
