"""Claims as a type, and what an issuer may be called."""

import pytest

from app.tokens.claims import AccessClaims, check_issuer, on_loopback

REQUIRED = AccessClaims("i", "s", "a", 2, 1, "j", "c", "b:read a:read")
LOOPBACK = (
    "http://127.0.0.1:8000",
    "http://127.255.0.1",
    "http://localhost",
    "http://localhost:65535/path",
    "http://[::1]:8000",
)


def test_claims_survive_the_way_into_a_payload_and_back() -> None:
    full = AccessClaims("i", "s", "a", 2, 1, "j", "c", "", 0, "sid", 1, ("pwd",))
    for claims in (REQUIRED, full):
        payload = {**claims.to_payload()}
        payload |= {"amr": [*claims.amr]} if claims.amr else {}
        assert AccessClaims.from_payload(payload) == claims


def test_a_claim_that_is_not_set_stays_out_of_the_payload() -> None:
    assert set(REQUIRED.to_payload()) == {
        *("iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope")
    }


def test_scopes_are_the_words_of_the_scope() -> None:
    assert REQUIRED.scopes == {"a:read", "b:read"}


def test_claims_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        REQUIRED.scope = "users:write"  # type: ignore[misc]


@pytest.mark.parametrize(
    "issuer",
    [
        "https://example.com",
        "https://example.com/",
        "https://id.example.com:8443/tenant/a-b_c.d~e",
        "https://192.0.2.1",
        "https://[2001:db8::1]",
        *LOOPBACK,
    ],
)
def test_an_issuer_is_an_https_url_or_http_on_a_loopback_host(issuer: str) -> None:
    assert check_issuer(issuer) == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "ostiary",
        "example.com",
        "http://example.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://[::2]",
        "HTTPS://example.com",
        "ftp://example.com",
        "https://",
        "https:///path",
        "https://:8000",
        "https://user@example.com",
        "https://user:password@example.com",
        "https://example.com?query",
        "https://example.com/?query",
        "https://example.com#fragment",
        "https://example.com/%2e",
        "https://example.com:port",
        "https://example.com:99999",
        "https://example.com:0",
        "https://exämple.com",
        "https://example.com\n",
        " https://example.com",
        "https://example.com/a b",
        "https://[::1",
        "https://exa[mple.com",
    ],
)
def test_anything_else_is_no_issuer(issuer: str) -> None:
    with pytest.raises(ValueError, match="the issuer must be an https URL"):
        check_issuer(issuer)


def test_loopback_is_this_machine_and_no_other() -> None:
    assert all(on_loopback(issuer) for issuer in LOOPBACK)
    for issuer in ("https://example.com", "http://10.0.0.1", "http://0.0.0.0", "https://", ""):
        assert not on_loopback(issuer)
