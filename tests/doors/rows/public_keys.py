"""The public key used as an HMAC secret, in every form in which somebody may hold it.

CVE-2015-9235 and its many children: whoever takes the algorithm from the header hands the public
key to HMAC as its secret.
"""

import base64
import datetime as dt
import json
from collections.abc import Callable, Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from tests.doors.forge import Forge, b64, hmac_with, sha256, unb64
from tests.doors.row import Build, rows

GROUP = "public key as secret"
SPKI = PublicFormat.SubjectPublicKeyInfo
Form = Callable[[Forge], bytes]


def encoded(encoding: Encoding, form: PublicFormat) -> Form:
    def encode(forge: Forge) -> bytes:
        key = forge.rsa_key if forge.alg.startswith("RS") else forge.ec_key
        return key.public_key().public_bytes(encoding, form)

    return encode


pem = encoded(Encoding.PEM, SPKI)
der = encoded(Encoding.DER, SPKI)
openssh = encoded(Encoding.OpenSSH, PublicFormat.OpenSSH)
pkcs1 = encoded(Encoding.PEM, PublicFormat.PKCS1)
point = encoded(Encoding.X962, PublicFormat.UncompressedPoint)


def certificate(encoding: Encoding) -> Form:
    """A certificate for the key, signed by the key itself."""

    def encode(forge: Forge) -> bytes:
        key = forge.rsa_key if forge.alg.startswith("RS") else forge.ec_key
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer.example.com")])
        start = dt.datetime.fromtimestamp(forge.now, dt.UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start)
        return builder.sign(key, hashes.SHA256()).public_bytes(encoding)

    return encode


def jwk(*members: str) -> Form:
    """The public JWK with these members, or all, without white space."""

    def encode(forge: Forge) -> bytes:
        public = forge.public_jwk
        chosen = {name: public[name] for name in members or public if name in public}
        return json.dumps(chosen, separators=(",", ":")).encode()

    return encode


canonical = jwk("crv", "e", "kty", "n", "x", "y")  # RFC 7638 §3.2


def written(*members: str) -> Form:
    """The text of these members, one behind the other."""
    return lambda forge: "".join(forge.public_jwk[name] for name in members).encode()


def octets(*members: str) -> Form:
    """The bytes of these members, one behind the other."""
    return lambda forge: b"".join(unb64(forge.public_jwk[name]) for name in members)


def under(form: Form, alg: str = "HS256") -> Build:
    """The key in this form as the secret, and the header says so."""
    return lambda f: f.signed(hmac_with(form(f), alg[2:]), alg=alg)


def true_to_the_key(form: Form) -> Build:
    """The same signature under a header that names the key's own algorithm."""
    return lambda f: f.signed(hmac_with(form(f)))


FORMS: Mapping[str, Form] = {
    "PEM": pem,
    "PEM without its last line break": lambda f: pem(f).strip(),
    "PEM with CRLF": lambda f: pem(f).replace(b"\n", b"\r\n"),
    "PEM behind a space": lambda f: b" " + pem(f),
    "PEM behind a line break": lambda f: b"\n" + pem(f),
    "PEM in one line": lambda f: pem(f).replace(b"\n", b"\\n"),
    "PEM without its armour": lambda f: b"".join(pem(f).splitlines()[1:-1]),
    "DER": der,
    "DER in base64": lambda f: base64.b64encode(der(f)),
    "DER in base64url": lambda f: b64(der(f)).encode(),
    "DER in hexadecimal": lambda f: der(f).hex().encode(),
    "DER, hashed": lambda f: sha256(der(f)),
    "OpenSSH": openssh,
    "OpenSSH with a comment": lambda f: openssh(f) + b" user@host\n",
    "OpenSSH, its bytes": lambda f: base64.b64decode(openssh(f).split()[1]),
    "certificate in PEM": certificate(Encoding.PEM),
    "certificate in DER": certificate(Encoding.DER),
    "JWK": lambda f: json.dumps(f.public_jwk).encode(),
    "JWK as published": jwk("kty", "kid", "alg", "use", "crv", "x", "y", "n", "e"),
    "JWK in its canonical form": canonical,
    "JWK thumbprint": lambda f: sha256(canonical(f)),
    "JWK Set": lambda f: json.dumps({"keys": [f.public_jwk]}).encode(),
    "the kid": written("kid"),
    "nothing": lambda _: b"",
}
RSA_FORMS: Mapping[str, Form] = {
    "PKCS #1 in PEM": pkcs1,
    "PKCS #1 in PEM without its last line break": lambda f: pkcs1(f).strip(),
    "PKCS #1 in PEM behind a line break": lambda f: b"\n" + pkcs1(f),
    "PKCS #1 in DER": encoded(Encoding.DER, PublicFormat.PKCS1),
    "the modulus": octets("n"),
    "the modulus as it is written": written("n"),
    "the modulus in hexadecimal": lambda f: octets("n")(f).hex().encode(),
    "the modulus in decimal": lambda f: str(f.rsa_key.public_key().public_numbers().n).encode(),
    "modulus and exponent": octets("n", "e"),
}
EC_FORMS: Mapping[str, Form] = {
    "the point": point,
    "the point in hexadecimal": lambda f: point(f).hex().encode(),
    "the point, compressed": encoded(Encoding.X962, PublicFormat.CompressedPoint),
    "x and y": octets("x", "y"),
    "x and y as they are written": written("x", "y"),
    "x": octets("x"),
    "x as it is written": written("x"),
}

ROWS = (
    *rows(GROUP, {name: under(form) for name, form in FORMS.items()}, families=("RS256", "ES256")),
    *rows(
        GROUP,
        {
            f"{name}, {alg}": under(FORMS[name], alg)
            for alg in ("HS384", "HS512")
            for name in ("PEM", "DER", "JWK", "nothing")
        },
        families=("RS256", "ES256"),
    ),
    *rows(
        GROUP,
        {
            f"{name}, the header true to the key": true_to_the_key(FORMS[name])
            for name in ("PEM", "DER", "JWK", "OpenSSH", "nothing")
        },
        families=("RS256", "ES256"),
    ),
    *rows(GROUP, {name: under(form) for name, form in RSA_FORMS.items()}, families=("RS256",)),
    *rows(GROUP, {name: under(form) for name, form in EC_FORMS.items()}, families=("ES256",)),
)
