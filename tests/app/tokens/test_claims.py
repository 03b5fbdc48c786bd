"""Claims as a type: into a payload, back out of it, and never changed."""

import pytest

from app.tokens.claims import AccessClaims

REQUIRED = AccessClaims("i", "s", "a", 2, 1, "j", "c", "b:read a:read")


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
