"""base64url (RFC 7515 §2) and JSON objects, each read in one spelling only.

Lenient decoders are where two readers of one token come to differ: what passes here is what every
strict reader sees. Both functions raise `ValueError`, whatever they are given.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NoReturn


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
    """The JSON object in `raw`: UTF-8, no duplicate members at any depth, no NaN, no Infinity."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_not_json)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError(f"a JSON object was expected, not a {type(value).__name__}")
    return value


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(members)
    if len(unique) != len(members):
        raise ValueError("a JSON object has two members of one name")
    return unique


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
