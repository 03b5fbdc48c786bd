"""base64url and JSON objects, each read in one spelling only."""

import base64
import itertools
import json
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from app.tokens.encoding import base64url_decode, base64url_encode, parse_json_object

steady = settings(max_examples=300, deadline=None, database=None)
RFC_7515_APPENDIX_C = bytes([3, 236, 255, 224, 193])
keys = st.text(max_size=5)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)


def test_the_example_of_rfc_7515_appendix_c() -> None:
    assert base64url_encode(RFC_7515_APPENDIX_C) == "A-z_4ME"
    assert base64url_decode(b"A-z_4ME") == RFC_7515_APPENDIX_C


@seed(1)
@steady
@given(st.binary(max_size=200))
def test_what_is_encoded_decodes_to_itself(raw: bytes) -> None:
    text = base64url_encode(raw)
    assert base64url_decode(text.encode()) == raw
    assert text == base64.urlsafe_b64encode(raw).decode().rstrip("=")


@seed(2)
@steady
@given(st.binary(max_size=40) | st.text("AZaz09-_+/= \n.", max_size=12).map(str.encode))
def test_a_text_is_refused_or_the_only_spelling_of_what_it_means(text: bytes) -> None:
    try:
        raw = base64url_decode(text)
    except ValueError:
        return
    assert base64url_encode(raw).encode() == text


@pytest.mark.parametrize(
    "text",
    [
        *(b"A", b"AAAAA", b"AA==", b"AAA=", b"=", b"AB", b"AAB", b"A A", b" AA", b"AA\n", b"A\0A"),
        *(b"A+A/", b"AA*A", b"A.AA", b"\xff\xff", "éé".encode()),
    ],
)
def test_another_spelling_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the library's
        base64url_decode(text)


def by_definition(text: bytes) -> bytes | None:
    """What a lenient decoder makes of it, if that is spelled like this and in no other way."""
    try:
        raw = base64.urlsafe_b64decode(text + b"==")
    except ValueError:
        return None
    return raw if base64.urlsafe_b64encode(raw).rstrip(b"=") == text else None


def decoded(text: bytes) -> bytes | None:
    try:
        return base64url_decode(text)
    except ValueError:
        return None


def test_every_text_of_one_or_two_bytes_is_read_as_defined() -> None:
    for count in (1, 2):
        for text in map(bytes, itertools.product(range(256), repeat=count)):
            assert decoded(text) == by_definition(text), text


@pytest.mark.parametrize("before", [b"AA", b"zA", b"-_", b"A=", b"AAA", b"_-9", b"AA=", b"AAAA"])
def test_every_last_byte_is_read_as_defined(before: bytes) -> None:
    for text in (before + bytes(last) for last in itertools.product(range(256), repeat=1)):
        assert decoded(text) == by_definition(text), text


def test_every_last_pair_of_letters_is_read_as_defined() -> None:
    letters = bytes(range(0x20, 0x7F)) + b"\0\n\x80\xff"
    for pair in itertools.product(letters, repeat=2):
        for before in (b"Q", b"QU", b"QUJD"):
            text = before + bytes(pair)
            assert decoded(text) == by_definition(text), text


@seed(5)
@steady
@given(st.data())
def test_a_good_text_changed_is_read_as_defined(data: st.DataObject) -> None:
    text = bytearray(base64url_encode(data.draw(st.binary(max_size=40))).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text)))
        text[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    assert decoded(bytes(text)) == by_definition(bytes(text))


@seed(6)
@steady
@given(st.binary(max_size=8) | st.text("AQgwEIMUYckos048-_+/=!~ \n", max_size=9).map(str.encode))
def test_any_short_text_is_read_as_defined(text: bytes) -> None:
    assert decoded(text) == by_definition(text)


def test_nothing_is_the_spelling_of_nothing() -> None:
    assert base64url_decode(b"") == b""


@seed(3)
@steady
@given(st.dictionaries(keys, json_values, max_size=4))
def test_any_object_is_read_as_it_was_written(value: dict[str, Any]) -> None:
    assert parse_json_object(json.dumps(value).encode()) == value


@seed(4)
@steady
@given(st.binary(max_size=60) | st.text('{}[]":,\\u01 tnx', max_size=30).map(str.encode))
def test_any_bytes_are_an_object_or_a_value_error(raw: bytes) -> None:
    try:
        value = parse_json_object(raw)
    except ValueError:
        return
    assert isinstance(value, dict)


@pytest.mark.parametrize("kind", ["[]", '"x"', "1", "1.5", "true", "null"])
def test_json_that_is_no_object_is_refused_with_what_it_is(kind: str) -> None:
    with pytest.raises(ValueError, match=f"not a {type(json.loads(kind)).__name__}"):
        parse_json_object(kind.encode())


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":1,"a":2}',
        '{"a":1,"\\u0061":2}',
        '{"x":{"a":1,"a":2}}',
        '{"x":[[{"a":1,"a":2}]]}',
        '{"":1,"":1}',
        '{"x":{"a":1,"a":2},"x":1}',
    ],
)
def test_two_members_of_one_name_are_refused_at_any_depth(text: str) -> None:
    with pytest.raises(ValueError, match="two members of one name"):
        parse_json_object(text.encode())


def test_one_name_in_two_objects_is_no_duplicate() -> None:
    text = b'{"a":{"a":1},"b":[{"a":1},{"a":2}],"A":1}'
    assert parse_json_object(text) == json.loads(text)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_json_is_refused(constant: str) -> None:
    with pytest.raises(ValueError, match=f"{constant} is not JSON"):
        parse_json_object(f'{{"x":{constant}}}'.encode())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_other_encodings_than_utf_8_are_refused(encoding: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the library's
        parse_json_object('{"a":1}'.encode(encoding))


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b" ", b"{", b"{}}", b"{} {}", b"{'a':1}", b'{"a":1,}', b'{"a":01}', b'{"a":+1}'),
        *(
            b'{"a":"\n"}',
            b'{"\xff":1}',
            b'{"a":"\xed\xa0\x80"}',
            b"{}\0",
            b"//\n{}",
            b'{"a":"\\x41"}',
            b"{a:1}",
        ),
    ],
)
def test_broken_json_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the library's
        parse_json_object(raw)


@pytest.mark.parametrize("space", ["", " ", "\t", "\n", "\r", " \r\n\t "])
def test_white_space_of_json_may_stand_around_an_object(space: str) -> None:
    for text in (f"{space}{{}}", f"{{}}{space}", f"{space}{{{space}}}{space}"):
        assert parse_json_object(text.encode()) == {}


@pytest.mark.parametrize(
    "other",
    [
        *"\f\v\0\b\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u3000\ufeff\u200b",
        "x",
        ",",
        "{}",
    ],
)
def test_nothing_else_may_stand_around_an_object(other: str) -> None:
    for text in (
        f"{other}{{}}",
        f"{{}}{other}",
        f" {other} {{}}",
        f"{{}} {other} ",
        f"{{{other}}}",
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the library's
            parse_json_object(text.encode())


def test_of_all_characters_four_are_white_space() -> None:
    for character in map(chr, range(0x300)):
        for text in (f"{character}{{}}", f"{{}}{character}"):
            if character in " \t\n\r":
                assert parse_json_object(text.encode()) == {}
            else:
                with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the library's
                    parse_json_object(text.encode())


@pytest.mark.parametrize("behind", ["{}", "x", ",", "]", "null", " 1", "\t{}"])
def test_what_follows_an_object_is_told(behind: str) -> None:
    with pytest.raises(ValueError, match="something follows the JSON object"):
        parse_json_object(b'{"a":1}' + behind.encode())


@pytest.mark.parametrize(
    ("escape", "character"),
    [("\\ud800", "\ud800"), ("\\udc00", "\udc00"), ("\\ud83d\\ude00", "😀"), ("\\u0000", "\0")],
)
def test_an_escape_is_read_as_json_has_it_even_half_a_pair(escape: str, character: str) -> None:
    assert parse_json_object(f'{{"a":"{escape}"}}'.encode()) == {"a": character}


@pytest.mark.parametrize("raw", [b'{"x":' + b"[" * 100_000, b'{"x":' * 100_000, b"[" * 100_000])
def test_json_without_a_bottom_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json_object(raw)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"":', b"}"), (b'[{"":', b"}]")])
def test_64_arrays_and_objects_may_stand_within_each_other(opening: bytes, closing: bytes) -> None:
    def nested(depth: int) -> bytes:
        """An object around as many as make up this depth."""
        times, more = divmod(depth - 1, opening.count(b"[") + opening.count(b"{"))
        inner = b"[" * more + b"1" + b"]" * more
        return b'{"x":' + opening * times + inner + closing * times + b',"y":[[],[]]}'

    assert parse_json_object(nested(64))
    with pytest.raises(ValueError, match="nested too deeply, over 64"):
        parse_json_object(nested(65))


@pytest.mark.parametrize("before", ["[]", "{}", "[[]]", '{"a":{}}'])
def test_what_was_closed_before_makes_room_for_no_more(before: str) -> None:
    for depth in (63, 64, 100):
        deep = "[" * depth + "]" * depth
        nested = f'{{"y":[{",".join([before] * 99)}],"x":{deep}}}'.encode()
        if depth == 63:
            assert parse_json_object(nested)
        else:
            with pytest.raises(ValueError, match="nested too deeply, over 64"):
                parse_json_object(nested)


def test_only_depth_is_counted_and_no_bracket_inside_a_string() -> None:
    wide = {"x": [[{}] for _ in range(500)], "y": ["[" * 500, '\\"[{' * 500, "\\" * 3 + "[" * 99]}
    assert parse_json_object(json.dumps(wide).encode()) == wide


@pytest.mark.parametrize("quote", [b'"', b'\\"', b'"\\', b'\\\\"', b'"["'])
def test_a_string_without_an_end_is_refused_in_no_time(quote: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the library's
        parse_json_object(b'{"x":' + b"[" * 65 + quote * 300_000)


def test_a_number_of_too_many_digits_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the library's
        parse_json_object(b'{"x":' + b"9" * 5000 + b"}")
