"""Times that are past, to come, too far off, or no whole numbers (RFC 7519 §2, §4.1.4 to §4.1.6).

The doors keep real time, so nothing here stands nearer than a minute to a bound; the bounds
themselves are tried against a frozen clock, in the tests of `verify`.
"""

from tests.doors.forge import ABSENT, Forge, as_bytes, join
from tests.doors.row import Build, rows

DAY = 86_400
MINUTE = 60


def exp_written(text: str) -> Build:
    """`exp` as JSON text that Python would not write."""

    def build(forge: Forge) -> str:
        claims = as_bytes(forge.claims(exp="EXP")).replace(b'"EXP"', text.encode())
        return join(forge.header(), claims, forge.sign)

    return build


ROWS = rows(
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
        "expires at 10 to the 4,000th": exp_written("1" + "0" * 4000),
        "exp as a float": lambda f: f.token(exp=f.now + 600.0),
        "exp as a float of a half second": lambda f: f.token(exp=f.now + 600.5),
        "exp as text": lambda f: f.token(exp=str(f.now + 600)),
        "exp as a date": lambda f: f.token(exp="2099-01-01T00:00:00Z"),
        "exp as true": lambda f: f.token(exp=True),
        "exp as null": lambda f: f.token(exp=None),
        "exp as an array": lambda f: f.token(exp=[f.now + 600]),
        "exp as an object": lambda f: f.token(exp={}),
        "exp with an exponent": exp_written("2e9"),
        "exp as a number too large for a float": exp_written("1e999"),
        "exp as NaN": exp_written("NaN"),
        "exp as Infinity": exp_written("Infinity"),
        "exp with a leading zero": lambda f: exp_written(f"0{f.now + 600}")(f),
        "exp in hexadecimal": lambda f: exp_written(hex(f.now + 600))(f),
        "exp in other digits": exp_written("١٩٩٩٩٩٩٩٩٩"),
        "exp with a plus sign": lambda f: exp_written(f"+{f.now + 600}")(f),
        "exp absent": lambda f: f.token(exp=ABSENT),
        "iat absent": lambda f: f.token(iat=ABSENT),
        "iat in a minute": lambda f: f.token(iat=f.now + MINUTE),
        "iat as text": lambda f: f.token(iat=str(f.now)),
        "iat as a float": lambda f: f.token(iat=float(f.now)),
        "iat as false": lambda f: f.token(iat=False),
        "iat as null": lambda f: f.token(iat=None),
        "nbf in a minute": lambda f: f.token(nbf=f.now + MINUTE),
        "nbf as text": lambda f: f.token(nbf=str(f.now)),
        "nbf as a float": lambda f: f.token(nbf=float(f.now)),
        "nbf as true": lambda f: f.token(nbf=True),
        "nbf as null": lambda f: f.token(nbf=None),
        "auth_time as text": lambda f: f.token(auth_time=str(f.now)),
    },
)
