"""What the JWT libraries of published advisories took, as attacks on ours: a row for each id."""

import json
from collections.abc import Callable
from typing import NamedTuple

from tests.app.tokens.verifying import NOW
from tests.doors.forge import Forge, as_bytes, hmac_with, join
from tests.doors.rows import headers, public_keys, rsa_signatures, shapes, signatures
from tests.doors.rows.algorithms import under as unsigned_under
from tests.doors.rows.public_keys import FORMS, RSA_FORMS
from tests.support import ALGORITHMS, AUDIENCE, ISSUER

ENCRYPTION = {"alg": "PBES2-HS256+A128KW", "enc": "A128CBC-HS256", "p2s": "c2FsdA"}


class Attack(NamedTuple):
    """A token that a library took, on which keys it is tried here, and the code of its refusal."""

    advisory: str
    sentence: str
    algs: tuple[str, ...]
    build: Callable[[Forge], str]
    code: str


def confusion(form: public_keys.Form, alg: str = "HS256") -> Callable[[Forge], str]:
    return public_keys.under(form, alg)


def payload(text: bytes) -> Callable[[Forge], str]:
    """A further member in the payload, as it is written here."""
    return lambda f: join(f.header(), as_bytes(f.claims())[:-1] + b"," + text + b"}", f.sign)


def expired_and_forged(forge: Forge) -> str:
    return join(forge.header(), forge.claims(exp=NOW - 600), forge.stranger.sign)


def zeros(forge: Forge) -> str:
    """Psychic: r = s = 0, in the length of the curve."""
    return forge.signed(lambda data: bytes(len(forge.sign(data))))


def twice_signed(forge: Forge) -> str:
    """A stranger's signature beside a good one: whoever checks any of them takes the payload."""
    header, body, signature = forge.segments()
    both = [
        {"protected": forge.stranger.segments()[0], "signature": forge.stranger.segments()[2]},
        {"protected": header, "signature": signature},
    ]
    return json.dumps({"payload": body, "signatures": both})


def with_special_letters(forge: Forge) -> str:
    """Letters that a lenient decoder skips, in the signature of a good token."""
    return forge.token()[:-8] + "!\\u0041*" + forge.token()[-8:]


def empty(_: bytes) -> bytes:
    return b""


def costly(forge: Forge) -> str:
    """Two thousand million rounds of PBKDF2, were they made."""
    return forge.headed(**ENCRYPTION, p2c=2_147_483_647)


RSA, EC, HMAC = ("RS256", "RS384", "RS512"), ("ES256", "ES384", "ES512"), ("HS256",)
PAIRS = (*RSA, *EC)
ATTACKS = (
    *(
        Attack(advisory, "alg none, and no signature", ALGORITHMS, unsigned_under("none"), "alg")
        for advisory in ("CVE-2015-2951", "CVE-2018-1000531", "CVE-2021-22160", "CVE-2022-23540")
    ),
    *(
        Attack(advisory, "HMAC with the RSA key in PEM", RSA, confusion(public_keys.pem), "alg")
        for advisory in ("CVE-2015-9235", "CVE-2016-5431", "CVE-2016-10555", "CVE-2022-23541")
    ),
    *(
        Attack(advisory, "HMAC by the header's word", RSA, confusion(public_keys.pem), "alg")
        for advisory in ("CVE-2023-48238", "CVE-2024-54150")
    ),
    Attack("CVE-2017-11424", "PKCS #1 as secret", RSA, confusion(public_keys.pkcs1), "alg"),
    Attack("CVE-2022-29217", "OpenSSH as secret", PAIRS, confusion(public_keys.openssh), "alg"),
    Attack("CVE-2023-48223", "PKCS #1 as secret", RSA, confusion(public_keys.pkcs1), "alg"),
    Attack("CVE-2024-33663", "OpenSSH as secret", EC, confusion(public_keys.openssh), "alg"),
    Attack("CVE-2024-33663", "DER as secret", PAIRS, confusion(public_keys.der), "alg"),
    Attack("CVE-2024-37568", "any public key as secret", PAIRS, confusion(FORMS["PEM"]), "alg"),
    Attack(
        "CVE-2026-34950", "PEM behind a space", RSA, confusion(FORMS["PEM behind a space"]), "alg"
    ),
    Attack(
        "CVE-2026-34950",
        "PKCS #1 behind a line break",
        RSA,
        confusion(RSA_FORMS["PKCS #1 in PEM behind a line break"]),
        "alg",
    ),
    Attack("CVE-2026-44699", "HMAC with no secret", RSA, confusion(FORMS["nothing"]), "alg"),
    Attack("CVE-2026-48526", "JWK as secret", PAIRS, confusion(FORMS["JWK"]), "alg"),
    Attack(
        "CVE-2026-48526", "JWK as secret, HS512", PAIRS, confusion(FORMS["JWK"], "HS512"), "alg"
    ),
    Attack(
        "CVE-2026-44351",
        "HMAC with no secret, under an unknown kid",
        ALGORITHMS,
        lambda f: f.signed(hmac_with(b""), alg="HS256", kid="of no key"),
        "unknown_key",
    ),
    Attack(
        "CVE-2019-20933", "a blank secret", HMAC, lambda f: f.signed(hmac_with(b"")), "signature"
    ),
    Attack("CVE-2020-28042", "no signature", ALGORITHMS, lambda f: f.signed(empty), "signature"),
    Attack("CVE-2022-21449", "r and s zero", EC, zeros, "signature"),
    Attack(
        "CVE-2020-13822",
        "r and s with leading zeros",
        ("ES256",),
        signatures.halves(lambda r, s: (r, s), size=33),
        "signature",
    ),
    Attack(
        "CVE-2020-14968",
        "an RSA signature with leading zeros",
        RSA,
        rsa_signatures.number(lambda s, n: s, longer=2),
        "signature",
    ),
    Attack(
        "CVE-2021-30246",
        "a PKCS #1 block that is padded almost rightly",
        ("RS256",),
        rsa_signatures.padded_by_hand(rsa_signatures.garbage_inside),
        "signature",
    ),
    Attack("CVE-2022-25898", "letters of no base64url", ALGORITHMS, with_special_letters, "shape"),
    Attack(
        "CVE-2018-0114",
        "the key that the header brings",
        PAIRS,
        lambda f: headers.brought_along(f, jwk=f.stranger.public_jwk),
        "member",
    ),
    Attack(
        "CVE-2024-21643",
        "the key at the header's address",
        PAIRS,
        lambda f: headers.brought_along(f, jku="https://keys.example.com/jwks.json"),
        "member",
    ),
    *(
        Attack(
            advisory, "crit", ALGORITHMS, lambda f: f.headed(crit=["x-y"], **{"x-y": 1}), "member"
        )
        for advisory in ("CVE-2025-59420", "CVE-2026-32597")
    ),
    Attack("CVE-2016-9122", "one of two signatures", ALGORITHMS, twice_signed, "shape"),
    Attack("CVE-2022-39227", "JSON as a compact token", ALGORITHMS, shapes.differential, "shape"),
    Attack("CVE-2023-51774", "a JWE for a JWS", ("RS256", "ES256"), shapes.encrypted, "shape"),
    Attack("CVE-2022-36083", "p2c without bound", ALGORITHMS, costly, "member"),
    Attack("CVE-2024-33664", "what unpacks to megabytes", ALGORITHMS, headers.bomb, "member"),
    Attack(
        "CVE-2025-30204",
        "ten million dots",
        HMAC,
        lambda _: "." * 10_000_000,
        "token_too_large",
    ),
    Attack("CVE-2025-27144", "8,192 dots", HMAC, lambda _: "." * 8192, "shape"),
    Attack(
        "CVE-2025-61920",
        "a header of megabytes",
        HMAC,
        lambda f: f.headed(padding="x" * 2_000_000),
        "token_too_large",
    ),
    Attack(
        "CVE-2025-53864",
        "JSON nested without bound",
        ALGORITHMS,
        payload(b'"x":' + b"[" * 2000 + b"]" * 2000),
        "malformed_claims",
    ),
    Attack(
        "CVE-2020-26160",
        "an empty array for an audience",
        ALGORITHMS,
        lambda f: f.token(aud=[]),
        "invalid_claim",
    ),
    Attack(
        "CVE-2020-26160",
        "the audience in an array",
        ALGORITHMS,
        lambda f: f.token(aud=["another", AUDIENCE]),
        "invalid_claim",
    ),
    Attack(
        "CVE-2024-53861",
        "a part of the issuer",
        ALGORITHMS,
        lambda f: f.token(iss=ISSUER[:-3]),
        "wrong_issuer",
    ),
    Attack(
        "CVE-2025-30144",
        "the issuer among others",
        ALGORITHMS,
        lambda f: f.token(iss=["https://issuer.example.com", ISSUER]),
        "invalid_claim",
    ),
    Attack("CVE-2024-51744", "expired and forged", ALGORITHMS, expired_and_forged, "signature"),
)
CODES = {
    "alg": "wrong_algorithm",
    "signature": "bad_signature",
    "member": "forbidden_header",
    "shape": "malformed_token",
}
