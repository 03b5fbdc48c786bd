"""Passwords that are guessed first: the common ones, what is made of them, and one's own address.

Nothing here is asked at a login: a password that was once accepted stays valid (NIST SP 800-63B-4
§3.1.1.2; OWASP ASVS 5.0, 6.2.4, 6.2.11 and 6.2.12).
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from app.accounts.passwords import MIN_CHARACTERS

PADDING = 4  # so many characters besides what is common make no password of it
SERVICE = "ostiary"

_LIST = Path(__file__).with_name("common_passwords.txt")
_SHORTEST = 3  # of a word of an address: too many honest passwords are made of shorter ones
_RUN = 4  # from here on, equal characters and neighbours on a keyboard are one piece
_ROWS = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890123456789"),
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujmikolp"),
)
_NEIGHBOURS = "\n".join((*_ROWS, *(row[::-1] for row in _ROWS)))
_YEAR = re.compile("(19|20)[0-9][0-9]")
_MEANT = str.maketrans("@$013457", "asoieast")  # p@ssw0rd

Pieces = Mapping[str, Sequence[str]]  # by their first `_SHORTEST` characters
LengthsAt = Callable[[str, int], Iterator[int]]  # of the pieces that stand there in a text


class _Common(NamedTuple):
    whole: frozenset[str]
    pieces: Pieces


def not_guessable(password: str, *about: str) -> str:
    """The password; ValueError, which says why, where an attacker tries it among the first.

    `about` are addresses and URLs that he knows: the account's own, the service's own. Neither
    case nor spaces nor punctuation makes a difference, nor do up to `PADDING` characters more.
    `normalise_password` has passed the password: the work grows with its length.
    """
    whole = folded(password)
    text = _legible(whole)
    # A mark that comes again and again, as a hyphen between words, pads once.
    padding = PADDING - len(set(whole) - set(text))
    if _is_repetition(whole, PADDING) or _is_repetition(text, padding):
        raise ValueError("this password is a short text written several times: choose another")
    own_at = partial(_pieces_at, _words_of((*about, SERVICE)))
    guessable = _is_made_of(text, padding, own_at, _common_at)
    if whole in _common().whole or (guessable and _is_made_of(text, padding, _common_at)):
        raise ValueError(
            "this password is a common one or made of common ones, which are tried first: choose "
            "another, such as five words drawn at random"
        )
    if guessable or _is_made_of(_without_digits(text), padding, own_at):
        raise ValueError(
            "this password is made of the account's own address or of this service's name: choose "
            "another, such as five words drawn at random"
        )
    return password


def folded(text: str) -> str:
    """Without what makes no difference to whoever guesses: width, ligatures, case."""
    return unicodedata.normalize("NFKC", text).casefold()


def _legible(text: str) -> str:
    """Without spaces and punctuation, but for the two marks that are written for letters."""
    if text.isalnum():
        return text
    return "".join(character for character in text if character.isalnum() or character in "@$")


def _without_digits(text: str) -> str:
    return "".join(character for character in text if not character.isdigit())


def _is_repetition(text: str, padding: int) -> bool:
    """Whether a text shorter than any password, again and again, is all but the last `padding`."""
    for end in range(len(text), len(text) - padding - 1, -1):
        whole = text[:end]
        for period in range(1, min(MIN_CHARACTERS - 1, len(whole) // 2) + 1):
            if whole[period:] == whole[:-period]:
                return True
    return False


def _is_made_of(text: str, padding: int, *pieces: LengthsAt) -> bool:
    """Whether pieces one after the other, and at most `padding` characters besides, are `text`.

    Of what is no longer than the padding nothing is said: there may be no piece in it.
    """
    if len(text) <= padding:
        return False
    meant = text.translate(_MEANT)
    # How many characters of text[:end] are in no piece, at best.
    besides: list[int] = [*range(len(text) + 1)]
    for start in range(len(text)):
        besides[start + 1] = min(besides[start + 1], besides[start] + 1)
        if besides[start] > padding:
            continue
        for lengths_at, spelling in product(pieces, {text, meant}):
            for length in lengths_at(spelling, start):
                besides[start + length] = min(besides[start + length], besides[start])
    return besides[-1] <= padding


def _common_at(text: str, start: int) -> Iterator[int]:
    yield from _pieces_at(_common().pieces, text, start)
    for length in (_equals_at(text, start), _neighbours_at(text, start)):
        if length >= _RUN:
            yield length
    if _YEAR.match(text, start):
        yield 4


def _pieces_at(pieces: Pieces, text: str, start: int) -> Iterator[int]:
    for piece in pieces.get(text[start : start + _SHORTEST], ()):
        if text.startswith(piece, start):
            yield len(piece)


def _equals_at(text: str, start: int) -> int:
    rest = text[start:]
    return len(rest) - len(rest.lstrip(rest[0]))


def _neighbours_at(text: str, start: int) -> int:
    end = start + _RUN
    while end <= len(text) and text[start:end] in _NEIGHBOURS:
        end += 1
    return end - 1 - start


def _words_of(known: Iterable[str]) -> Pieces:
    return _by_beginning(piece for address in known for piece in _pieces_of(address))


def _pieces_of(known: str) -> Iterator[str]:
    """The words of an address or URL, and its two sides, each with its digits and without."""
    local, _, domain = known.rpartition("@")
    if "://" in domain:
        domain = urlsplit(domain).hostname or ""
    *labels, _ = domain.split(".")  # the last one, com, is in too many words
    spaced = "".join(letter if letter.isalnum() else " " for letter in " ".join((local, *labels)))
    for piece in (*spaced.split(), *labels, local, domain, local + domain):
        plain = _legible(folded(piece))
        yield plain
        yield _without_digits(plain)


def _by_beginning(pieces: Iterable[str]) -> Pieces:
    found = defaultdict(list)
    for piece in pieces:
        if len(piece) >= _SHORTEST:
            found[piece[:_SHORTEST]].append(piece)
    return found


@cache
def _common() -> _Common:
    """The list, read when it is first needed, which is at no import and at no login."""
    with _LIST.open(encoding="utf-8") as lines:
        entries = [line.rstrip("\n") for line in lines if not line.startswith("# ")]
    return _Common(frozenset(entries), _by_beginning(map(_legible, entries)))
