"""Signatures that are absent or made by another algorithm than the key's (RFC 8725 §2.1, §3.1)."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.doors.forge import ABSENT, Forge, Sign, hmac_with
from tests.doors.row import Build, rows

SPELLINGS = (
    *("none", "None", "NONE", "nOnE", "NoNe", " none", "none ", "none\t", "none\n", "none\0"),
    *("n\u043ene", "\uff4e\uff4f\uff4e\uff45", "\ufeffnone", "none,none", "null", "", " "),
)
# Names that are registered, or were proposed, or never were: none of them is the key's own.
OTHER_NAMES = (
    *("PS256", "PS384", "PS512", "EdDSA", "Ed25519", "Ed448", "ES256K", "ML-DSA-44", "HS1"),
    *("RS1", "XS256", "RSA-OAEP-256", "ECDH-ES", "dir", "A256GCMKW", "SHA256", "RSA", "ES"),
)
SHA256 = hashes.SHA256()
NO_ALGORITHM: Mapping[str, Any] = {
    "absent": ABSENT,
    "null": None,
    "false": False,
    "zero": 0,
    "an empty array": [],
    "an array that holds none": ["none"],
    "true": True,
    "an object": {"alg": "none"},
}


def unsigned(_: bytes) -> bytes:
    return b""


def under(alg: Any) -> Build:
    return lambda f: f.signed(unsigned, alg=alg)


def said(alg: str) -> Build:
    """A good signature under another name."""
    return lambda f: f.headed(alg=alg)


def pss(forge: Forge, digest: hashes.HashAlgorithm = SHA256) -> Sign:
    scheme = padding.PSS(padding.MGF1(digest), salt_length=digest.digest_size)
    return lambda data: forge.rsa_key.sign(data, scheme, digest)


def sha1(forge: Forge) -> Sign:
    return lambda data: forge.rsa_key.sign(data, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303


def sibling(forge: Forge, size: str) -> str:
    return f"{forge.alg[:2]}{size}"


def signed_as(size: str) -> Build:
    """The header and the signature agree on another member of the key's family."""

    def build(forge: Forge) -> str:
        alg = sibling(forge, size)
        return forge.signed(lambda data: forge.sign(data, alg), alg=alg)

    return build


def signed_behind(size: str) -> Build:
    """The header says what the key is for, and the signature is a sibling's."""
    return lambda f: f.signed(lambda data: f.sign(data, sibling(f, size)))


ROWS = (
    *rows("alg none", {f"alg is {alg!r}, unsigned": under(alg) for alg in SPELLINGS}),
    *rows("alg none", {f"alg is {name}, unsigned": under(a) for name, a in NO_ALGORITHM.items()}),
    *rows(
        "alg none",
        {
            "alg is none, over a good signature": lambda f: f.headed(alg="none"),
            "alg is absent, over a good signature": lambda f: f.headed(alg=ABSENT),
            "unsigned under the key's own alg": lambda f: f.signed(unsigned),
            "alg and kid are absent, unsigned": lambda f: f.signed(
                unsigned, alg="none", kid=ABSENT
            ),
            "alg is none, and typ of a plain JWT": lambda f: f.signed(
                unsigned, alg="none", typ="JWT"
            ),
            "alg is none, HMAC with no secret": lambda f: f.signed(hmac_with(b""), alg="none"),
            "alg is none, one zero byte for a signature": lambda f: f.signed(
                lambda _: b"\0", alg="none"
            ),
            "alg is none, no last dot": lambda f: f.signed(unsigned, alg="none").rstrip("."),
        },
    ),
    *rows(
        "another algorithm",
        {
            "384 of the same family": signed_as("384"),
            "512 of the same family": signed_as("512"),
            "the header says 384, the signature 256": lambda f: f.headed(alg=sibling(f, "384")),
            "the header says 256, the signature 384": signed_behind("384"),
            "the header says 256, the signature 512": signed_behind("512"),
            "alg in lower case": lambda f: f.headed(alg=f.alg.lower()),
            "alg with a space behind it": lambda f: f.headed(alg=f"{f.alg} "),
            "alg as an array": lambda f: f.headed(alg=[f.alg]),
            "alg as an array of two": lambda f: f.headed(alg=[f.alg, "none"]),
            "alg as an object": lambda f: f.headed(alg={"name": f.alg}),
            "alg with a zero byte behind it": lambda f: f.headed(alg=f"{f.alg}\0"),
            "alg of several": lambda f: f.headed(alg=f"{f.alg},none"),
            "alg in full-width digits": lambda f: f.headed(alg=f"{f.alg[:2]}２５６"),
            "the header says 512, the signature 256": lambda f: f.headed(alg=sibling(f, "512")),
            "EdDSA, a signature of zeros": lambda f: f.signed(lambda _: bytes(64), alg="EdDSA"),
        },
    ),
    *rows(
        "another algorithm",
        {f"the header says {name}": said(name) for name in OTHER_NAMES},
    ),
    *rows(
        "another algorithm",
        {
            "RSASSA-PSS under its own name": lambda f: f.signed(pss(f), alg="PS256"),
            "RSASSA-PSS under RS256": lambda f: f.signed(pss(f)),
            "RSASSA-PSS of SHA-384 under its own name": lambda f: f.signed(
                pss(f, hashes.SHA384()), alg="PS384"
            ),
            "RSASSA-PSS of SHA-512 under RS256": lambda f: f.signed(pss(f, hashes.SHA512())),
            "SHA-1 under RS256": lambda f: f.signed(sha1(f)),
            "ES256 over an RSA key": lambda f: f.signed(lambda _: bytes(64), alg="ES256"),
        },
        families=("RS256",),
    ),
    *rows(
        "another algorithm",
        {
            "HS256 over an EC key": lambda f: f.headed(alg="HS256"),
            "RS256 over an EC key": lambda f: f.headed(alg="RS256"),
        },
        families=("ES256",),
    ),
    *rows(
        "another algorithm",
        {
            "RS256 over a secret": lambda f: f.headed(alg="RS256"),
            "ES256 over a secret": lambda f: f.headed(alg="ES256"),
            "HMAC with the kid": lambda f: f.signed(hmac_with(f.jwk["kid"].encode())),
            "HMAC with no secret": lambda f: f.signed(hmac_with(b"")),
            "HMAC with the secret as it is written": lambda f: f.signed(
                hmac_with(f.jwk["k"].encode())
            ),
            "HMAC with the public guess 'secret'": lambda f: f.signed(hmac_with(b"secret")),
        },
        families=("HS256",),
    ),
)
