"""The rule for a raw path, against the same rule written a second time from RFC 3986."""

from string import ascii_letters, digits, hexdigits

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.request_rules import is_one_spelling

UNRESERVED = ascii_letters + digits + "-._~"  # RFC 3986 §2.3
PCHAR = UNRESERVED + "!$&'()*+,;=" + ":@"  # §3.3, less the escapes
PIECES = st.one_of(
    st.sampled_from(
        [b"/", b"//", b".", b"..", b"/.", b"/../", b"%", b"%2", b"%2F", b"%2f", b"%5c"]
    ),
    st.sampled_from(
        [b"notes", b"%6Eotes", b"%25", b"%2541", b"%0A", b"%7f", b"\\", b"..;", b"?", b"\n"]
    ),
    st.integers(0, 255).map(lambda octet: bytes([octet])),
    st.integers(0, 255).map(lambda octet: b"%%%02x" % octet),
    st.integers(0, 255).map(lambda octet: b"%%%02X" % octet),
)
PATHS = st.lists(PIECES, max_size=12).map(b"".join)


def reads_one_way(raw_path: bytes) -> bool:
    """The rule, in other words: no such escape, no empty, `.` or `..` segment."""
    if raw_path == b"/":
        return True
    root, *segments = raw_path.decode("latin-1").split("/")
    return (
        root == ""
        and segments != []
        and all(segment not in ("", ".", "..") and is_segment(segment) for segment in segments)
    )


def is_segment(text: str) -> bool:
    at = 0
    while at < len(text):
        if text[at] != "%":
            if text[at] not in PCHAR:
                return False
            at += 1
            continue
        escape = text[at + 1 : at + 3]
        if len(escape) != 2 or any(digit not in hexdigits for digit in escape):
            return False
        octet = int(escape, 16)
        if octet < 0x20 or octet == 0x7F or chr(octet) in UNRESERVED + "/\\%":
            return False
        at += 3
    return True


@settings(max_examples=1500, derandomize=True, database=None, deadline=None)
@given(PATHS | PATHS.map(lambda path: b"/" + path))
@example(b"")
@example(b"/")
@example(b"/notes\n")
@example(b"/...")
@example(b"/a/..")
@example(b"/..a/.b")
@example(b"*")
def test_the_rule_is_what_rfc_3986_makes_of_it(raw_path: bytes) -> None:
    assert is_one_spelling(raw_path) == reads_one_way(raw_path)


@pytest.mark.parametrize("octet", range(256))
def test_every_octet_and_every_escape_of_one_is_judged(octet: int) -> None:
    for raw_path in (bytes([octet]), b"%%%02x" % octet, b"%%%02X" % octet):
        for path in (b"/" + raw_path, b"/a" + raw_path, b"/" + raw_path + b"a/b"):
            assert is_one_spelling(path) == reads_one_way(path), path


def test_a_long_path_takes_no_long_time_to_judge() -> None:
    for piece in (b"/a", b"a", b"%20", b"/..", b"%"):
        assert is_one_spelling(b"/" + piece * 30_000 + b"\x00") is False
