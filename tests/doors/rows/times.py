"""Times that are past, to come, too far off, or no whole numbers (RFC 7519 §2, §4.1.4 to §4.1.6).

The doors keep real time, so nothing here stands nearer than a minute to a bound; the bounds
themselves are tried against a frozen clock, in the tests of `verify`.
"""

from collections.abc import Mapping
from typing import Any

from tests.doors.forge import ABSENT, Forge, as_bytes, join
from tests.doors.row import Build, rows

DAY = 86_400
NO_TIMES: Mapping[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "an array": [1],
    "an object": {},
    "empty text": "",
    "a fraction": 1.5,
    "a whole number with a point": 1.0,
}
MINUTE = 60


def written(text: str, claim: str = "exp") -> Build:
    """A time as JSON text that Python would not write."""

    def build(forge: Forge) -> str:
        claims = as_bytes(forge.claims(**{claim: "TIME"})).replace(b'"TIME"', text.encode())
        return join(forge.header(), claims, forge.sign)

    return build


def changed_to(claim: str, value: Any) -> Build:
    return lambda f: f.token(**{claim: value})


ROWS = (
    *rows(
        "times",
        {
            "expired a minute ago": lambda f: f.token(exp=f.now - MINUTE),
            "expired a year ago": lambda f: f.token(exp=f.now - 365 * DAY, iat=f.now - 366 * DAY),
            "expires at the epoch": lambda f: f.token(exp=0),
            "expires before the epoch": lambda f: f.token(exp=-1),
            "expires in a day and two minutes": lambda f: f.token(exp=f.now + DAY + 2 * MINUTE),
            "expires in a hundred years": lambda f: f.token(exp=f.now + 36_500 * DAY),
            "expires in milliseconds": lambda f: f.token(exp=(f.now + 600) * 1000),
            "expires at 10 to the 300th": lambda f: f.token(exp=10**300),
            "expires at 10 to the 4,000th": written("1" + "0" * 4000),
            "exp as a float": lambda f: f.token(exp=f.now + 600.0),
            "exp as a float of a half second": lambda f: f.token(exp=f.now + 600.5),
            "exp as text": lambda f: f.token(exp=str(f.now + 600)),
            "exp as a date": lambda f: f.token(exp="2099-01-01T00:00:00Z"),
            "exp as an array": lambda f: f.token(exp=[f.now + 600]),
            "exp with an exponent": written("2e9"),
            "exp as a number too large for a float": written("1e999"),
            "exp as NaN": written("NaN"),
            "exp as Infinity": written("Infinity"),
            "exp with a leading zero": lambda f: written(f"0{f.now + 600}")(f),
            "exp in hexadecimal": lambda f: written(hex(f.now + 600))(f),
            "exp in other digits": written("١٩٩٩٩٩٩٩٩٩"),
            "exp with a plus sign": lambda f: written(f"+{f.now + 600}")(f),
            "exp absent": lambda f: f.token(exp=ABSENT),
            "iat absent": lambda f: f.token(iat=ABSENT),
            "iat in a minute": lambda f: f.token(iat=f.now + MINUTE),
            "iat as text": lambda f: f.token(iat=str(f.now)),
            "iat as a float": lambda f: f.token(iat=float(f.now)),
            "nbf in a minute": lambda f: f.token(nbf=f.now + MINUTE),
            "nbf as text": lambda f: f.token(nbf=str(f.now)),
            "nbf as a float": lambda f: f.token(nbf=float(f.now)),
            "nbf in a hundred years": lambda f: f.token(nbf=f.now + 36_500 * DAY),
            "nbf in milliseconds": lambda f: f.token(nbf=f.now * 1000),
            "nbf at 10 to the 300th": lambda f: f.token(nbf=10**300),
            "nbf too large for a float": written("1e999", "nbf"),
            "nbf as minus Infinity": written("-Infinity", "nbf"),
            "nbf as a negative float": written("-1e999", "nbf"),
            "iat in milliseconds": lambda f: f.token(iat=f.now * 1000),
            "iat at 10 to the 4,000th": written("1" + "0" * 4000, "iat"),
            "iat as a negative float": written("-1e999", "iat"),
            "iat as NaN": written("NaN", "iat"),
            "iat with an exponent": written("1e0", "iat"),
            "exp as minus Infinity": written("-Infinity"),
            "exp at 10 to the 5,000th": written("1" + "0" * 5000),
            "exp before the epoch by a great deal": written("-1" + "0" * 4000),
            "exp with underscores": written("1_999_999_999"),
            "exp without digits": written("-"),
            "exp with a point and nothing behind": written("1999999999."),
            "exp as minus zero": written("-0"),
            "exp as a name": written("now"),
            "auth_time as text": lambda f: f.token(auth_time=str(f.now)),
            "auth_time too large for a float": written("1e999", "auth_time"),
        },
    ),
    *(
        row
        for claim in ("exp", "iat", "nbf", "auth_time")
        for row in rows(
            "types of times",
            {f"{claim} as {name}": changed_to(claim, value) for name, value in NO_TIMES.items()},
        )
    ),
)
