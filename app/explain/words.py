"""Moments in words."""

from datetime import UTC, datetime

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_MOST_DAYS = 3660


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
    """Seconds since the epoch, of a number of them or an ISO 8601 time; a ValueError for others."""
    if text.isascii() and text.isdecimal() and len(text) <= 12:
        return float(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset, such as Z")
    return moment.astimezone(UTC).timestamp()
