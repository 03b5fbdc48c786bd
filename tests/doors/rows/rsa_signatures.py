"""RSA signatures that stand for the right number, or for a block that is padded almost rightly.

They are made with the private key itself, so that a verifier which looks for the hash and no
further finds it. With e = 65537 nobody else could make them; with e = 3 anybody can
(CVE-2006-4339), and a lenient reader of the block is wrong with either.
"""

from collections.abc import Callable

from tests.doors.forge import Forge, sha256
from tests.doors.row import Build, rows

# What a block says of its hash: AlgorithmIdentifier and length (RFC 8017 §9.2, note 1).
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
WITHOUT_NULL = bytes.fromhex("302f300b06096086480165030402010420")
NULL_WITH_CONTENT = bytes.fromhex("3032300e06096086480165030402010501ff0420")
LONG_LENGTHS = bytes.fromhex("308131300d060960864801650304020105000420")
NO_LENGTHS = bytes.fromhex("3080300d060960864801650304020105000420")
LONG_HASH_LENGTH = bytes.fromhex("3032300d06096086480165030402010500048120")
SHA384_INFO = bytes.fromhex("3041300d060960864801650304020205000430")
SHA512_INFO = bytes.fromhex("3051300d060960864801650304020305000440")
SHA512_OF_32 = bytes.fromhex("3031300d060960864801650304020305000420")
SHA1_INFO = bytes.fromhex("3021300906052b0e03021a05000414")
Encode = Callable[[bytes, int], bytes]


def padded_by_hand(encode: Encode) -> Build:
    """RSA's bare private operation over a block that no library would pad so."""

    def build(forge: Forge) -> str:
        numbers = forge.rsa_key.private_numbers()
        n, p, q = numbers.public_numbers.n, numbers.p, numbers.q
        size = (n.bit_length() + 7) // 8

        def sign(data: bytes) -> bytes:
            block = int.from_bytes(encode(data, size)) % n
            # By the Chinese remainder theorem, which takes a third of the time of one pow() by d.
            over_p, over_q = pow(block, numbers.dmp1, p), pow(block, numbers.dmq1, q)
            return (over_q + (over_p - over_q) * numbers.iqmp % p * q).to_bytes(size)

        return forge.signed(sign)

    return build


def block(
    info: bytes, *, first: int = 0, kind: int = 1, fill: int = 0xFF, zero: int = 0, behind: int = 0
) -> Encode:
    """PKCS #1 v1.5: 00, kind, filling, 00, what is said of the hash, the hash; bytes `behind`."""

    def encode(data: bytes, size: int) -> bytes:
        end = bytes([zero]) + info + sha256(data) + b"\xa5" * behind
        return bytes([first, kind]) + bytes([fill]) * (size - 2 - len(end)) + end

    return encode


def hash_alone(data: bytes, _: int) -> bytes:
    return sha256(data)


def with_hole(data: bytes, size: int) -> bytes:
    """One byte of the filling is another."""
    encoded = bytearray(block(SHA256_INFO)(data, size))
    encoded[size // 2] ^= 1
    return bytes(encoded)


def little_filling(data: bytes, size: int) -> bytes:
    """Eight bytes of filling, the least that is allowed, and the rest behind the hash."""
    end = b"\0" + SHA256_INFO + sha256(data)
    return (b"\0\1" + b"\xff" * 8 + end).ljust(size, b"\0")


def garbage_inside(data: bytes, size: int) -> bytes:
    """The filling hidden in the parameters of the hash's name."""
    oid = bytes.fromhex("0609608648016503040201")
    hashed = b"\x04\x20" + sha256(data)
    parameters = size - 11 - 8 - len(oid) - len(hashed)
    inner = b"\x30\x82" + (len(oid) + 4 + parameters - 4).to_bytes(2) + oid
    inner += b"\x04\x82" + (parameters - 4).to_bytes(2) + b"\xa5" * (parameters - 4)
    info = b"\x30\x82" + (len(inner) + len(hashed)).to_bytes(2) + inner + hashed
    return (b"\0\1" + b"\xff" * 8 + b"\0" + info)[:size].ljust(size, b"\0")


def number(change: Callable[[int, int], int], longer: int = 0) -> Build:
    """Another number for the good one, given it and the modulus; so many bytes longer."""

    def build(forge: Forge) -> str:
        n = forge.rsa_key.private_numbers().public_numbers.n
        size = (n.bit_length() + 7) // 8 + longer
        return forge.signed(lambda data: change(int.from_bytes(forge.sign(data)), n).to_bytes(size))

    return build


ROWS = (
    *rows(
        "RSA signatures",
        {
            "plus the modulus": number(lambda s, n: s + n, longer=1),
            "plus the modulus twice": number(lambda s, n: s + 2 * n, longer=1),
            "less than the modulus by it": number(lambda s, n: n - s),
            "zero": number(lambda s, n: 0),
            "one": number(lambda s, n: 1),
            "the modulus": number(lambda s, n: n),
            "the modulus less one": number(lambda s, n: n - 1),
            "with a leading zero byte": number(lambda s, n: s, longer=1),
            "with eight leading zero bytes": number(lambda s, n: s, longer=8),
            "squared": number(lambda s, n: s * s % n),
            "backwards": lambda f: f.signed(lambda data: f.sign(data)[::-1]),
            "the padded block itself": lambda f: f.signed(lambda d: block(SHA256_INFO)(d, 256)),
        },
        families=("RS256",),
    ),
    *rows(
        "RSA signatures",
        {
            "of the hash alone": padded_by_hand(hash_alone),
            "of a block without the hash's name": padded_by_hand(block(b"")),
            "of a block that leaves out a NULL": padded_by_hand(block(WITHOUT_NULL)),
            "of a block whose NULL has content": padded_by_hand(block(NULL_WITH_CONTENT)),
            "of a block with long lengths": padded_by_hand(block(LONG_LENGTHS)),
            "of a block with no length": padded_by_hand(block(NO_LENGTHS)),
            "of a block with a long length of the hash": padded_by_hand(block(LONG_HASH_LENGTH)),
            "of a block that names SHA-1": padded_by_hand(block(SHA1_INFO)),
            "of a block that names SHA-384": padded_by_hand(block(SHA384_INFO)),
            "of a block that names SHA-512": padded_by_hand(block(SHA512_INFO)),
            "of a block of SHA-512 with 32 bytes": padded_by_hand(block(SHA512_OF_32)),
            "of a block that is encrypted": padded_by_hand(block(SHA256_INFO, kind=2)),
            "of a block of kind 0": padded_by_hand(block(SHA256_INFO, kind=0, fill=0)),
            "of a block that begins with one": padded_by_hand(block(SHA256_INFO, first=1)),
            "of a block filled with zeros": padded_by_hand(block(SHA256_INFO, fill=0)),
            "of a block filled with another byte": padded_by_hand(block(SHA256_INFO, fill=0xFE)),
            "of a block with a hole in its filling": padded_by_hand(with_hole),
            "of a block with no zero before the name": padded_by_hand(block(SHA256_INFO, zero=255)),
            "of a block with one byte behind": padded_by_hand(block(SHA256_INFO, behind=1)),
            "of a block with garbage behind": padded_by_hand(block(SHA256_INFO, behind=194)),
            "of a block with little filling": padded_by_hand(little_filling),
            "of a block with garbage inside": padded_by_hand(garbage_inside),
        },
        families=("RS256",),
    ),
)
