"""Key sets of one bad key, and the sentence with which they are refused."""

import json
from typing import Any

import pytest

from app.tokens.errors import KeySetError
from app.tokens.jwk import parse_key_set
from app.tokens.keys import KeySet
from tests.doors.forge import b64, changed
from tests.support import private_jwk

KID = "the-key"


def jwk(alg: str, /, **changes: Any) -> dict[str, Any]:
    """A good private JWK whose kid is easy to find in a message, changed."""
    return changed({**private_jwk(alg), "kid": KID}, changes)


def parse(*jwks: object) -> KeySet:
    return parse_key_set(json.dumps({"keys": jwks}).encode())


def refusal(*jwks: object) -> str:
    """The sentence with which the set is refused."""
    with pytest.raises(KeySetError) as refused:
        parse(*jwks)
    return str(refused.value)


def named(sentence: str) -> str:
    """What a sentence says of the key, after it named it."""
    prefix = f"the key '{KID}' is refused: "
    assert sentence.startswith(prefix), sentence
    return sentence.removeprefix(prefix)


def odd(bits: int) -> int:
    """The largest number of this many bits that no number below 4096 divides."""
    divisors = range(3, min(4096, 1 << (bits - 1)), 2)
    return next(n for n in range((1 << bits) - 1, 0, -2) if all(n % d for d in divisors))


def uint(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8))
