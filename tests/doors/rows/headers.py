"""Headers that point at other keys, bring keys along, or ask for more than this verifier does."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from tests.doors.forge import ABSENT, Forge, as_bytes, b64, hmac_with
from tests.doors.row import Build, rows

URL = "https://keys.example.com/jwks.json"
OTHER_KIDS: Mapping[str, Any] = {
    "absent": ABSENT,
    "null": None,
    "empty": "",
    "a number": 1,
    "true": True,
    "an array": ["first"],
    "an object": {},
    "of no key": "2024-01",
    "a wildcard": "*",
    "a path to an empty file": "../../../../dev/null",
    "an SQL injection": "x' UNION SELECT 'secret'; --",
    "a command": "x|whoami",
    "a URL": URL,
    "a lone surrogate": "\ud800",
    "of a Python attribute": "__class__",
    "a thousand characters long": "k" * 1000,
}
OTHER_TYPES: Mapping[str, Any] = {
    "absent": ABSENT,
    "null": None,
    "empty": "",
    "a number": 1,
    "an array": ["at+jwt"],
    "of a plain JWT": "JWT",
    "in capitals": "AT+JWT",
    "with a space behind it": "at+jwt ",
    "with a parameter": "at+jwt; charset=utf-8",
    "of an ID token": "id_token+jwt",
    "of a logout token": "logout+jwt",
    "of a DPoP proof": "dpop+jwt",
    "of a status list": "statuslist+jwt",
    "of a JWE": "application/jose",
    "a longer media type": "text/at+jwt",
}
FORBIDDEN: Mapping[str, Any] = {
    "crit that names a claim": {"crit": ["exp"]},
    "crit that is empty": {"crit": []},
    "crit that is null": {"crit": None},
    "crit that names an extension, and the extension": {"crit": ["x-y"], "x-y": True},
    "b64 true": {"b64": True},
    "b64 true and critical": {"b64": True, "crit": ["b64"]},
    "zip": {"zip": "DEF"},
    "enc": {"enc": "A256GCM"},
    "p2c to make work": {"p2c": 2_147_483_647, "p2s": "c2FsdA"},
    "an ephemeral key": {"epk": {"kty": "EC"}},
}
POINTERS: Mapping[str, Any] = {
    "jku": {"jku": URL},
    "jku that is null": {"jku": None},
    "x5u": {"x5u": "https://keys.example.com/cert.pem"},
    "x5c": {"x5c": ["MIIB"]},
    "x5c that is empty": {"x5c": []},
    "x5t": {"x5t": "dGh1bWI"},
    "x5t#S256": {"x5t#S256": "dGh1bWI"},
    "jwk that is null": {"jwk": None},
}


def headed(members: Mapping[str, Any]) -> Build:
    """Signed by the right key: only what the header says is wrong."""
    return lambda f: f.headed(**members)


def unencoded(forge: Forge) -> str:
    """RFC 7797: the payload goes into the signature as it is."""
    header = b64(as_bytes(forge.header(b64=False, crit=["b64"])))
    payload = as_bytes(forge.claims())
    return f"{header}.{b64(payload)}.{b64(forge.sign(header.encode() + b'.' + payload))}"


def compressed(forge: Forge) -> str:
    header = b64(as_bytes(forge.header(zip="DEF")))
    return forge.resigned(header, b64(zlib.compress(as_bytes(forge.claims()))[2:-4]))


def kid_in_payload(forge: Forge) -> str:
    header = b64(as_bytes(forge.header(kid=ABSENT)))
    return forge.resigned(header, b64(as_bytes(forge.claims(kid=forge.jwk["kid"]))))


def brought_along(forge: Forge, **members: Any) -> str:
    """A stranger's signature; the kid is that of the trusted key."""
    return forge.stranger.headed(kid=forge.jwk["kid"], **members)


ROWS = (
    *rows("kid", {f"kid {name}": headed({"kid": kid}) for name, kid in OTHER_KIDS.items()}),
    *rows(
        "kid",
        {
            "kid in other case": lambda f: f.headed(kid=f.jwk["kid"].swapcase()),
            "kid with a space behind it": lambda f: f.headed(kid=f"{f.jwk['kid']} "),
            "kid with a zero byte behind it": lambda f: f.headed(kid=f"{f.jwk['kid']}\0"),
            "kid cut short": lambda f: f.headed(kid=f.jwk["kid"][:-1]),
            "kid in the payload alone": kid_in_payload,
            "kid of an empty file, and HMAC with its content": lambda f: f.signed(
                hmac_with(b""), alg="HS256", kid="/dev/null"
            ),
            "kid of a stranger's key": lambda f: f.stranger.token(),
        },
    ),
    *rows("typ", {f"typ {name}": headed({"typ": typ}) for name, typ in OTHER_TYPES.items()}),
    *rows("forbidden members", {name: headed(m) for name, m in FORBIDDEN.items()}),
    *rows(
        "forbidden members",
        {"b64 false, and the payload unencoded": unencoded, "zip, and compressed": compressed},
    ),
    *rows("keys brought along", {name: headed(members) for name, members in POINTERS.items()}),
    *rows(
        "keys brought along",
        {
            "jwk of the trusted key itself": lambda f: f.headed(jwk=f.public_jwk),
            "jwk of the stranger who signed": lambda f: brought_along(f, jwk=f.stranger.public_jwk),
            "jwk of the stranger, under his own kid": lambda f: f.stranger.headed(
                jwk=f.stranger.public_jwk
            ),
            "jwk as text": lambda f: brought_along(f, jwk=json.dumps(f.stranger.public_jwk)),
            "jku of the stranger who signed": lambda f: brought_along(f, jku=URL),
            "jku of a file": lambda f: brought_along(f, jku="file:///etc/passwd"),
            "jku of the machine's own metadata": lambda f: brought_along(
                f, jku="http://169.254.169.254/latest/meta-data/"
            ),
            "the stranger's signature, and nothing else": brought_along,
        },
    ),
)
