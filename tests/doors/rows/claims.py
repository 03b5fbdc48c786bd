"""Claims that are absent, of another type, or another's (RFC 9068 §2.2, §4)."""

from collections.abc import Mapping
from typing import Any

from tests.doors.forge import ABSENT
from tests.doors.row import Build, rows
from tests.support import AUDIENCE, ISSUER

ISSUERS: Mapping[str, Any] = {
    "of another": "https://issuer.example.com",
    "with a slash behind it": f"{ISSUER}/",
    "in capitals": ISSUER.upper(),
    "by its name": "http://localhost:8000",
    "over https": ISSUER.replace("http:", "https:"),
    "with a user in front": "http://127.0.0.1:8000@evil.example.com",
    "that only begins so": f"{ISSUER}0",
    "cut short": ISSUER[:-1],
    "with a space behind it": f"{ISSUER} ",
    "empty": "",
    "null": None,
    "in an array": [ISSUER],
    "a number": 1,
    "absent": ABSENT,
}
AUDIENCES: Mapping[str, Any] = {
    "of another": "another-service",
    "in an array": [AUDIENCE],
    "in an array of two": [AUDIENCE, "another-service"],
    "in an empty array": [],
    "in capitals": AUDIENCE.upper(),
    "that only begins so": f"{AUDIENCE}-staging",
    "with a space behind it": f"{AUDIENCE} ",
    "that holds it among others": f"another-service {AUDIENCE}",
    "of the issuer": ISSUER,
    "a wildcard": "*",
    "empty": "",
    "null": None,
    "an object": {AUDIENCE: True},
    "absent": ABSENT,
}
OTHERS: Mapping[str, Mapping[str, Any]] = {
    "sub": {
        "absent": ABSENT,
        "null": None,
        "empty": "",
        "blank": "   ",
        "a number": 1,
        "an array": ["x"],
        "with a line break": "user\nadmin",
        "with a zero byte": "user\0",
        "with an escape sequence": "user\x1b[2J",
        "a lone surrogate": "\ud800",
        "written right to left": "user\u202eadmin",
        "256 characters long": "u" * 256,
    },
    "jti": {"absent": ABSENT, "null": None, "empty": "", "a number": 1, "a float": 1.5},
    "client_id": {"absent": ABSENT, "null": None, "empty": "", "blank": " ", "an object": {}},
    "scope": {
        "absent": ABSENT,
        "null": None,
        "an array": ["account:read", "notes:read"],
        "a number": 1,
        "with two spaces": "account:read  notes:read",
        "with a space in front": " account:read",
        "with a space behind": "account:read ",
        "with a tab": "account:read\tnotes:read",
        "with a line break": "account:read\nnotes:read",
        "with a comma and a quotation mark": 'account:read,"notes:read"',
        "with a backslash": "account:read notes\\read",
        "with an umlaut": "account:read nötes:read",
    },
    "sid": {"null": None, "empty": "", "a number": 1},
    "amr": {"text": "pwd", "an array of numbers": [1], "null": None, "an object": {}},
}


def changed_to(claim: str, value: Any) -> Build:
    return lambda f: f.token(**{claim: value})


def of(claim: str, values: Mapping[str, Any]) -> dict[str, Build]:
    return {f"{claim} {name}": changed_to(claim, value) for name, value in values.items()}


ROWS = (
    *rows("issuer and audience", {**of("iss", ISSUERS), **of("aud", AUDIENCES)}),
    *(row for claim, values in OTHERS.items() for row in rows("claims", of(claim, values))),
)
