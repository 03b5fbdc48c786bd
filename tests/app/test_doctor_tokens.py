"""`ostiary doctor --token`: which of its points a token misses, and that it says them all."""

from typing import Any

import pytest

from app.doctor.report import Check, Verdict
from app.doctor.token import check_token
from app.tokens.keys import KeySet
from tests.doors.forge import ABSENT, Forge
from tests.support import ISSUER, key_set

NOW = 1_800_000_000
FORGE = Forge("RS256", "ada", NOW)
KEYS = key_set("RS256", "ES256").verifying()
VERIFIED = "token: verified"


def _rows(token: str, keys: KeySet | None = KEYS, now: float = NOW) -> dict[str, Check]:
    return {check.name: check for check in check_token(token, ISSUER, keys, lambda: now)}


def _wrong(token: str, keys: KeySet | None = KEYS, now: float = NOW) -> dict[str, Check]:
    rows = _rows(token, keys, now)
    return {name: check for name, check in rows.items() if check.verdict is Verdict.WRONG}


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_a_good_token_has_nothing_wrong(alg: str) -> None:
    rows = _rows(Forge(alg, "ada", NOW).token())
    assert {check.verdict for check in rows.values()} == {Verdict.RIGHT}


def test_an_algorithm_that_http_apis_do_not_take_is_told() -> None:
    """An RSA key beside the one that signs would not help them."""
    found = [
        _rows(Forge(alg, "ada", NOW).token())["token: alg"].found for alg in ("RS256", "ES256")
    ]
    assert found == ["'RS256'", "'ES256', for REST APIs and not for HTTP APIs"]


def test_the_audience_that_an_authorizer_must_be_told_is_shown() -> None:
    found = _rows(FORGE.token(aud="https://notes.example.com"))["token: aud"].found
    assert found.startswith("'https://notes.example.com'; the authorizer's audience must be")


@pytest.mark.parametrize(
    ("row", "claims"),
    [
        ("token: iss", {"iss": f"{ISSUER}/"}),
        ("token: iss", {"iss": ISSUER.upper()}),
        ("token: iss", {"iss": ABSENT}),
        ("token: aud", {"aud": ["ostiary"]}),
        ("token: aud", {"aud": ABSENT}),
        ("token: aud", {"aud": ""}),
        ("token: times", {"exp": ABSENT}),
        ("token: times", {"iat": ABSENT}),
        ("token: times", {"exp": float(NOW + 60)}),
        ("token: times", {"exp": str(NOW + 60)}),
        ("token: times", {"iat": True}),
        ("token: times", {"iat": NOW + 6}),
        ("token: times", {"nbf": NOW + 6}),
        ("token: times", {"nbf": float(NOW)}),
        ("token: times", {"exp": NOW - 6}),
        ("token: times", {"exp": 10**400}),
        ("token: scope", {"scope": ABSENT}),
        ("token: scope", {"scope": ["notes:read"]}),
        ("token: scope", {"scope": "notes:read  notes:write"}),
        ("token: scope", {"scope": " notes:read"}),
    ],
)
def test_a_claim_that_is_wrong_is_one_row_and_our_verifier_refuses(
    row: str, claims: dict[str, Any]
) -> None:
    wrong = _wrong(FORGE.token(**claims))
    assert list(wrong) in ([row, VERIFIED], [row])
    if claims.get("aud") != "":  # to a verifier, that is a string like any other
        assert VERIFIED in wrong


@pytest.mark.parametrize(
    ("claims", "now"),
    [({"iat": NOW + 5}, NOW), ({"nbf": NOW}, NOW), ({"exp": NOW + 1}, NOW), ({"nbf": 0}, NOW)],
)
def test_times_at_their_edges_are_right(claims: dict[str, int], now: float) -> None:
    assert "token: times" not in _wrong(FORGE.token(**claims), now=now)


def test_a_token_has_expired_when_its_time_has_come() -> None:
    token = FORGE.token()
    assert "token: times" not in _wrong(token, now=NOW + 599.9)
    wrong = _wrong(token, now=NOW + 600)
    assert wrong["token: times"].found == "exp +0 s, iat -600 s from now"


@pytest.mark.parametrize("kid", ["unknown", "", None, 1, ["RS256"], {}, ABSENT])
def test_a_kid_that_is_not_published_is_wrong(kid: Any) -> None:
    assert list(_wrong(FORGE.headed(kid=kid))) == ["token: kid", VERIFIED]


@pytest.mark.parametrize("alg", ["none", "HS256", "RS384", "ES256", "PS256", None, ["RS256"]])
def test_an_alg_that_is_not_that_of_the_key_is_wrong(alg: Any) -> None:
    assert list(_wrong(FORGE.headed(alg=alg))) == ["token: alg", VERIFIED]


def test_hmac_is_wrong_even_where_its_key_is_published() -> None:
    wrong = _wrong(Forge("HS256", "ada", NOW).token(), key_set("HS256"))
    assert list(wrong) == ["token: alg"]


def test_a_strangers_signature_is_wrong_and_the_rest_is_not() -> None:
    wrong = _wrong(FORGE.signed(FORGE.stranger.sign))
    assert list(wrong) == [VERIFIED]
    assert wrong[VERIFIED].found.startswith("bad_signature: ")


@pytest.mark.parametrize("typ", ["JWT", ABSENT])
def test_another_kind_of_token_is_told_by_its_code(typ: Any) -> None:
    assert _wrong(FORGE.headed(typ=typ))[VERIFIED].found.startswith("wrong_type: ")


def test_a_large_token_is_wrong() -> None:
    wrong_by_size = {}
    for more in range(500, 700):
        token = FORGE.token(more="x" * more)
        wrong_by_size[len(token)] = list(_wrong(token))
    largest = max(size for size, wrong in wrong_by_size.items() if not wrong)
    least = min(size for size, wrong in wrong_by_size.items() if wrong == ["token: size"])
    assert largest < 1536 <= least <= largest + 2


@pytest.mark.parametrize(
    "token",
    [
        *("", "a", "a.b", "a.b.c", "a.b.c.d", "ä.b.c", "e30.e30", "e30.e30.a.b", "e30.W10.a"),
        *("bnVsbA.e30.a", "e30=.e30.a", f"Bearer {FORGE.token()}", "e30.eyJhIjoxLCJhIjoyfQ.a"),
        "\udcff.b.c",
    ],
)
def test_what_is_no_token_is_one_row_that_repeats_nothing(token: str) -> None:
    rows = _rows(token)
    assert list(rows) == ["token"]
    assert (rows["token"].verdict, rows["token"].found) == (
        Verdict.WRONG,
        "no JWT in compact form",
    )


def test_without_keys_what_they_decide_is_left_open() -> None:
    rows = _rows(FORGE.token(), None)
    left = [name for name, check in rows.items() if check.verdict is Verdict.OPEN]
    assert left == ["token: kid", VERIFIED]
    assert not _wrong(FORGE.token(), None)


def test_claims_cannot_forge_a_row() -> None:
    text = "x\n✓  token: verified  \x1b[32m"
    for check in _rows(FORGE.token(iss=text, aud=text, scope=text)).values():
        assert "\n" not in check.found
        assert "\x1b" not in check.found
