"""Signatures that no holder of the private key made, or made for something else."""

import base64
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.doors.forge import Forge, b64, hmac_with, sha256, unb64
from tests.doors.row import Build, rows

Alter = Callable[[bytes], bytes]

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF


def altered(alter: Alter) -> Build:
    """The right signature, then altered."""
    return lambda f: f.signed(lambda data: alter(f.sign(data)))


def flipped(index: int) -> Build:
    """One bit of one byte."""

    def alter(raw: bytes) -> bytes:
        changed = bytearray(raw)
        changed[index] ^= 1
        return bytes(changed)

    return altered(alter)


def with_payload_of(forge: Forge, **claims: object) -> str:
    """The payload of one good token under the signature of another."""
    header, _, signature = forge.segments()
    return f"{header}.{forge.token(**claims).split('.')[1]}.{signature}"


def with_header_of_another(forge: Forge) -> str:
    _, payload, signature = forge.segments()
    return f"{forge.headed(typ='application/at+jwt').split('.')[0]}.{payload}.{signature}"


def halves(change: Callable[[int, int], tuple[int, int]], size: int = 32) -> Build:
    """r and s of a good ECDSA signature, changed, each in `size` bytes."""

    def alter(raw: bytes) -> bytes:
        r, s = change(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        return r.to_bytes(size) + s.to_bytes(size)

    return altered(alter)


def in_der(raw: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))


ROWS = (
    *rows(
        "signatures",
        {
            "empty": altered(lambda _: b""),
            "one byte": altered(lambda _: b"\0"),
            "all zeros": altered(lambda raw: bytes(len(raw))),
            "all ones": altered(lambda raw: b"\xff" * len(raw)),
            "the first bit flipped": flipped(0),
            "the last bit flipped": flipped(-1),
            "the first byte cut off": altered(lambda raw: raw[1:]),
            "the last byte cut off": altered(lambda raw: raw[:-1]),
            "the first half": altered(lambda raw: raw[: len(raw) // 2]),
            "a zero byte in front": altered(lambda raw: b"\0" + raw),
            "a zero byte behind": altered(lambda raw: raw + b"\0"),
            "twice": altered(lambda raw: raw + raw),
            "backwards": altered(lambda raw: raw[::-1]),
            "in hexadecimal": altered(lambda raw: raw.hex().encode()),
            "in base64url once more": altered(lambda raw: b64(raw).encode()),
            "of a token for another user": lambda f: with_payload_of(f, sub="somebody-else"),
            "of a token with fewer scopes": lambda f: with_payload_of(f, scope="users:read"),
            "of a token that expires sooner": lambda f: with_payload_of(f, exp=f.now + 3600),
            "of a token with another header": with_header_of_another,
            "over the payload alone": lambda f: f.signed(lambda d: f.sign(d.split(b".")[1])),
            "over the header alone": lambda f: f.signed(lambda d: f.sign(d.split(b".")[0])),
            "over the two parts without their dot": lambda f: f.signed(
                lambda d: f.sign(d.replace(b".", b""))
            ),
            "over nothing": lambda f: f.signed(lambda _: f.sign(b"")),
            "a stranger's, under our kid": lambda f: f.signed(f.stranger.sign),
        },
    ),
    *rows(
        "signatures",
        {
            "r and s zero": halves(lambda r, s: (0, 0)),
            "r zero": halves(lambda r, s: (0, s)),
            "s zero": halves(lambda r, s: (r, 0)),
            "r and s one": halves(lambda r, s: (1, 1)),
            "r and s the order": halves(lambda r, s: (P256_ORDER, P256_ORDER)),
            "r and s the order less one": halves(lambda r, s: (P256_ORDER - 1, P256_ORDER - 1)),
            "r the order, s one": halves(lambda r, s: (P256_ORDER, 1)),
            "r the field's prime": halves(lambda r, s: (P256_PRIME, s)),
            "r the order": halves(lambda r, s: (P256_ORDER, s)),
            "s the order": halves(lambda r, s: (r, P256_ORDER)),
            "r zero, s one": halves(lambda r, s: (0, 1)),
            "r one, s zero": halves(lambda r, s: (1, 0)),
            "r one": halves(lambda r, s: (1, s)),
            "s one": halves(lambda r, s: (r, 1)),
            "r and s the largest numbers": halves(lambda r, s: (2**256 - 1, 2**256 - 1)),
            "r and s less the order": halves(lambda r, s: (P256_ORDER - r, P256_ORDER - s)),
            "r twice": halves(lambda r, s: (r, r)),
            "s twice": halves(lambda r, s: (s, s)),
            "r is x of the key": lambda f: f.signed(lambda _: unb64(f.jwk["x"]) * 2),
            "r and s exchanged": halves(lambda r, s: (s, r)),
            "r less the order": halves(lambda r, s: (P256_ORDER - r, s)),
            "r plus the order": halves(lambda r, s: (r + P256_ORDER, s), size=33),
            "s plus the order": halves(lambda r, s: (r, s + P256_ORDER), size=33),
            "r and s in 33 bytes each": halves(lambda r, s: (r, s), size=33),
            "s in 33 bytes": altered(lambda raw: raw[:32] + b"\0" + raw[32:]),
            "in DER": altered(in_der),
            "in DER, cut to 64 bytes": altered(lambda raw: in_der(raw)[:64]),
            "in DER, in its first 64 bytes": altered(lambda raw: in_der(raw).ljust(96, b"\0")),
            "r alone": altered(lambda raw: raw[:32]),
            "r and s in 31 bytes each": altered(lambda raw: raw[:31] + raw[32:63]),
            "r and s in 48 bytes each": halves(lambda r, s: (r, s), size=48),
            "r and s in 66 bytes each": halves(lambda r, s: (r, s), size=66),
            "each half backwards": altered(lambda raw: raw[31::-1] + raw[:31:-1]),
            "with a byte that says which point": altered(lambda raw: raw + b"\x1b"),
            "of the hash's hash": lambda f: f.signed(lambda data: f.sign(sha256(data))),
        },
        families=("ES256",),
    ),
    *rows(
        "signatures",
        {
            "cut to 128 bits": altered(lambda raw: raw[:16]),
            "a plain hash of secret and message": lambda f: f.signed(
                lambda data: sha256(f.jwk["k"].encode() + data)
            ),
            "one byte too long, the last of it zero": altered(lambda raw: raw + b"\0"),
            "in base64": altered(base64.b64encode),
            "with the secret backwards": lambda f: f.signed(hmac_with(unb64(f.jwk["k"])[::-1])),
            "with the secret's hash": lambda f: f.signed(hmac_with(sha256(unb64(f.jwk["k"])))),
            "of SHA-1": lambda f: f.signed(hmac_with(unb64(f.jwk["k"]), "1")),
            "with a secret one byte longer": lambda f: f.signed(
                hmac_with(unb64(f.jwk["k"]) + b"\1")
            ),
        },
        families=("HS256",),
    ),
)
