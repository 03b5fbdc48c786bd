"""What an issuer may be called, and where something may be fetched from."""

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from app.tokens.urls import check_issuer, check_url, on_loopback

steady = settings(max_examples=300, deadline=None, database=None)
LOOPBACK = (
    "http://127.0.0.1:8000",
    "http://127.255.0.1",
    "http://localhost",
    "http://LocalHost",
    "http://localhost:65535/path",
    "http://[::1]:8000",
)
BOTH = (
    "https://example.com",
    "https://example.com/",
    "https://id.example.com:8443/tenant/a-b_c.d~e",
    "https://192.0.2.1",
    "https://[2001:db8::1]",
    "https://EXAMPLE.com:1",
    "https://example.com:65535",
    "https://example.com.",
    "https://a-b.c--d.example",
    "https://[::ffff:192.0.2.1]",
    f"https://{'a' * 63}.example.com",
    *LOOPBACK,
)
NEITHER = (
    "",
    "ostiary",
    "example.com",
    "//example.com",
    "http://example.com",
    "http://10.0.0.1",
    "http://0.0.0.0",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://127.1",
    "http://2130706433",
    "http://0x7f.0.0.1",
    "http://[::2]",
    "http://[::]",
    "http://localhost.",
    "HTTPS://example.com",
    "ftp://example.com",
    "file:///etc/passwd",
    "file://127.0.0.1/keys",
    "httpss://example.com",
    "https:example.com",
    "https:/example.com",
    "https://",
    "https:///path",
    "https://:8000",
    "https://user@example.com",
    "https://user:password@example.com",
    "http://127.0.0.1@example.com",
    "http://127.0.0.1:80@example.com",
    "https://example.com#fragment",
    "https://example.com/#",
    "https://example.com/path#fragment",
    "https://example.com:port",
    "https://example.com:99999",
    "https://example.com:65536",
    "https://example.com:0",
    "https://example.com:-1",
    "https://example.com:+1",
    "https://exämple.com",
    "https://example.com/ä",
    "https://example.com\\path",
    "https://example.com/\\path",
    "https://example.com\n",
    "https://example.com/\n",
    "https://exam\tple.com",
    "https://example.com/a\0b",
    "https://example.com/\x7f",
    " https://example.com",
    "https://example.com ",
    "https://example.com/a b",
    "https://exam ple.com",
    "https://[::1",
    "https://::1]",
    "https://[::1%eth0]",
    "https://[not:an:address]",
    "https://exa[mple.com",
    "https://exa%6dple.com",
    f"https://{'a' * 64}.example.com",
    "https://[1:2]",
    "https://[1::2::3]",
    "https://[::12345]",
    "https://.",
    "https://a..example.com",
    "https://.example.com",
    "https://example.com..",
    "https://-a.example.com",
    "https://a-.example.com",
    "https://a.-example.com",
    "https://a.example-.com",
    "https://-",
    "https://[192.0.2.1]",
    "http://[127.0.0.1]",
    "http://[::1].example.com",
    "http://example.com[::1]",
    "http://localhost-.example.com",
    "http://999.0.0.127",
    "http://127.0.0.1.",
    "http://localhosts",
)
ADDRESSES = (
    "https://example.com?query",
    "https://example.com/?query",
    "https://example.com/a?b=c&d=%20~",
    "https://example.com/%2e",
    "https://example.com/a:b@c!$&'()*+,;=",
    "http://127.0.0.1:1/jwks.json?a?b",
)


@pytest.mark.parametrize("url", BOTH)
def test_an_issuer_or_address_is_an_https_url_or_http_on_a_loopback_host(url: str) -> None:
    assert check_issuer(url) == url
    assert check_url(url) == url


@pytest.mark.parametrize("url", NEITHER)
def test_anything_else_is_neither(url: str) -> None:
    with pytest.raises(ValueError, match="the issuer must be an https URL without user, query or"):
        check_issuer(url)
    with pytest.raises(ValueError, match="an https URL without user or fragment was expected, or"):
        check_url(url)


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_may_have_a_query_and_an_odd_path_where_an_issuer_may_not(url: str) -> None:
    assert check_url(url) == url
    with pytest.raises(ValueError, match="the issuer must be"):
        check_issuer(url)


@pytest.mark.parametrize("character", [*map(chr, range(0x21)), "#", "\x7f", "\x80", "\xa0", "é"])
def test_no_query_holds_what_ends_it_or_breaks_a_line(character: str) -> None:
    for url in (f"https://example.com/?a{character}b", f"https://example.com/?{character}"):
        with pytest.raises(ValueError, match="without user or fragment"):
            check_url(url)


@pytest.mark.parametrize("check", [check_issuer, check_url])
def test_a_refused_url_is_told_on_one_line_and_cut_off(check: object) -> None:
    assert callable(check)
    for url in ("https://example.com/\n" * 100, "\ud800", "x" * 10_000):
        with pytest.raises(ValueError, match=r"\A[ -~…]{0,250}\Z"):
            check(url)


@pytest.mark.parametrize("check", [check_issuer, check_url])
@pytest.mark.parametrize(
    "url",
    [
        "https://user:s3cret@example.com/jwks.json",
        "https://user:pa/s3cret@example.com/",
        "https:user:s3cret@example.com",
        "user:s3cret@example.com",
        "https://user:a@s3cret\n@example.com",
    ],
)
def test_a_password_in_a_url_is_not_repeated(check: object, url: str) -> None:
    assert callable(check)
    with pytest.raises(ValueError, match="without user") as refused:
        check(url)
    assert "s3cret" not in str(refused.value)
    assert "***@" in str(refused.value)


@pytest.mark.parametrize("host", ["evil.example.com[::1]", "[::1].evil.example.com", "a[::1]b"])
def test_a_loopback_address_beside_another_host_is_no_host(host: str) -> None:
    for check in (check_issuer, check_url):
        with pytest.raises(ValueError, match="an https URL without"):
            check(f"http://{host}/")


def test_loopback_is_this_machine_and_no_other() -> None:
    assert all(on_loopback(issuer) for issuer in LOOPBACK)
    for issuer in ("https://example.com", "http://10.0.0.1", "http://0.0.0.0", "https://", ""):
        assert on_loopback(issuer) is False
    for issuer in ("http://[::2]", "http://[::]", "https://[2001:db8::1]", "http://host9"):
        assert on_loopback(issuer) is False


@pytest.mark.parametrize("user", ["localhost", "127.0.0.1", "127.0.0.1:80", "[::1]"])
def test_a_loopback_host_that_is_a_user_s_name_is_no_host(user: str) -> None:
    assert on_loopback(f"http://{user}@example.com/") is False


@seed(1)
@steady
@given(st.text("htps:/[]@#?%\\.localhost127 \n\0é-", max_size=30) | st.text(max_size=10))
def test_any_text_is_a_url_or_a_value_error(rest: str) -> None:
    for url in (rest, f"http://{rest}", f"https://{rest}", f"http://127.0.0.1{rest}"):
        for check in (check_issuer, check_url):
            try:
                assert check(url) == url
            except ValueError:
                continue
            assert url.isascii()
            assert url.isprintable()
            assert not set(url) & set(" #\\") or "?" in url
            assert "@" not in url.split("?")[0].split("/")[2]
