"""The public key used as an HMAC secret, in every form in which somebody may hold it.

CVE-2015-9235 and its many children: whoever takes the algorithm from the header hands the public
key to HMAC as its secret.
"""

import base64
import json

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.doors.forge import Forge, hmac_with, sha256, unb64
from tests.doors.row import rows

GROUP = "public key as secret"
SPKI = PublicFormat.SubjectPublicKeyInfo


def encoded(forge: Forge, encoding: Encoding, form: PublicFormat) -> bytes:
    key = forge.rsa_key if forge.alg.startswith("RS") else forge.ec_key
    return key.public_key().public_bytes(encoding, form)


def pem(forge: Forge) -> bytes:
    return encoded(forge, Encoding.PEM, SPKI)


def der(forge: Forge) -> bytes:
    return encoded(forge, Encoding.DER, SPKI)


def point(forge: Forge) -> bytes:
    return encoded(forge, Encoding.X962, PublicFormat.UncompressedPoint)


def jwk(forge: Forge) -> bytes:
    return json.dumps(forge.public_jwk).encode()


def compact_jwk(forge: Forge) -> bytes:
    return json.dumps(forge.public_jwk, sort_keys=True, separators=(",", ":")).encode()


def jwks(forge: Forge) -> bytes:
    return json.dumps({"keys": [forge.public_jwk]}).encode()


def modulus(forge: Forge) -> bytes:
    return unb64(forge.public_jwk["n"])


ROWS = (
    *rows(
        GROUP,
        {
            "PEM": lambda f: f.signed(hmac_with(pem(f)), alg="HS256"),
            "PEM, HS384": lambda f: f.signed(hmac_with(pem(f), "384"), alg="HS384"),
            "PEM, HS512": lambda f: f.signed(hmac_with(pem(f), "512"), alg="HS512"),
            "PEM without its last line break": lambda f: f.signed(
                hmac_with(pem(f).strip()), alg="HS256"
            ),
            "PEM with CRLF": lambda f: f.signed(
                hmac_with(pem(f).replace(b"\n", b"\r\n")), alg="HS256"
            ),
            "PEM, the header true to the key": lambda f: f.signed(hmac_with(pem(f))),
            "DER": lambda f: f.signed(hmac_with(der(f)), alg="HS256"),
            "DER in base64": lambda f: f.signed(hmac_with(base64.b64encode(der(f))), alg="HS256"),
            "DER, hashed": lambda f: f.signed(hmac_with(sha256(der(f))), alg="HS256"),
            "JWK": lambda f: f.signed(hmac_with(jwk(f)), alg="HS256"),
            "JWK without white space": lambda f: f.signed(hmac_with(compact_jwk(f)), alg="HS256"),
            "JWK, the header true to the key": lambda f: f.signed(hmac_with(jwk(f))),
            "JWK Set": lambda f: f.signed(hmac_with(jwks(f)), alg="HS256"),
            "the kid": lambda f: f.signed(hmac_with(f.jwk["kid"].encode()), alg="HS256"),
            "nothing": lambda f: f.signed(hmac_with(b""), alg="HS256"),
        },
        families=("RS256", "ES256"),
    ),
    *rows(
        GROUP,
        {
            "PEM of PKCS #1": lambda f: f.signed(
                hmac_with(encoded(f, Encoding.PEM, PublicFormat.PKCS1)), alg="HS256"
            ),
            "the modulus": lambda f: f.signed(hmac_with(modulus(f)), alg="HS256"),
            "the modulus as it is written": lambda f: f.signed(
                hmac_with(f.jwk["n"].encode()), alg="HS256"
            ),
        },
        families=("RS256",),
    ),
    *rows(
        GROUP,
        {
            "the point": lambda f: f.signed(hmac_with(point(f)), alg="HS256"),
            "x as it is written": lambda f: f.signed(hmac_with(f.jwk["x"].encode()), alg="HS256"),
        },
        families=("ES256",),
    ),
)
