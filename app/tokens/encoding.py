"""base64url (RFC 7515 §2) and JSON objects, each read in one spelling only.

Lenient decoders are where two readers of one token come to differ: what passes here is what every
strict reader sees. Both functions raise `ValueError`, whatever they are given.
"""

import re
from binascii import a2b_base64, b2a_base64
from json import JSONDecoder
from typing import Any, NoReturn

MAX_DEPTH = 64
_WHITE_SPACE = " \t\n\r"  # of JSON (RFC 8259 §2); other kinds are none there
# To the alphabet of base64, and what has no place in base64url to where it has none there, either.
_TO_BASE64URL = bytes.maketrans(b"+/", b"-_")
_TO_BASE64 = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDINGS = (b"", b"", b"==", b"=")
# The last character of a group of two or three holds four or two bits that belong to no byte: with
# any but zeros there, the same bytes have another spelling. No group has one character.
_LAST_CHARACTERS = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")
# A string, or what begins as one and never ends: that must not be tried anew at every quote.
_STRING = r'(?s)"(?:[^"\\]|\\.)*(?:"|\\?\Z)'
_BRACKET = r"[\[\]{}]"


def base64url_encode(raw: bytes) -> str:
    """`raw` in base64url without padding."""
    return b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_BASE64URL).decode("ascii")


def base64url_decode(text: bytes) -> bytes:
    """The bytes behind unpadded base64url; another spelling of the same bytes is a ValueError."""
    over = len(text) % 4
    if over and text[-1] not in _LAST_CHARACTERS[over]:
        raise ValueError("its length, or its last character, cannot be")
    return a2b_base64(text.translate(_TO_BASE64) + _PADDINGS[over], strict_mode=True)


def parse_json_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`: UTF-8, no duplicate members at any depth, no NaN, no Infinity.

    At most MAX_DEPTH arrays and objects may stand within each other.
    """
    text = raw.decode("utf-8").strip(_WHITE_SPACE)
    _check_depth(text)
    value, end = _decode_json(text)
    if end != len(text):
        raise ValueError("something follows the JSON object")
    if not isinstance(value, dict):
        raise ValueError(f"a JSON object was expected, not a {type(value).__name__}")
    return value


def _check_depth(text: str) -> None:
    """A limit of our own: Python's depends on how deep the caller stands, so doors would differ."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in re.findall(_BRACKET, re.sub(_STRING, "", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise ValueError(f"JSON nested too deeply, over {MAX_DEPTH}")


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(members)
    if len(unique) != len(members):
        raise ValueError("a JSON object has two members of one name")
    return unique


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_decode_json = JSONDecoder(object_pairs_hook=_unique, parse_constant=_not_json).raw_decode
