"""An id in a path has one spelling, to the letter."""

import re

import pytest

from app.access.convertors import IdConvertor, TailConvertor

ID = "abcdefab-cdef-abcd-efab-cdefabcdefab"
PATTERN = re.compile(IdConvertor.regex)
TAIL = re.compile(TailConvertor.regex)


def test_the_canonical_text_is_an_id() -> None:
    for text in (
        ID,
        "01234567-89ab-cdef-0123-456789abcdef",
        "-".join("0" * n for n in (8, 4, 4, 4, 12)),
    ):
        assert PATTERN.fullmatch(text)
        assert IdConvertor().convert(text) == IdConvertor().to_string(text) == text
        assert len(IdConvertor.spelling.resource) == len(text)


@pytest.mark.parametrize("at", range(len(ID)))
def test_no_character_of_it_may_be_another(at: int) -> None:
    others = {ID[at].upper(), "g", "-", "", "0-", " ", "/", "\uff41", "_"} - {ID[at]}
    for other in others:
        assert not PATTERN.fullmatch(ID[:at] + other + ID[at + 1 :]), other


@pytest.mark.parametrize("text", ["a", "a.b", "a/b", "~/-/_", "$&'()*+,;=:@!", "...", "a/.."])
def test_a_tail_is_one_or_more_segments(text: str) -> None:
    assert TAIL.fullmatch(text)


@pytest.mark.parametrize(
    "text", ["", "/", "a/", "/a", "a//b", "a b", "é", "a%41", "a\n", "a?b", "\\"]
)
def test_a_tail_has_no_empty_segment_and_no_character_that_needs_an_escape(text: str) -> None:
    assert not TAIL.fullmatch(text)


def test_a_convertor_looks_in_an_arn_as_its_spelling_does() -> None:
    assert IdConvertor.spelling.resource == "-".join("?" * n for n in (8, 4, 4, 4, 12))
    assert TailConvertor.spelling.resource == "*"
