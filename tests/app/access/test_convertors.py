"""An id in a path has one spelling, to the letter."""

import re

import pytest

from app.access.convertors import IdConvertor

ID = "abcdefab-cdef-abcd-efab-cdefabcdefab"
PATTERN = re.compile(IdConvertor.regex)


def test_the_canonical_text_is_an_id() -> None:
    for text in (
        ID,
        "01234567-89ab-cdef-0123-456789abcdef",
        "-".join("0" * n for n in (8, 4, 4, 4, 12)),
    ):
        assert PATTERN.fullmatch(text)
        assert IdConvertor().convert(text) == IdConvertor().to_string(text) == text
        assert len(IdConvertor.arn_pattern) == len(text)


@pytest.mark.parametrize("at", range(len(ID)))
def test_no_character_of_it_may_be_another(at: int) -> None:
    others = {ID[at].upper(), "g", "-", "", "0-", " ", "/", "\uff41", "_"} - {ID[at]}
    for other in others:
        assert not PATTERN.fullmatch(ID[:at] + other + ID[at + 1 :]), other
