"""Which texts a path takes, and whether some text is of one path and of another.

A route's path is a row of places, each with the characters that may stand there, and perhaps a tail
of further segments. That is a small automaton, so a question about several paths at once has an
exact answer: walk all of them side by side, a character at a time.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import groupby
from string import ascii_letters, digits
from typing import NamedTuple

# What may stand in a segment without an escape (RFC 3986 §3.3).
SEGMENT = ascii_letters + digits + "-._~!$&'()*+,;=:@"


class Spelling(NamedTuple):
    """The characters that may stand at each place, and whether segments of any kind follow."""

    places: tuple[str, ...]
    tail: bool = False

    @classmethod
    def of(cls, text: str) -> "Spelling":
        """The spelling of one text alone."""
        return cls(tuple(text))

    def then(self, other: "Spelling") -> "Spelling":
        """This, and right behind it the other."""
        if self.tail:
            raise ValueError("nothing comes behind a tail")
        return Spelling(self.places + other.places, other.tail)

    @property
    def resource(self) -> str:
        """As the end of an execute-api ARN: `?` is any character, `*` any number of them."""
        return "".join(p if len(p) == 1 else "?" for p in self.places) + ("*" if self.tail else "")

    @property
    def regex(self) -> str:
        """As a regular expression."""
        runs = ((place, len(list(run))) for place, run in groupby(self.places))
        fixed = "".join(f"[{re.escape(place)}]{{{length}}}" for place, length in runs)
        segment = f"[{re.escape(SEGMENT)}]+"
        return fixed + (f"{segment}(?:/{segment})*" if self.tail else "")

    # As an automaton its states are the places passed; behind them, in a tail, whether the current
    # segment has a character yet.

    def next_characters(self, state: int) -> str:
        """What may come next."""
        if state < len(self.places):
            return self.places[state]
        if not self.tail:
            return ""
        return SEGMENT if state == len(self.places) else SEGMENT + "/"

    def step(self, state: int | None, character: str) -> int | None:
        """The state behind this character; None where it does not fit, or something before did."""
        if state is None or character not in self.next_characters(state):
            return None
        if state < len(self.places):
            return state + 1
        return len(self.places) + (character != "/")

    def takes(self, state: int | None) -> bool:
        """Whether the text that led here is complete."""
        return state == len(self.places) + self.tail


class Pattern(NamedTuple):
    """The end of a Resource: `?` is any one character; `*`, at the end alone, any run of them."""

    text: str

    def step(self, state: int | None, character: str) -> int | None:
        """The state behind this character; None where it does not match."""
        wanted = "" if state is None else self.text[state : state + 1]
        if wanted == "*":
            return state
        return state + 1 if state is not None and wanted in (character, "?") else None

    def takes(self, state: int | None) -> bool:
        """Whether the text that led here matches."""
        return state is not None and self.text[state:] in ("", "*")


def may_meet(one: str, other: str) -> bool:
    """Whether two resources, or their beginnings, differ in no character that both of them fix.

    False is final. True may be wrong: `?` stands for any character here, and in a path it does not.
    """
    for a, b in zip(one, other, strict=False):
        if "*" in (a, b):
            return True
        if a != b and "?" not in (a, b):
            return False
    return True


# Where each automaton is that still runs: of `besides`, with its place in the list.
_Walk = tuple[int, tuple[int, ...], tuple[tuple[int, int], ...]]
_MOST_STATES = 20_000


def example(of: Spelling, *within: Pattern, besides: Sequence[Spelling] = ()) -> str | None:
    """A shortest text of this spelling that the patterns match too, and nothing of `besides` takes.

    None when there is none; OverflowError when so many overlap that it would take minutes to say.
    """
    first: _Walk = (0, (0,) * len(within), tuple((at, 0) for at in range(len(besides))))
    seen, queue = {first}, deque([("", first)])
    while queue:
        text, (state, matching, others) = queue.popleft()
        if (
            of.takes(state)
            and all(map(Pattern.takes, within, matching))
            and not any(besides[at].takes(other) for at, other in others)
        ):
            return text
        for character, following in _steps(of, state, within, matching, besides, others):
            if following not in seen:
                seen.add(following)
                queue.append((text + character, following))
        if len(seen) > _MOST_STATES:
            raise OverflowError(f"over {_MOST_STATES} states")
    return None


def _steps(
    of: Spelling,
    state: int,
    within: Sequence[Pattern],
    matching: tuple[int, ...],
    besides: Sequence[Spelling],
    others: tuple[tuple[int, int], ...],
) -> Iterator[tuple[str, _Walk]]:
    """Each character that can come next, with the states behind it."""
    for character in of.next_characters(state):
        matched = [p.step(at, character) for p, at in zip(within, matching, strict=True)]
        following = of.step(state, character)
        if following is not None:
            met = [(at, besides[at].step(other, character)) for at, other in others]
            yield from _behind(character, following, matched, met)


def _behind(
    character: str,
    following: int,
    matched: Sequence[int | None],
    met: Sequence[tuple[int, int | None]],
) -> Iterator[tuple[str, _Walk]]:
    """Nothing where a pattern has ceased to match."""
    going = tuple(at for at in matched if at is not None)
    if len(going) == len(matched):
        yield character, (following, going, tuple((at, to) for at, to in met if to is not None))
