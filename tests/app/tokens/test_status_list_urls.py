"""The uri of a status list: a base, a slash and an id, in one spelling."""

import uuid

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from app.tokens.urls import check_status_list_base, is_status_list_uri, status_list_uri

steady = settings(max_examples=300, deadline=None, database=None)
BASE = "https://api.example.com/prod/status-lists"
ID = "6f2d1c1e-7a51-4f6c-9a3c-0d6c1be5a001"
URI = f"{BASE}/{ID}"
OTHERS = {
    "the base": BASE,
    "nothing": "",
    "a slash behind": f"{URI}/",
    "two slashes": f"{BASE}//{ID}",
    "no slash": f"{BASE}{ID}",
    "another host": URI.replace("api.", "apis."),
    "a host in front": f"https://evil.example/{URI}",
    "a longer host": URI.replace("example.com", "example.com.evil.example"),
    "the host in capitals": URI.replace("api.example.com", "API.example.com"),
    "another scheme": URI.replace("https:", "http:"),
    "the scheme in capitals": URI.replace("https:", "HTTPS:"),
    "the default port": URI.replace(".com/", ".com:443/"),
    "a user": URI.replace("https://", "https://api.example.com@"),
    "a query": f"{URI}?a=b",
    "an empty query": f"{URI}?",
    "a fragment": f"{URI}#a",
    "an empty fragment": f"{URI}#",
    "an id in capitals": f"{BASE}/{ID.upper()}",
    "an id in braces": f"{BASE}/{{{ID}}}",
    "an id without hyphens": f"{BASE}/{ID.replace('-', '')}",
    "an id cut short": URI[:-1],
    "an id too long": f"{URI}0",
    "an id of other letters": f"{URI[:-1]}g",
    "an id of other digits": f"{URI[:-1]}\N{ARABIC-INDIC DIGIT ONE}",
    "dots": f"{BASE}/../status-lists/{ID}",
    "one dot": f"{BASE}/./{ID}",
    "dots escaped": f"{BASE}/%2e%2e/status-lists/{ID}",
    "dots behind": f"{URI}/..",
    "a slash escaped": f"{BASE}%2F{ID}",
    "a letter escaped": URI.replace("status", "%73tatus"),
    "another folder": f"{BASE}/a/{ID}",
    "a backslash": f"{BASE}\\{ID}",
    "a line break behind": f"{URI}\n",
    "a line break in front": f"\n{URI}",
    "a space behind": f"{URI} ",
    "a zero byte behind": f"{URI}\0",
    "a parameter": f"{BASE};a=b/{ID}",
}


def test_a_list_is_named_by_its_base_and_its_id() -> None:
    assert status_list_uri(BASE, ID) == URI
    assert is_status_list_uri(BASE, URI)
    for base in ("http://127.0.0.1:8000/status-lists", "https://lists.example.com"):
        assert is_status_list_uri(base, status_list_uri(base, ID))


@pytest.mark.parametrize("name", OTHERS)
def test_another_spelling_is_no_list(name: str) -> None:
    assert not is_status_list_uri(BASE, OTHERS[name])


def test_a_dot_of_the_base_stands_for_no_other_letter() -> None:
    assert not is_status_list_uri(BASE, URI.replace("api.example", "api-example"))


@seed(4)
@steady
@given(st.uuids())
def test_every_uuid_names_a_list(number: uuid.UUID) -> None:
    assert is_status_list_uri(BASE, status_list_uri(BASE, str(number)))


@seed(5)
@steady
@given(st.data())
def test_a_changed_uri_is_that_of_another_list_or_of_none(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(URI)))
    changed = URI[:place] + data.draw(st.text("a0-/.%AZ:@?# \n", max_size=2))
    changed += URI[place + data.draw(st.integers(0, 2)) :]
    if is_status_list_uri(BASE, changed):
        assert changed.removeprefix(f"{BASE}/") == str(uuid.UUID(changed[-36:]))


@pytest.mark.parametrize("list_id", ["", "1", ID.upper(), f"{ID}/", f"{ID}\n", f"../{ID}"])
def test_an_id_that_is_none_is_refused(list_id: str) -> None:
    with pytest.raises(ValueError, match="a lower-case UUID"):
        status_list_uri(BASE, list_id)


@pytest.mark.parametrize(
    "base",
    [
        *("", "off", "/status-lists", "http://api.example.com", f"{BASE}/", f"{BASE}?", f"{BASE}#"),
        *(f"{BASE}?a=b", f"{BASE}#a", f"{BASE}\n", f" {BASE}", "https://api.example.com:0/a"),
        *("https://user:s3cret@api.example.com", "https://", "https://a b", f"{BASE}/%2e"),
        f"{BASE}/{'a' * 200}",
    ],
)
def test_a_base_that_is_none_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="the base URL of the status lists must be") as refused:
        check_status_list_base(base)
    assert "s3cret" not in str(refused.value)
    with pytest.raises(ValueError, match="the base URL of the status lists must be"):
        status_list_uri(base, ID)


def test_the_longest_base_gives_a_uri_that_a_token_may_carry() -> None:
    base = f"https://api.example.com/{'a' * 194}"
    assert len(status_list_uri(base, ID)) == 255
    with pytest.raises(ValueError, match="of at most 218 characters"):
        check_status_list_base(f"{base}a")
