"""Tokens that every door must let in: a verifier that refuses everything proves nothing."""

import json
from collections.abc import Mapping
from typing import Any

from tests.doors.forge import Forge, as_bytes, join
from tests.doors.row import BY_HTTP, DOORS, Build, Door, rows
from tests.doors.rows.signatures import P256_ORDER, halves

DAY = 86_400
LEEWAY = 5
LARGEST = 8192
DEEPEST = 64
SCOPED: Mapping[Door, str] = {
    door: "behind this door every route asks for a scope" for door in DOORS if door != "verify"
}
IN_SESSIONS: Mapping[Door, str] = dict.fromkeys(
    BY_HTTP, "the app asks for the session of that id, and it has none"
)
STATUS = {"status_list": {"idx": 7, "uri": "https://api.example.com/status-lists/1"}}
EVERY_TYPE: Mapping[str, Any] = {
    "text": "x",
    "number": 7,
    "fraction": -1.5e-7,
    "true": True,
    "false": False,
    "null": None,
    "array": [1, [], {}],
    "object": {"a": {"b": []}},
    "": "",
    "name with spaces": 0,
}


def as_large_as_allowed(forge: Forge) -> str:
    """Padded with a claim that nobody reads, to the last byte or three short of it."""
    spare = LARGEST - len(forge.token(padding=""))
    return forge.token(padding="x" * (spare * 3 // 4))


def rewritten(part: str, old: bytes, new: bytes) -> Build:
    """Header or payload as it stands, but for one text in it."""

    def build(forge: Forge) -> str:
        header, payload = as_bytes(forge.header()), as_bytes(forge.claims())
        assert old in {"header": header, "payload": payload}[part]
        if part == "header":
            header = header.replace(old, new)
        else:
            payload = payload.replace(old, new)
        return join(header, payload, forge.sign)

    return build


def with_member(text: str) -> Build:
    """A further claim, in front, as it is written here."""
    return rewritten("payload", b'{"iss"', f'{{{text},"iss"'.encode())


def escaped_throughout(forge: Forge) -> str:
    """Every letter of every text of the payload as an escape."""

    def text(value: Any) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        return '"' + "".join(f"\\u{ord(letter):04X}" for letter in value) + '"'

    members = ",".join(f"{text(name)}:{text(value)}" for name, value in forge.claims().items())
    return join(forge.header(), f"{{{members}}}".encode(), forge.sign)


def nested(opening: str, closing: str) -> str:
    """Brackets within each other, as many as fit into the payload's own."""
    return opening * (DEEPEST - 1) + closing * (DEEPEST - 1)


ROWS = (
    *rows(
        "good",
        {
            "as the app issues it": lambda f: f.token(),
            "typ as a full media type": lambda f: f.headed(typ="application/at+jwt"),
            "every optional claim": lambda f: f.token(
                nbf=f.now, auth_time=f.now, amr=["pwd", "otp"], status=STATUS
            ),
            "a status that is told in another way": lambda f: f.token(status={"other": []}),
            "claims that nobody knows": lambda f: f.token(cnf={"jkt": "x"}, roles=["member"]),
            "unknown claims of every JSON type": lambda f: f.token(**EVERY_TYPE),
            "a header member that nobody knows": lambda f: f.headed(trace="abc"),
            "unknown header members of every JSON type": lambda f: f.headed(**EVERY_TYPE),
            "a header's member names as claims": lambda f: f.token(
                alg="none", crit=["exp"], jwk={}, b64=False
            ),
            "a claim's name inside another claim": lambda f: f.token(
                act={"sub": "somebody-else", "exp": 0, "scope": "*"}
            ),
            "header and payload with white space": lambda f: join(
                b" " + as_bytes(f.header()) + b"\n", as_bytes(f.claims()) + b"\r\n\t", f.sign
            ),
            "white space between all members": lambda f: join(
                json.dumps(f.header(), indent=2).encode(),
                json.dumps(f.claims(), indent=2).encode(),
                f.sign,
            ),
            "members in another order": lambda f: join(
                dict(reversed(f.header().items())), dict(reversed(f.claims().items())), f.sign
            ),
            "members in the order of the alphabet": lambda f: join(
                dict(sorted(f.header().items())), dict(sorted(f.claims().items())), f.sign
            ),
            "escapes in member names": rewritten("header", b'"typ"', rb'"\u0074yp"'),
            "escapes in the values of the header": rewritten("header", b"at+jwt", rb"at\u002Bjwt"),
            "an escaped slash in the issuer": rewritten("payload", b"http://", rb"http:\/\/"),
            "every letter of the payload escaped": escaped_throughout,
            "text that is not ASCII": with_member('"name":"Zoë 🔑"'),
            "member names that are not ASCII": with_member('"имя":1,"🔑":2,"ﬁ":3,"e\u0301":4'),
            "a pair of escaped surrogates": with_member(r'"x":"\ud83d\udd11"'),
            "zero bytes and quotation marks in text": with_member(r'"x":"\u0000\"\\\/\b\f\n\r\t"'),
            "a large unknown number": with_member(f'"x":{10**400},"y":-{2**64},"z":1E+308'),
            "arrays as deep as is allowed": with_member(f'"x":{nested("[", "]")}'),
            "arrays side by side, far more than may nest": with_member(f'"x":[{"[]," * 500}[]]'),
            "brackets in text, far more than may nest": with_member(f'"x":"{"[{" * 500}"'),
        },
        verdict="good",
    ),
    *rows(
        "good",
        {
            "a day to live, and the leeway": lambda f: f.token(exp=f.now + DAY + LEEWAY),
            "a minute to live": lambda f: f.token(exp=f.now + 60),
            "issued long ago": lambda f: f.token(iat=f.now - 30 * DAY, nbf=f.now - 30 * DAY),
            "issued at the epoch": lambda f: f.token(iat=0, nbf=0, auth_time=0),
            "iat and nbf ahead by the leeway": lambda f: f.token(
                iat=f.now + LEEWAY, nbf=f.now + LEEWAY
            ),
            "auth_time ahead, which nobody bounds": lambda f: f.token(auth_time=f.now + DAY),
            "as large as is allowed": as_large_as_allowed,
            "identifiers of 255 characters": lambda f: f.token(jti="j" * 255, client_id="c" * 255),
            "identifiers of one character": lambda f: f.token(jti="j", client_id="c"),
            "identifiers that are not ASCII": lambda f: f.token(jti="ключ", client_id="Zoë ☕"),
            "an empty amr": lambda f: f.token(amr=[]),
            "scopes of all characters that are allowed": lambda f: f.token(
                scope="account:read !#$%&'()*+,-./ :;<=>?@[]^_`{|}~"
            ),
            "a hundred scopes": lambda f: f.token(
                scope=" ".join(["account:read", *(f"x:{number}" for number in range(99))])
            ),
        },
        verdict="good",
    ),
    *rows(
        "good",
        {
            "no scope": lambda f: f.token(scope=""),
        },
        verdict="good",
        not_through=SCOPED,
    ),
    *rows(
        "good",
        {
            "of a session": lambda f: f.token(sid="s1"),
            "of a session of 255 characters": lambda f: f.token(sid="s" * 255),
            "of a session of one character": lambda f: f.token(sid="s"),
        },
        verdict="good",
        not_through=IN_SESSIONS,
    ),
    *rows(
        "good",
        # ECDSA has two values of s for each message; RFC 7518 §3.4 does not choose between them.
        {"the other s": halves(lambda r, s: (r, P256_ORDER - s))},
        verdict="good",
        families=("ES256",),
    ),
)
