"""Tokens that every door must let in: a verifier that refuses everything proves nothing."""

from tests.doors.forge import Forge, as_bytes, join
from tests.doors.row import rows

DAY = 86_400
LARGEST = 8192


def as_large_as_allowed(forge: Forge) -> str:
    """Padded with a claim that nobody reads, to the last byte or three short of it."""
    spare = LARGEST - len(forge.token(padding=""))
    return forge.token(padding="x" * (spare * 3 // 4))


def escaped(forge: Forge) -> str:
    header = as_bytes(forge.header()).replace(b'"typ"', rb'"\u0074yp"')
    return join(header, forge.claims(), forge.sign)


ROWS = rows(
    "good",
    {
        "as the app issues it": lambda f: f.token(),
        "typ as a full media type": lambda f: f.headed(typ="application/at+jwt"),
        "every optional claim": lambda f: f.token(
            nbf=f.now, sid="s1", auth_time=f.now, amr=["pwd", "otp"]
        ),
        "claims that nobody knows": lambda f: f.token(cnf={"jkt": "x"}, roles=["member"], x=1.5),
        "a header member that nobody knows": lambda f: f.headed(trace="abc"),
        "header and payload with white space": lambda f: join(
            b" " + as_bytes(f.header()) + b"\n", as_bytes(f.claims()) + b"\r\n\t", f.sign
        ),
        "members in another order": lambda f: join(
            dict(reversed(f.header().items())), dict(reversed(f.claims().items())), f.sign
        ),
        "escapes in member names": escaped,
        "text that is not ASCII": lambda f: join(
            f.header(), f'{{"name":"Zoë 🔑",{as_bytes(f.claims()).decode()[1:]}'.encode(), f.sign
        ),
        "almost a day to live": lambda f: f.token(exp=f.now + DAY - 60),
        "issued long ago": lambda f: f.token(iat=f.now - 30 * DAY, nbf=f.now - 30 * DAY),
        "as large as is allowed": as_large_as_allowed,
        "identifiers of 255 characters": lambda f: f.token(jti="j" * 255, client_id="c" * 255),
    },
    verdict="good",
)
