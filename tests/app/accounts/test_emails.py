"""E-mail addresses: one spelling for one address, and no long work for a long text."""

import unicodedata

import pytest

from app.accounts import emails
from app.accounts.emails import normalise_email

# Upper-case letters whose lower case is one character where the letter itself is two.
DRAWN_TOGETHER = ("J\u030c", "H\u0331", "T\u0308", "W\u030a", "Y\u030a", "A\u02be")


@pytest.mark.parametrize("letter", DRAWN_TOGETHER)
def test_lower_case_does_not_split_one_address_into_two(letter: str) -> None:
    address = normalise_email(f"{letter}@example.com")
    assert unicodedata.is_normalized("NFC", address)
    assert normalise_email(address) == address
    small = unicodedata.normalize("NFC", letter.lower())
    assert normalise_email(f"{small}@example.com") == address


def test_a_long_text_is_refused_before_it_is_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_late(*_: object, **__: object) -> None:
        pytest.fail("the library was asked")

    monkeypatch.setattr(emails, "validate_email", too_late)
    with pytest.raises(ValueError, match="at most 254 characters"):
        normalise_email("a" + "\u0301\u0323" * 15_000 + "@example.com")
