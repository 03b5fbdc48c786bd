"""Moments in words."""

import re
from datetime import UTC, datetime

from app.tokens.errors import quoted
from app.tokens.rotation import utc

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_MOST_DAYS = 3660
_LAST_SECOND = 253_402_300_799  # of the year 9999
_SECONDS = re.compile(r"-?\b[0-9]{9,11}\b")  # since 1970, from 1973 on


def moment_and_distance(moment: int, now: float) -> str:
    """`2027-01-15T08:10:00Z, in 9 min 58 s`; of what no calendar has, the number is shown."""
    written = utc(moment) if abs(moment) <= _LAST_SECOND else quoted(moment)
    return f"{written}, {from_now(moment, now)}"


def with_dates(sentence: str) -> str:
    """A sentence that holds seconds since 1970 and no other great numbers, in UTC."""
    return _SECONDS.sub(lambda found: utc(int(found[0])), sentence)


def from_now(moment: int, now: float) -> str:
    """`in 9 min 58 s` or `2 h ago`, by the two largest units; far moments stay vague."""
    away = moment - int(now)
    seconds = abs(away)
    if seconds > _MOST_DAYS * 86_400:
        return "in over ten years" if away > 0 else "over ten years ago"
    parts = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    told = " ".join(parts[:2])
    if not told:
        return "now"
    return f"in {told}" if away > 0 else f"{told} ago"


def moment_of(text: str) -> float:
    """Seconds since the epoch, of a number of them or an ISO 8601 time.

    Raises ValueError for others, with a sentence for people.
    """
    if text.isascii() and text.isdecimal() and len(text) <= 12:
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
        seconds = moment.astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        expected = "a time such as 2026-11-22T10:00:00Z, or seconds since 1970, was expected"
        raise ValueError(expected) from None
    if moment.tzinfo is None:
        raise ValueError("the offset is missing: write one behind the time, such as Z for UTC")
    return seconds
