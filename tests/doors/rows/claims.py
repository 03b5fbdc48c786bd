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
    "that holds it": f"https://evil.example.com/{ISSUER}",
    "with a fragment": f"{ISSUER}#",
    "with a zero byte": f"{ISSUER}\0",
    "without its scheme": ISSUER.removeprefix("http:"),
    "one letter of it": ISSUER[0],
    "empty": "",
    "in an array": [ISSUER],
    "in an array of two": ["https://issuer.example.com", ISSUER],
    "in an object": {ISSUER: True},
    "absent": ABSENT,
}
AUDIENCES: Mapping[str, Any] = {
    "of another": "another-service",
    "in an array": [AUDIENCE],
    "in an array of two": [AUDIENCE, "another-service"],
    "in capitals": AUDIENCE.upper(),
    "that only begins so": f"{AUDIENCE}-staging",
    "with a space behind it": f"{AUDIENCE} ",
    "that holds it among others": f"another-service {AUDIENCE}",
    "of the issuer": ISSUER,
    "a wildcard": "*",
    "one letter of it": AUDIENCE[0],
    "with a zero byte": f"{AUDIENCE}\0",
    "in an array twice": [AUDIENCE, AUDIENCE],
    "in an array of an array": [[AUDIENCE]],
    "empty": "",
    "in an object": {AUDIENCE: True},
    "absent": ABSENT,
}
OTHERS: Mapping[str, Mapping[str, Any]] = {
    "sub": {
        "absent": ABSENT,
        "empty": "",
        "blank": "   ",
        "of ideographic space": "\u3000",
        "with a line break": "user\nadmin",
        "with a line separator": "user\u2028admin",
        "with a zero byte": "user\0",
        "with an escape sequence": "user\x1b[2J",
        "a lone surrogate": "\ud800",
        "two surrogates, the wrong way round": "\udc00\ud800",
        "written right to left": "user\u202eadmin",
        "with a zero-width space": "user\u200b",
        "with a byte order mark": "\ufeffuser",
        "256 characters long": "u" * 256,
    },
    "jti": {"absent": ABSENT, "empty": "", "blank": " ", "256 characters long": "j" * 256},
    "client_id": {"absent": ABSENT, "empty": "", "blank": " ", "with a tab": "a\tb"},
    "scope": {
        "absent": ABSENT,
        "blank": " ",
        "with two spaces": "account:read  notes:read",
        "with a space in front": " account:read",
        "with a space behind": "account:read ",
        "with a tab": "account:read\tnotes:read",
        "with a line break": "account:read\nnotes:read",
        "with a line break behind": "account:read\n",
        "with a no-break space": "account:read\u00a0notes:read",
        "with a quotation mark": 'account:read "notes:read"',
        "with a backslash": "account:read notes\\read",
        "with an umlaut": "account:read nötes:read",
        "with a zero byte": "account:read\0",
    },
    "sid": {"empty": "", "blank": " ", "with a line break": "s\n1", "256 long": "s" * 256},
    "amr": {
        "text": "pwd",
        "an array of numbers": [1],
        "an array of arrays": [["pwd"]],
        "of a line break": ["pwd\nadmin"],
        "of a lone surrogate": ["\ud800"],
        "of nothing": ["pwd", ""],
    },
}
PLACE: dict[str, Any] = {"idx": 0, "uri": "https://api.example.com/status-lists/1"}
STATUSES: Mapping[str, Any] = {
    "text": "valid",
    "a list's name": PLACE["uri"],
    "of text": {"status_list": "valid"},
    "of null": {"status_list": None},
    "of an array": {"status_list": [PLACE]},
    "of nothing": {"status_list": {}},
    "without idx": {"status_list": {"uri": PLACE["uri"]}},
    "without uri": {"status_list": {"idx": 0}},
    "with a negative idx": {"status_list": PLACE | {"idx": -1}},
    "with idx as text": {"status_list": PLACE | {"idx": "0"}},
    "with idx as a fraction": {"status_list": PLACE | {"idx": 0.0}},
    "with idx false": {"status_list": PLACE | {"idx": False}},
    "with an empty uri": {"status_list": PLACE | {"uri": ""}},
    "with a line break in its uri": {"status_list": PLACE | {"uri": "https://a\n.example"}},
    "with a uri of 256 characters": {"status_list": PLACE | {"uri": "u" * 256}},
}
# A value of each JSON type but text; the claims of text take none of them.
TYPES: Mapping[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "a fraction": 1.5,
    "an empty array": [],
    "an empty object": {},
}
TEXTS = ("iss", "sub", "aud", "jti", "client_id", "scope", "sid")
IN_AN_ARRAY = ("sub", "jti", "client_id", "scope")


def changed_to(claim: str, value: Any) -> Build:
    return lambda f: f.token(**{claim: value})


def of(claim: str, values: Mapping[str, Any]) -> dict[str, Build]:
    return {f"{claim} {name}": changed_to(claim, value) for name, value in values.items()}


def in_an_array(claim: str) -> Build:
    """The right value, in an array of one."""
    return lambda f: f.token(**{claim: [f.claims()[claim]]})


ROWS = (
    *rows("issuer and audience", {**of("iss", ISSUERS), **of("aud", AUDIENCES)}),
    *(row for claim, values in OTHERS.items() for row in rows("claims", of(claim, values))),
    *(row for claim in TEXTS for row in rows("types of claims", of(claim, TYPES))),
    *rows("claims", of("status", STATUSES)),
    *rows(
        "types of claims",
        of("status", {name: value for name, value in TYPES.items() if value != {}}),
    ),
    *rows(
        "types of claims",
        {f"{claim} in an array": in_an_array(claim) for claim in IN_AN_ARRAY},
    ),
    *rows(
        "types of claims",
        of("amr", {name: value for name, value in TYPES.items() if value != []} | {"text": ""}),
    ),
)
