"""E-mail addresses, each in one spelling, so that one person cannot be two accounts."""

import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from app.accounts.models import MAX_EMAIL

# No mail is sent to it, so it need not be reachable: `admin@localhost` is an account on a laptop.
SPECIAL_USE_DOMAIN_NAMES.clear()


def normalise_email(text: str) -> str:
    """The address in lower case, NFC, its domain in Unicode; ValueError when it is none.

    Whether mail reaches it is not asked: that takes the network, and a message.
    """
    if len(text) > 2 * MAX_EMAIL:  # before NFC, which is quadratic in a run of combining marks
        raise ValueError(f"an e-mail address has at most {MAX_EMAIL} characters")
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        # The library's reason repeats parts of what was sent.
        raise ValueError("this is no e-mail address; one looks like ada@example.com") from None
    # Lower case can take a text out of NFC: J with a caron is two characters, j with one is one.
    address = unicodedata.normalize("NFC", found.normalized.lower())
    if len(address) > MAX_EMAIL:
        raise ValueError(f"an e-mail address has at most {MAX_EMAIL} characters")
    return address
