"""The rules for what a signed token says: its claims, its parties, its times; and for messages."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from app.tokens import errors
from app.tokens.errors import TokenError
from app.tokens.verify import Verifier
from tests.app.tokens.verifying import NOW, code_of, verifier
from tests.doors.forge import ABSENT, Forge, as_bytes, join
from tests.support import AUDIENCE, ISSUER, key_set

DAY = 86_400
TIMES = ("exp", "iat", "nbf", "auth_time")
IDENTIFIERS = ("sub", "jti", "client_id", "sid")
REQUIRED = ("iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope")


@pytest.fixture
def forge() -> Forge:
    return Forge("ES256", "user", NOW)


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b"{", b"\xff", b'{"exp":NaN}', b"{}{}"])
def test_the_payload_is_a_json_object(forge: Forge, payload: bytes) -> None:
    assert code_of(join(forge.header(), payload, forge.sign)) == "malformed_claims"


def test_the_payload_has_no_duplicate_members_at_any_depth(forge: Forge) -> None:
    payload = as_bytes(forge.claims())
    for more in (
        b',"sub":"user"}',
        b',"x":1,"x":1}',
        b',"x":{"y":1,"y":1}}',
        b',"x":[{"":1,"":1}]}',
    ):
        token = join(forge.header(), payload[:-1] + more, forge.sign)
        assert code_of(token) == "malformed_claims"


def test_the_payload_is_parsed_only_after_the_signature(forge: Forge) -> None:
    for payload in (b"", b"no json", b"{}", as_bytes(forge.claims(exp=0))):
        assert code_of(join(forge.header(), payload, lambda _: bytes(64))) == "bad_signature"


@pytest.mark.parametrize("claim", REQUIRED)
def test_every_required_claim_is_present(forge: Forge, claim: str) -> None:
    assert code_of(forge.token(**{claim: ABSENT})) == "missing_claim"


@pytest.mark.parametrize("claim", REQUIRED)
def test_a_required_claim_is_not_null(forge: Forge, claim: str) -> None:
    assert code_of(forge.token(**{claim: None})) == "invalid_claim"


@pytest.mark.parametrize("claim", TIMES)
@pytest.mark.parametrize("value", [None, "1", 1.0, 1e3, 1.5, True, False, [], {}, [NOW]])
def test_times_are_whole_numbers(forge: Forge, claim: str, value: object) -> None:
    assert code_of(forge.token(**{claim: value})) == "invalid_claim"


@pytest.mark.parametrize("claim", ["iss", "aud", "scope", *IDENTIFIERS])
@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], {}, ["x"], {"x": "y"}])
def test_strings_are_strings(forge: Forge, claim: str, value: object) -> None:
    assert code_of(forge.token(**{claim: value})) == "invalid_claim"


def test_the_audience_is_one_string_and_no_array(forge: Forge) -> None:
    assert code_of(forge.token(aud=[AUDIENCE])) == "invalid_claim"


@pytest.mark.parametrize("claim", IDENTIFIERS)
@pytest.mark.parametrize("value", ["u", "u" * 255, "a b", "Zoë", "客", "x\\y", '"'])
def test_identifiers_are_1_to_255_printable_characters(
    forge: Forge, claim: str, value: str
) -> None:
    assert code_of(forge.token(**{claim: value})) == "accepted"


@pytest.mark.parametrize("claim", IDENTIFIERS)
@pytest.mark.parametrize(
    "value", ["", " ", "   ", "u" * 256, "a\n", "a\tb", "\0", "\x7f", "\u202e", "\u00a0", "\ud800"]
)
def test_other_identifiers_are_refused(forge: Forge, claim: str, value: str) -> None:
    assert code_of(forge.token(**{claim: value})) == "invalid_claim"


@pytest.mark.parametrize("scope", ["", "a", "a b", "notes:read users:*", "!#[]~"])
def test_a_scope_is_words_parted_by_single_spaces(forge: Forge, scope: str) -> None:
    assert verifier().verify(forge.token(scope=scope)).scopes == set(scope.split())


@pytest.mark.parametrize("scope", [" ", " a", "a ", "a  b", "a\tb", "a\n", '"', "\\", "ä", "\0"])
def test_any_other_scope_is_refused(forge: Forge, scope: str) -> None:
    assert code_of(forge.token(scope=scope)) == "invalid_claim"


@pytest.mark.parametrize("amr", [None, "pwd", [1], [None], [["pwd"]], {}, {"pwd": 1}])
def test_the_authentication_methods_are_an_array_of_strings(forge: Forge, amr: object) -> None:
    assert code_of(forge.token(amr=amr)) == "invalid_claim"


@pytest.mark.parametrize(
    "issuer", ["", ISSUER + "/", ISSUER[:-1], ISSUER + "0", ISSUER.upper(), "https://x.example"]
)
def test_the_issuer_is_equal(forge: Forge, issuer: str) -> None:
    assert code_of(forge.token(iss=issuer)) == "wrong_issuer"


@pytest.mark.parametrize("audience", ["", AUDIENCE.upper(), AUDIENCE + " ", AUDIENCE[1:], "*"])
def test_the_audience_is_equal(forge: Forge, audience: str) -> None:
    assert code_of(forge.token(aud=audience)) == "wrong_audience"


BOUNDS: Mapping[str, tuple[dict[str, int], float, str]] = {
    "exp, its own second": ({"exp": NOW}, NOW, "accepted"),
    "exp, 4 s later": ({"exp": NOW}, NOW + 4, "accepted"),
    "exp, a moment before 5 s": ({"exp": NOW}, NOW + 4.999, "accepted"),
    "exp, 5 s later": ({"exp": NOW}, NOW + 5, "token_expired"),
    "exp, 6 s later": ({"exp": NOW}, NOW + 6, "token_expired"),
    "exp, a day and 5 s ahead": ({"exp": NOW + DAY + 5}, NOW, "accepted"),
    "exp, a moment more": ({"exp": NOW + DAY + 5}, NOW - 0.001, "lifetime_too_long"),
    "exp, a day and 6 s ahead": ({"exp": NOW + DAY + 6}, NOW, "lifetime_too_long"),
    "exp, a day ahead": ({"exp": NOW + DAY}, NOW, "accepted"),
    "iat, 5 s ahead": ({"iat": NOW + 5}, NOW, "accepted"),
    "iat, a moment more": ({"iat": NOW + 5}, NOW - 0.001, "token_not_yet_valid"),
    "iat, 6 s ahead": ({"iat": NOW + 6}, NOW, "token_not_yet_valid"),
    "nbf, 5 s ahead": ({"nbf": NOW + 5}, NOW, "accepted"),
    "nbf, a moment more": ({"nbf": NOW + 5}, NOW - 0.001, "token_not_yet_valid"),
    "nbf, 6 s ahead": ({"nbf": NOW + 6}, NOW, "token_not_yet_valid"),
    "iat, years ago": ({"iat": 0}, NOW, "accepted"),
    "nbf, years ago": ({"nbf": 0}, NOW, "accepted"),
    "auth_time, ahead": ({"auth_time": NOW + 60}, NOW, "accepted"),
}


@pytest.mark.parametrize(("claims", "now", "code"), BOUNDS.values(), ids=BOUNDS.keys())
def test_times_hold_to_the_second_with_5_s_leeway(
    forge: Forge, claims: dict[str, int], now: float, code: str
) -> None:
    assert code_of(forge.token(**claims), now) == code


@pytest.mark.parametrize("exp", [0, -1, -(10**30), 10**30, 10**300, 10**4000])
def test_times_out_of_all_bounds_are_refused(forge: Forge, exp: int) -> None:
    payload = as_bytes(forge.claims(exp="EXP")).replace(b'"EXP"', str(exp).encode())
    code = "lifetime_too_long" if exp > 0 else "token_expired"
    assert code_of(join(forge.header(), payload, forge.sign)) == code


def test_there_is_no_memory_of_verified_tokens(forge: Forge) -> None:
    moment = [NOW]
    door = Verifier(key_set("ES256"), issuer=ISSUER, audience=AUDIENCE, clock=lambda: moment[0])
    token = forge.token()
    assert door.verify(token).sub == "user"
    moment[0] += 605
    with pytest.raises(errors.TokenExpired):
        door.verify(token)


def test_a_verifier_demands_an_audience_and_a_fit_issuer() -> None:
    keys = key_set("ES256")
    with pytest.raises(ValueError, match="audience"):
        Verifier(keys, issuer=ISSUER, audience="")
    for issuer in ("", "http://example.com", "https://a@example.com", "https://example.com/?q"):
        with pytest.raises(ValueError, match="issuer must be"):
            Verifier(keys, issuer=issuer, audience=AUDIENCE)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "a\nforged"},
        {"iss": "a\nforged"},
        {"aud": "a\rforged"},
        {"exp": "\u2028"},
        {"iss": "ü"},
    ],
)
def test_a_message_repeats_nothing_that_could_forge_a_line_of_a_log(
    forge: Forge, claims: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(TokenError) as refused:
        verifier().verify(forge.token(**claims))
    assert str(refused.value).isprintable()
    assert str(refused.value).isascii()
    assert caplog.records == []


def test_a_message_is_short_however_long_the_token(forge: Forge) -> None:
    for token in (forge.headed(kid="k" * 5000), forge.token(iss="i" * 5000), "A" * 8000):
        with pytest.raises(TokenError) as refused:
            verifier().verify(token)
        assert len(str(refused.value)) < 300


def test_every_refusal_has_a_code_of_its_own() -> None:
    kinds = TokenError.__subclasses__()
    codes = {kind.code for kind in kinds}
    assert len(codes) == len(kinds) == 19
    assert TokenError.code not in codes
