"""Passwords: what may be one, and its argon2id hash (OWASP Password Storage Cheat Sheet).

The only file that touches passlib, here from its maintained fork libpass.
"""

import logging
import secrets
import unicodedata
from base64 import b64encode
from enum import Enum, auto
from typing import Annotated

from passlib.context import CryptContext

from app.accounts.hashing_slots import HashingSlots
from app.parts import part

_LOG = logging.getLogger("ostiary.passwords")

MIN_CHARACTERS, MAX_CHARACTERS = 15, 128  # NIST SP 800-63B-4 §3.1.1.2
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1  # OWASP's floor for argon2id
# What a stored hash may take, in KiB, in KiB times passes, and in lanes, each of which is a thread:
# more than RFC 9106's second recommended choice would let one login hold a core and its memory.
_MOST_KIB, _MOST_WORK, _MOST_LANES = 65_536, 3 * 65_536, 4


def normalise_password(text: str) -> str:
    """The password in NFC, verified whole; ValueError when it cannot be one.

    Of RFC 8265 §4.2 it takes NFC, and not the mapping of other spaces to U+0020.
    """
    # NFC shortens a text to a quarter at most, and is quadratic in a run of combining marks.
    if len(text) > 4 * MAX_CHARACTERS:
        raise ValueError(f"a password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters")
    password = unicodedata.normalize("NFC", text)
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise ValueError(f"a password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        raise ValueError("a password has no control characters and no lone surrogates")
    return password


class Verdict(Enum):
    """What a comparison found."""

    FITS = auto()
    FAILS = auto()
    DAMAGED = auto()  # what is stored is no hash: no password fits it, and someone must be told


class PasswordHasher:
    """Hashes and compares. Each call takes some 50 ms and 19 MiB, and waits for a slot of `slots`:
    under a server, call it in one of the password workers."""

    def __init__(self, slots: HashingSlots | None = None) -> None:
        self._slots = slots or HashingSlots()
        self._context = CryptContext(
            schemes=["argon2"],
            argon2__type="ID",
            argon2__memory_cost=MEMORY_KIB,
            argon2__time_cost=PASSES,
            argon2__parallelism=LANES,
        )
        self._nobodys_hash = _hash_of_nothing()

    def hash(self, password: str) -> str:
        """The hash of a password that `normalise_password` has passed, in PHC format."""
        hashed: str = self._slots.run(self._context.hash, password)
        return hashed

    def compare(self, text: str, stored: str | None) -> Verdict:
        """Whether `text` is the password behind `stored`, in the same time whatever the reason.

        `stored` is None where there is no such user. What cannot be a password, and a damaged
        hash, cost a comparison too.
        """
        try:
            password = normalise_password(text)
        except ValueError:
            password, stored = "", None
        against = self._nobodys_hash if stored is None else stored
        try:
            self._check_cost(against)
            matches = bool(self._slots.run(self._context.verify, password, against))
        except (ValueError, TypeError, NotImplementedError) as error:
            _LOG.error("A stored password hash is damaged: %s", type(error).__name__)
            self.compare(text, None)
            return Verdict.DAMAGED
        return Verdict.FITS if matches and stored is not None else Verdict.FAILS

    def _check_cost(self, stored: str) -> None:
        """ValueError or TypeError for what is no hash, or more than one, or would cost too much."""
        read = self._context.handler("argon2").from_string(stored)
        taken = (read.memory_cost, read.memory_cost * read.rounds, read.parallelism)
        most = (_MOST_KIB, _MOST_WORK, _MOST_LANES)
        if any(cost > limit for cost, limit in zip(taken, most, strict=True)):
            raise ValueError("what is stored would cost too much")

    def outdated(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters than today's."""
        return bool(self._context.needs_update(stored))


PasswordHasherDep = Annotated[PasswordHasher, part(PasswordHasher)]


def _hash_of_nothing() -> str:
    """A hash with today's parameters and a random digest: it costs a comparison, and never fits."""
    salt, digest = (b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"
