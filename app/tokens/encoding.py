"""base64url (RFC 7515 §2) and JSON objects, each read in one spelling only.

Lenient decoders are where two readers of one token come to differ: what passes here is what every
strict reader sees. Both functions raise `ValueError`, whatever they are given.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NoReturn

MAX_DEPTH = 64
# A string, or what begins as one and never ends: that must not be tried anew at every quote.
_STRING = re.compile(r'(?s)"(?:[^"\\]|\\.)*(?:"|\\?\Z)')
_BRACKET = re.compile(r"[\[\]{}]")


def base64url_encode(raw: bytes) -> str:
    """`raw` in base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def base64url_decode(text: bytes) -> bytes:
    """The bytes behind unpadded base64url; another spelling of the same bytes is a ValueError."""
    raw = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    # The library skips characters it does not know and ignores trailing bits: only a text that
    # encodes back to itself has one reading.
    if urlsafe_b64encode(raw).rstrip(b"=") != text:
        raise ValueError("not canonical base64url without padding")
    return raw


def parse_json_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`: UTF-8, no duplicate members at any depth, no NaN, no Infinity.

    At most MAX_DEPTH arrays and objects may stand within each other.
    """
    text = raw.decode("utf-8")
    _check_depth(text)
    value = json.loads(text, object_pairs_hook=_unique, parse_constant=_not_json)
    if not isinstance(value, dict):
        raise ValueError(f"a JSON object was expected, not a {type(value).__name__}")
    return value


def _check_depth(text: str) -> None:
    """A limit of our own: Python's depends on how deep the caller stands, so doors would differ."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
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
