"""Refresh tokens as bits: how many, what is stored of them, and how one follows from another."""

import base64
import hashlib
import hmac

import pytest

from app.sessions.opaque_tokens import hash_of, new_salt, new_token, successor_of

TOKEN = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"  # the bytes 0 to 31
SALT = bytes(range(32, 64))


def unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def bytes_of(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=")


def test_a_token_is_256_bits_that_never_come_again() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(bytes_of(token)) for token in tokens} == {32}
    assert all(len({bytes_of(token)[place] for token in tokens}) > 200 for place in range(32))
    assert len({new_salt() for _ in range(1000)}) == 1000
    assert len(new_salt()) == 32


def test_what_is_stored_is_the_sha_256_of_the_tokens_bytes() -> None:
    assert hash_of(TOKEN) == hashlib.sha256(bytes(range(32))).digest()


def test_the_successor_is_the_hmac_of_the_salt_under_the_token() -> None:
    block = bytes(range(32)).ljust(64, b"\0")  # RFC 2104 §2, written out
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + SALT).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()
    assert successor_of(TOKEN, SALT) == unpadded(outer)
    assert outer == hmac.new(bytes(range(32)), SALT, hashlib.sha256).digest()


def test_another_token_or_another_salt_gives_another_successor() -> None:
    reference = successor_of(TOKEN, SALT)
    assert successor_of(new_token(), SALT) != reference
    assert successor_of(TOKEN, new_salt()) != reference
    assert successor_of(TOKEN, b"") != reference


@pytest.mark.parametrize(
    "token",
    [
        *("", "A", "A" * 42, "A" * 44, "A" * 43 + "=", TOKEN[:-1] + "9", TOKEN + "\n"),
        *(" " + TOKEN, TOKEN.replace("E", "+"), TOKEN.replace("E", "/"), TOKEN + "\0"),
        *("é" * 43, "\udc00" * 43, "A" * 1_000_000, TOKEN + TOKEN, f"{TOKEN}.{TOKEN}"),
    ],
    ids=range(16),
)
def test_what_was_never_a_token_is_a_value_error(token: str) -> None:
    for read in (hash_of, lambda text: successor_of(text, SALT)):
        with pytest.raises(ValueError):  # noqa: PT011 - of any kind
            read(token)
