"""base64url in other spellings (RFC 7515 §2): two readers of one token must not read two tokens.

Wherever it can be, the signature is made over the segments as they are written, so that nothing
but their spelling is wrong.
"""

import base64
from collections.abc import Callable

from tests.doors.forge import Forge, as_bytes, b64
from tests.doors.row import Build, rows

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
Respell = Callable[[str], str]


def next_letter(text: str) -> str:
    """Another last letter for the same bytes: it differs in bits that decode to nothing."""
    return text[:-1] + ALPHABET[ALPHABET.index(text[-1]) + 1]


def with_spare_bits(raw: bytes) -> bytes:
    """The same JSON, its length such that its last letter has spare bits."""
    return raw + b" " * (-(len(raw) - 1) % 3)


def padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


def in_standard_alphabet(raw: bytes) -> str:
    """Base64 without padding; `?>?>?` holds its `+` and its `/`, wherever it begins."""
    return base64.b64encode(raw[:-1] + b',"marks":"?>?>?"}').decode().rstrip("=")


def in_header(respell: Respell) -> Build:
    def build(forge: Forge) -> str:
        header = respell(b64(with_spare_bits(as_bytes(forge.header()))))
        return forge.resigned(header, forge.segments()[1])

    return build


def in_payload(respell: Respell) -> Build:
    def build(forge: Forge) -> str:
        payload = respell(b64(with_spare_bits(as_bytes(forge.claims()))))
        return forge.resigned(forge.segments()[0], payload)

    return build


def in_signature(respell: Respell) -> Build:
    def build(forge: Forge) -> str:
        header, payload, signature = forge.segments()
        return f"{header}.{payload}.{respell(signature)}"

    return build


def middle(text: str) -> Respell:
    return lambda segment: f"{segment[:8]}{text}{segment[8:]}"


RESPELLINGS: dict[str, Respell] = {
    "with padding": padded,
    "with spare bits set": next_letter,
    "with a star inside": middle("*"),
    "with an escape inside": middle("%41"),
    "with padding inside": middle("="),
    "one letter short": lambda text: text[:-1],
    "one letter more": lambda text: text + "A",
    "encoded twice": lambda text: b64(text.encode()),
    "in hexadecimal": lambda text: text.encode().hex(),
    "in base32": lambda text: base64.b32encode(text.encode()).decode().rstrip("="),
}

ROWS = (
    *rows("base64url", {f"the header {how}": in_header(r) for how, r in RESPELLINGS.items()}),
    *rows("base64url", {f"the payload {how}": in_payload(r) for how, r in RESPELLINGS.items()}),
    *rows("base64url", {f"the signature {how}": in_signature(r) for how, r in RESPELLINGS.items()}),
    *rows(
        "base64url",
        {
            "the header in the standard alphabet": lambda f: f.resigned(
                in_standard_alphabet(as_bytes(f.header())), f.segments()[1]
            ),
            "the payload in the standard alphabet": lambda f: f.resigned(
                f.segments()[0], in_standard_alphabet(as_bytes(f.claims()))
            ),
            "the payload as it is": lambda f: f.resigned(
                f.segments()[0], as_bytes(f.claims()).decode()
            ),
        },
    ),
)
