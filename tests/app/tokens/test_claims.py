"""Claims as a type: into a payload, back out of it, and never changed."""

from typing import Any

import pytest

from app.tokens.claims import AccessClaims, StatusReference
from app.tokens.errors import InvalidClaim

REQUIRED = AccessClaims("i", "s", "a", 2, 1, "j", "c", "b:read a:read")
PAYLOAD = REQUIRED.to_payload()
PLACE = {"idx": 0, "uri": "https://api.example.com/status-lists/1"}
ODD: tuple[Any, ...] = (None, True, False, 0, 1, 1.5, "", "text", [], [PLACE])


def test_claims_survive_the_way_into_a_payload_and_back() -> None:
    status = StatusReference(7, "u")
    full = AccessClaims("i", "s", "a", 2, 1, "j", "c", "", 0, "sid", 1, ("pwd",), status)
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


def status_of(status: object) -> StatusReference | None:
    return AccessClaims.from_payload(PAYLOAD | {"status": status}).status


@pytest.mark.parametrize("idx", [0, 1, 2**20, 10**40])
@pytest.mark.parametrize("uri", ["u", "u" * 255, PLACE["uri"]])
def test_the_place_of_a_status_is_read(idx: int, uri: str) -> None:
    place = {"idx": idx, "uri": uri, "more": [1]}
    assert status_of({"status_list": place, "more": {}}) == StatusReference(idx, uri)


@pytest.mark.parametrize("status", [{}, {"other": PLACE}, {"statuslist": PLACE}])
def test_a_status_that_is_told_in_another_way_names_no_list(status: dict[str, Any]) -> None:
    assert status_of(status) is None


@pytest.mark.parametrize(
    "status",
    [
        *ODD,
        *({"status_list": value} for value in (*ODD, {})),
        *(
            {"status_list": PLACE | {"idx": value}}
            for value in (*ODD, {})
            if type(value) is not int
        ),
        *({"status_list": PLACE | {"idx": value}} for value in (-1, -(10**40), 0.0, "0")),
        *({"status_list": PLACE | {"uri": value}} for value in (*ODD, {}) if value != "text"),
        *({"status_list": PLACE | {"uri": value}} for value in ("u" * 256, " ", "u\n", "\ud800")),
        {"status_list": {"idx": 0}},
        {"status_list": {"uri": "u"}},
    ],
)
def test_a_status_that_names_no_place_is_refused(status: object) -> None:
    with pytest.raises(InvalidClaim) as refused:
        status_of(status)
    assert len(str(refused.value)) < 300
