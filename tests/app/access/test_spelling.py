"""Questions about several paths at once, answered by the automata and, once more, by trying all."""

import re
from functools import cache
from itertools import product

from hypothesis import example as also
from hypothesis import given, settings
from hypothesis import strategies as st

from app.access.spelling import SEGMENT, Pattern, Spelling, example, may_meet
from tests.authorizer.iam import matches

LETTERS = "ab/"
PLACES = st.lists(st.sampled_from(["a", "b", "/", "ab", "ba", "a/", "ab/"]), max_size=4).map(tuple)
SPELLINGS = st.builds(Spelling, PLACES, st.booleans())
PATTERNS = st.builds(
    lambda text, star: Pattern(text + "*" * star),
    st.text(alphabet="ab/?", max_size=5),
    st.booleans(),
)
LONGEST = 7
TEXTS = ["".join(text) for n in range(LONGEST + 1) for text in product(LETTERS, repeat=n)]
slow = settings(max_examples=300, derandomize=True, database=None, deadline=None)


def takes(spelling: Spelling, text: str) -> bool:
    return _expression(spelling).fullmatch(text) is not None


@cache
def _expression(spelling: Spelling) -> re.Pattern[str]:
    return re.compile(spelling.regex)


@slow
@given(SPELLINGS, st.lists(PATTERNS, max_size=2), st.lists(SPELLINGS, max_size=3))
@also(Spelling(("a",), tail=True), [], [Spelling(("a", "a")), Spelling(("a", "b"))])
def test_an_example_is_found_if_and_only_if_there_is_one(
    of: Spelling, within: list[Pattern], besides: list[Spelling]
) -> None:
    fitting = {
        text
        for text in TEXTS
        if takes(of, text)
        and all(matches(pattern.text, text) for pattern in within)
        and not any(takes(other, text) for other in besides)
    }
    found = example(of, *within, besides=besides)
    if found is None:
        assert not fitting
    elif set(found) <= set(LETTERS) and len(found) <= LONGEST:
        assert found in fitting
    else:
        assert takes(of, found)
        assert all(matches(pattern.text, found) for pattern in within)
        assert not any(takes(other, found) for other in besides)


@slow
@given(SPELLINGS)
def test_a_resource_matches_all_that_its_spelling_takes(spelling: Spelling) -> None:
    assert all(matches(spelling.resource, text) for text in TEXTS if takes(spelling, text))


@slow
@given(SPELLINGS, SPELLINGS)
def test_what_may_not_meet_shares_no_text(one: Spelling, other: Spelling) -> None:
    if not may_meet(one.resource, other.resource):
        assert not [text for text in TEXTS if takes(one, text) and takes(other, text)]


def test_what_a_spelling_says_as_an_expression_its_automaton_says_too() -> None:
    for spelling in (Spelling(("a", "ab"), tail=True), Spelling(("ab", "/", "a"))):
        for text in TEXTS:
            state: int | None = 0
            for character in text:
                state = spelling.step(state, character)
            assert spelling.takes(state) is takes(spelling, text), text


def test_every_character_of_a_segment_may_stand_in_a_tail() -> None:
    assert takes(Spelling((), tail=True), SEGMENT)
