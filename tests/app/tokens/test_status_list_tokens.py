"""Signed status lists: ours others read, theirs we read, and what is refused of the rest."""

import json
from typing import Any

import jwt
import pytest
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt

from app.tokens.errors import KeySetError, KeysUnavailable, StatusListError, TokenError
from app.tokens.issue import Issuer
from app.tokens.keys import KeySet
from app.tokens.status_list import (
    LIFETIME_SECONDS,
    MAX_LIST_BYTES,
    TTL_SECONDS,
    StatusListVerifier,
    pack,
    unpack,
)
from tests.app.tokens.listing import (
    EC,
    RAW,
    URI,
    list_claims,
    list_code_of,
    list_token,
    read,
)
from tests.app.tokens.verifying import NOW, code_of
from tests.doors.forge import ABSENT, Forge, join
from tests.doors.table import TABLE
from tests.support import ALGORITHMS, AUDIENCE, ISSUER, key_set, private_jwk

NOT_TEXT: tuple[Any, ...] = (None, True, 0, 1.5, [], {})
NOT_WHOLE: tuple[Any, ...] = (None, True, "", str(NOW), float(NOW), [], {})


def signed_list(alg: str = "ES256", raw: bytes = RAW) -> str:
    issuer = Issuer(
        key_set(alg), issuer=ISSUER, audience=AUDIENCE, lifetime=600, clock=lambda: NOW + 0.9
    )
    assert issuer.name == ISSUER
    return issuer.sign_status_list(uri=URI, raw=raw)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_what_we_sign_we_read(alg: str) -> None:
    found = read(signed_list(alg), alg)
    assert found == (URI, NOW, NOW + LIFETIME_SECONDS, TTL_SECONDS, RAW)
    assert (TTL_SECONDS, LIFETIME_SECONDS) == (15, 300)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_what_we_sign_joserfc_and_pyjwt_read(alg: str) -> None:
    jwk = Forge(alg, "user", NOW).public_jwk
    one = joserfc_jwt.decode(signed_list(alg), joserfc_jwk.import_key(jwk), algorithms=[alg])
    assert one.header == {"typ": "statuslist+jwt", "alg": alg, "kid": jwk["kid"]}
    options: Any = {"verify_exp": False, "verify_iat": False}
    other = jwt.decode(
        signed_list(alg), jwt.PyJWK(jwk), algorithms=[alg], issuer=ISSUER, options=options
    )
    assert other == one.claims
    assert one.claims == list_claims()


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("typ", ["statuslist+jwt", "application/statuslist+jwt"])
def test_what_joserfc_and_pyjwt_sign_we_read(alg: str, typ: str) -> None:
    jwk = private_jwk(alg)
    header = {"alg": alg, "kid": jwk["kid"], "typ": typ}
    one = joserfc_jwt.encode(header, list_claims(), joserfc_jwk.import_key(jwk), algorithms=[alg])
    other = jwt.encode(list_claims(), jwt.PyJWK(jwk).key, algorithm=alg, headers=header)
    for token in (one, other, one.encode()):
        assert read(token, alg) == (URI, NOW, NOW + 300, 15, RAW)


@pytest.mark.parametrize("alg", ["ES256", "HS256"])
def test_a_list_is_no_access_token_and_an_access_token_no_list(alg: str) -> None:
    """Though the same key has signed both, and the claims of one be those of the other."""
    forge = Forge(alg, "user", NOW)
    both = forge.claims() | list_claims(sub=URI)
    for typ in ("statuslist+jwt", "application/statuslist+jwt"):
        assert list_code_of(join(EC.header(typ=typ), EC.claims() | both, EC.sign)) == "accepted"
        assert code_of(join(EC.header(typ=typ), EC.claims() | both, EC.sign)) == "wrong_type"
    for typ in ("at+jwt", "application/at+jwt"):
        assert code_of(join(EC.header(typ=typ), EC.claims() | both, EC.sign)) == "accepted"
        assert list_code_of(join(EC.header(typ=typ), both, EC.sign)) == "wrong_type"
    assert code_of(signed_list()) == "wrong_type"


@pytest.mark.parametrize(
    "typ", [ABSENT, None, "", "JWT", "STATUSLIST+JWT", "statuslist+cwt", "statuslist", ["x"]]
)
def test_a_list_of_another_type_is_refused(typ: object) -> None:
    assert list_code_of(list_token(typ=typ)) == "wrong_type"
    with pytest.raises(TokenError, match=r"'statuslist\+jwt' \(draft-ietf-oauth-status-list\)"):
        read(list_token(typ=typ))


def test_no_access_token_of_the_table_passes_for_a_list() -> None:
    for row in TABLE:
        if "ES256" in row.families:
            assert list_code_of(row.build(EC)) != "accepted", row


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "malformed_token"),
        ("a.b", "malformed_token"),
        (b"\xff.a.b", "malformed_token"),
        (f"{list_token()}\n", "malformed_token"),
        (f" {list_token()}", "malformed_token"),
        (list_token(alg="none"), "wrong_algorithm"),
        (list_token(alg="HS256"), "wrong_algorithm"),
        (list_token(kid=ABSENT), "unknown_key"),
        (list_token(kid="other"), "unknown_key"),
        (list_token(zip="DEF"), "forbidden_header"),
        (list_token(crit=["exp"]), "forbidden_header"),
        (list_token(jwk=EC.stranger.public_jwk), "forbidden_header"),
        (list_token(forge=EC.stranger, kid=EC.jwk["kid"]), "bad_signature"),
        (list_token(b"[]"), "malformed_claims"),
        (list_token(b'{"iss":"a","iss":"b"}'), "malformed_claims"),
        (list_token(json.dumps(list_claims()).encode()[:-1]), "malformed_claims"),
        (f"{list_token()}{'A' * MAX_LIST_BYTES}", "token_too_large"),
    ],
)
def test_what_is_no_well_signed_list_is_refused(token: str | bytes, code: str) -> None:
    assert list_code_of(token) == code


@pytest.mark.parametrize("claim", ["iss", "sub", "iat", "exp", "ttl", "status_list"])
def test_each_claim_is_required(claim: str) -> None:
    assert list_code_of(list_token(list_claims(**{claim: ABSENT}))) == "missing_claim"


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        *(("iss", value) for value in NOT_TEXT),
        *(("sub", value) for value in NOT_TEXT),
        *((claim, value) for claim in ("iat", "exp", "ttl") for value in NOT_WHOLE),
        *(("ttl", value) for value in (0, -1, -(10**40))),
        *(("status_list", value) for value in (None, True, 1, "", pack(RAW), [], [1])),
        *(("status_list", {"bits": 1, "lst": value}) for value in NOT_TEXT),
        ("status_list", {"bits": 1}),
    ],
)
def test_a_claim_of_another_type_is_refused(claim: str, value: object) -> None:
    assert list_code_of(list_token(list_claims(**{claim: value}))) == "invalid_claim"


@pytest.mark.parametrize("bits", [2, 4, 8, 0, -1, 3, 1.0, True, "1", None, [1]])
def test_only_lists_of_one_bit_are_taken(bits: object) -> None:
    lst = {"bits": bits, "lst": pack(RAW)}
    assert "bits was expected to be 1" in list_code_of(list_token(list_claims(status_list=lst)))
    assert "bits was expected" in list_code_of(
        list_token(list_claims(status_list={"lst": pack(RAW)}))
    )


def test_what_is_packed_badly_is_refused() -> None:
    for lst in ("", "AAAA", f"{pack(RAW)}=", pack(bytes(MAX_LIST_BYTES + 1))):
        said = list_code_of(list_token(list_claims(status_list={"bits": 1, "lst": lst})))
        assert said.startswith("lst was expected to ")


@pytest.mark.parametrize(
    "iss", ["", "https://other.example", f"{ISSUER}/", ISSUER.upper(), f"{ISSUER} "]
)
def test_a_list_of_another_issuer_is_refused(iss: str) -> None:
    assert list_code_of(list_token(list_claims(iss=iss))) == "wrong_issuer"


@pytest.mark.parametrize("sub", ["", f"{URI}/", URI[:-1] + "2", URI.upper(), f"{URI}\n", "user"])
def test_a_list_of_another_name_is_refused(sub: str) -> None:
    assert "sub was expected to be" in list_code_of(list_token(list_claims(sub=sub)))


@pytest.mark.parametrize(
    ("times", "code"),
    [
        ({"exp": NOW}, "token_expired"),
        ({"exp": NOW - 1}, "token_expired"),
        ({"exp": 0}, "token_expired"),
        ({"exp": NOW + 1}, "accepted"),
        ({"exp": NOW + 86_400}, "accepted"),
        ({"exp": NOW + 86_401}, "lifetime_too_long"),
        ({"exp": 10**40}, "lifetime_too_long"),
        ({"iat": NOW + 5}, "accepted"),
        ({"iat": NOW + 6}, "token_not_yet_valid"),
        ({"iat": 0}, "accepted"),
    ],
)
def test_a_list_counts_from_its_iat_until_its_exp(times: dict[str, int], code: str) -> None:
    assert list_code_of(list_token(list_claims(**times))) == code


def test_a_list_that_expires_within_a_second_says_nothing_from_then_on() -> None:
    token = list_token(list_claims(exp=NOW + 1))
    assert list_code_of(token, NOW + 0.999) == "accepted"
    assert list_code_of(token, NOW + 1.0) == "token_expired"


def test_members_that_nobody_knows_change_nothing() -> None:
    more = {"bits": 1, "lst": pack(RAW), "aggregation_uri": "https://example.com", "x": [1]}
    token = list_token(list_claims(status_list=more, nobody={"knows": 1}), trace="abc")
    assert read(token).raw == RAW


def test_without_keys_no_list_is_judged() -> None:
    class Gone:
        def current(self) -> KeySet:
            raise KeysUnavailable("down")

        def after_unknown_kid(self) -> KeySet:
            raise KeysUnavailable("down")

    with pytest.raises(KeySetError, match="down"):
        StatusListVerifier(Gone(), issuer=ISSUER).verify(list_token(), URI)


def test_an_unfit_issuer_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="the issuer must be"):
        StatusListVerifier(key_set("ES256"), issuer="http://example.com")


def test_a_million_sessions_fit_and_more_than_a_token_may_hold_are_not_signed() -> None:
    from random import Random

    noise = Random(5).randbytes(800_000)  # noqa: S311 - the same bytes in each run, no secrets
    million = signed_list(raw=noise[:125_000])
    assert len(million) < MAX_LIST_BYTES
    assert read(million).raw == noise[:125_000]
    with pytest.raises(StatusListError, match="a signed list has at most"):
        signed_list(raw=noise)
    assert unpack(pack(noise), most=MAX_LIST_BYTES) == noise
