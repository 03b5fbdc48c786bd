"""What an access token says of its session: its id, its status, and when it must end."""

from typing import Any

import pytest

from app.tokens.claims import StatusReference
from app.tokens.errors import InvalidClaim
from tests.app.tokens.listing import URI
from tests.app.tokens.test_issue import ALL_SCOPES, LIFETIME, decoded, issued, issuer
from tests.app.tokens.verifying import NOW, verifier
from tests.support import ALGORITHMS

STATUS = StatusReference(7, URI)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_session_and_status_are_signed_and_verified(alg: str) -> None:
    token = issued(alg, sid="one", status=STATUS)
    _, payload = decoded(token)
    assert payload["sid"] == "one"
    assert payload["status"] == {"status_list": {"idx": 7, "uri": URI}}
    claims = verifier(alg).verify(token)
    assert (claims.sid, claims.status) == ("one", STATUS)


@pytest.mark.parametrize(
    "unfit",
    [
        {"sid": ""},
        {"sid": "a\nb"},
        {"sid": "s" * 256},
        {"status": StatusReference(-1, URI)},
        {"status": StatusReference(True, URI)},
        {"status": StatusReference(0, "")},
        {"status": StatusReference(0, "u" * 256)},
        {"status": StatusReference(None, URI)},  # type: ignore[arg-type]
    ],
)
def test_what_verify_would_refuse_of_a_session_is_not_signed(unfit: dict[str, Any]) -> None:
    with pytest.raises(InvalidClaim):
        issued(**unfit)


@pytest.mark.parametrize(
    ("expires_at", "exp"),
    [
        (NOW + 1, NOW + 1),
        (NOW + LIFETIME - 1, NOW + LIFETIME - 1),
        (NOW + LIFETIME, NOW + LIFETIME),
        (NOW + LIFETIME + 1, NOW + LIFETIME),
        (10**12, NOW + LIFETIME),
        (None, NOW + LIFETIME),
    ],
)
def test_a_token_does_not_outlive_its_session(expires_at: int | None, exp: int) -> None:
    _, payload = decoded(issued(expires_at=expires_at))
    assert (payload["iat"], payload["exp"]) == (NOW, exp)


@pytest.mark.parametrize("expires_at", [NOW, NOW - 1, 0, -1])
def test_a_session_without_life_gets_no_token(expires_at: int) -> None:
    with pytest.raises(ValueError, match=f"ends at {expires_at} has no life left"):
        issued(expires_at=expires_at)


def test_the_last_second_of_a_session_counts_on_a_clock_with_fractions() -> None:
    late = issuer(clock=lambda: NOW + 0.9)
    fit: dict[str, Any] = {"sub": "user", "client_id": "c", "scopes": ()}
    assert decoded(late.issue(**fit, expires_at=NOW + 1))[1]["exp"] == NOW + 1
    with pytest.raises(ValueError, match="no life left"):
        late.issue(**fit, expires_at=NOW)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_token_with_all_there_is_stays_under_one_and_a_half_kilobytes(alg: str) -> None:
    token = issued(
        alg,
        sub="00000000-0000-4000-8000-000000000000",
        scopes=ALL_SCOPES,
        auth_time=NOW,
        amr=("pwd", "otp"),
        sid="00000000-0000-4000-8000-000000000000",
        status=StatusReference(999_999, URI),
    )
    assert len(token) < 1500
