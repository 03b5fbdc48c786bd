"""Texts that are no compact JWS of three segments, and tokens with something around them."""

import json
from typing import Any

from joserfc import jwe, jwk

from tests.doors.forge import Forge, as_bytes, b64
from tests.doors.row import BY_HTTP, Build, Door, rows

CONTROL = "no header carries a control character"
TRIMMED = "HTTP takes the white space around a value away (RFC 9110 §5.5)"
CONTROL_BY_HTTP: dict[Door, str] = dict.fromkeys(BY_HTTP, CONTROL)
TRIMMED_BY_UVICORN: dict[Door, str] = {"uvicorn": TRIMMED}
LARGEST = 8192
BINDING = ("alg", "use", "key_ops")


def around(before: str, after: str = "") -> Build:
    return lambda f: f"{before}{f.token()}{after}"


def in_the_middle(text: str) -> Build:
    """Inside the payload, where a lenient decoder skips it."""

    def build(forge: Forge) -> str:
        token = forge.token()
        return f"{token[:200]}{text}{token[200:]}"

    return build


def instead_of_dots(text: str) -> Build:
    return lambda f: f.token().replace(".", text)


def unencrypted_jwe(forge: Forge) -> str:
    header = forge.header(alg="dir", enc="A256GCM")
    return f"{b64(as_bytes(header))}..{b64(bytes(12))}.{b64(bytes(64))}.{b64(bytes(16))}"


def encrypted(forge: Forge) -> str:
    """A real JWE, which anybody can make who has the public key, or the secret."""
    alg = {"RS": "RSA-OAEP-256", "ES": "ECDH-ES+A128KW", "HS": "dir"}[forge.alg[:2]]
    members = {name: forge.public_jwk[name] for name in forge.public_jwk if name not in BINDING}
    header = {"typ": "at+jwt", "alg": alg, "enc": "A128CBC-HS256", "kid": forge.jwk["kid"]}
    key = jwk.import_key(members)
    return jwe.encrypt_compact(header, as_bytes(forge.claims()), key, [alg, "A128CBC-HS256"])


def flattened(forge: Forge) -> dict[str, Any]:
    header, payload, signature = forge.segments()
    return {"protected": header, "payload": payload, "signature": signature}


def general(forge: Forge) -> str:
    header, payload, signature = forge.segments()
    signatures = [{"protected": header, "signature": signature}]
    return json.dumps({"payload": payload, "signatures": signatures})


def differential(forge: Forge) -> str:
    """CVE-2022-39227: one text, which one reader takes for JSON and another for three segments."""
    header, payload, signature = forge.segments()
    forged = b64(as_bytes(forge.claims(sub="somebody-else")))
    return (
        f'{{" {header}.{forged}.": "", '
        f'"protected": "{header}", "payload": "{payload}", "signature": "{signature}"}}'
    )


def nested(forge: Forge) -> str:
    header = b64(as_bytes(forge.header(cty="JWT")))
    return forge.resigned(header, b64(forge.token().encode()))


def too_large(forge: Forge) -> str:
    """Good but for its length, which is the least that is over what is allowed."""
    spare = LARGEST - len(forge.token(padding=""))
    tokens = (forge.token(padding="x" * (spare * 3 // 4 + more)) for more in range(1, 5))
    return next(token for token in tokens if len(token) > LARGEST)


def take(*indexes: int) -> Build:
    """Some of the three segments, in this order."""
    return lambda f: ".".join(f.segments()[index] for index in indexes)


ROWS = (
    *rows(
        "segments",
        {
            "nothing": lambda _: "",
            "one dot": lambda _: ".",
            "two dots": lambda _: "..",
            "the header alone": take(0),
            "header and payload, no dot behind": take(0, 1),
            "the payload twice": take(0, 1, 1, 2),
            "the whole token twice": take(0, 1, 2, 0, 1, 2),
            "signature first": take(2, 1, 0),
            "header and payload exchanged": take(1, 0, 2),
            "a dot behind": around("", "."),
            "a dot in front": around("."),
            "no header": lambda f: "." + take(1, 2)(f),
            "no payload": lambda f: f"{f.segments()[0]}..{f.segments()[2]}",
            "a detached payload, signed so": lambda f: f.resigned(f.segments()[0], ""),
            "JWE of five segments": unencrypted_jwe,
            "a JWE that the public key encrypted": encrypted,
            "the last three segments of a JWE": lambda f: ".".join(encrypted(f).split(".")[2:]),
            "three segments of a JWE": lambda f: ".".join(encrypted(f).split(".")[::2]),
            "a JWE's header before a good token": lambda f: (
                f"{encrypted(f).split('.')[0]}.{take(1, 2)(f)}"
            ),
            "a token in a JWE's five segments": lambda f: f"{f.token()}.{b64(bytes(12))}.AAAA",
            "a JWS in flattened JSON": lambda f: json.dumps(flattened(f)),
            "a JWS in general JSON": general,
            "a JWS in flattened JSON, its header unprotected": lambda f: json.dumps(
                {"header": f.header(), "payload": f.segments()[1], "signature": f.segments()[2]}
            ),
            "a JWS in general JSON without signatures": lambda f: json.dumps(
                {"payload": f.segments()[1], "signatures": []}
            ),
            "a token in JSON, read as a compact one too": differential,
            "a token with its disclosures": lambda f: f"{f.token()}~{b64(b'[]')}~",
            "a token inside a token": nested,
            "words": lambda _: "let me in",
            "the word null": lambda _: "null",
        },
    ),
    *rows(
        "around a token",
        {
            "in quotation marks": around('"', '"'),
            "the scheme twice": around("Bearer "),
            "a space in front": around(" "),
            "a comma and another token": lambda f: f"{f.token()},{f.token()}",
            "a semicolon behind": around("", ";"),
            "padding behind": around("", "=="),
            "a letter behind": around("", "A"),
            "a colon in place of the dots": instead_of_dots(":"),
            "escaped dots": instead_of_dots("%2E"),
            "full-width dots": instead_of_dots("\uff0e"),
            "a byte order mark in front": around("\ufeff"),
            "a zero-width space inside": in_the_middle("\u200b"),
            "a no-break space behind": around("", "\u00a0"),
            "a space inside": in_the_middle(" "),
            "a tab inside": in_the_middle("\t"),
            "an umlaut inside": in_the_middle("ü"),
            "a line of a PEM inside": in_the_middle("-----"),
            "a query behind": around("", "?alg=none"),
        },
    ),
    *rows(
        "around a token",
        {"a space behind": around("", " "), "a tab behind": around("", "\t")},
        not_through=TRIMMED_BY_UVICORN,
    ),
    *rows(
        "around a token",
        {
            "a line break behind": around("", "\n"),
            "CRLF and a header behind": around("", "\r\nX-Admin: true"),
            "a line break in front": around("\n"),
            "a line break inside": in_the_middle("\n"),
            "a zero byte behind": around("", "\0"),
            "a zero byte inside": in_the_middle("\0"),
            "a vertical tab behind": around("", "\v"),
            "a delete character behind": around("", "\x7f"),
        },
        not_through=CONTROL_BY_HTTP,
    ),
    *rows(
        "size",
        {
            "a few bytes too large": too_large,
            "10,000 bytes": lambda f: f.token(padding="x" * 7000),
            "8,193 letters": lambda _: "A" * (LARGEST + 1),
            "8,192 dots": lambda _: "." * LARGEST,
            "8,192 letters": lambda _: "A" * LARGEST,
            "a header of 8 KB": lambda f: f.headed(padding="x" * LARGEST),
        },
    ),
)
