"""The memory of header segments: it spares work, and changes no answer."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from app.tokens.errors import KeysUnavailable, TokenError
from app.tokens.jwk import parse_key_set
from app.tokens.jws import MAX_KNOWN_HEADERS, JwsVerifier
from app.tokens.keys import KeySet
from app.tokens.verify import Verifier
from tests.app.tokens.verifying import NOW
from tests.doors.forge import Forge
from tests.doors.row import FAMILIES
from tests.doors.table import TABLE
from tests.support import ALGORITHMS, AUDIENCE, ISSUER, key_set

steady = settings(max_examples=400, deadline=None, database=None)
EC = Forge("ES256", "user", NOW)
SAME_KID = {"kid": EC.jwk["kid"]}


class Changing:
    """Keys whose set is changed by the test: at each look, the next of `sets`, then the last."""

    def __init__(self, *sets: KeySet) -> None:
        self.sets = [*sets]
        self.error: KeysUnavailable | None = None
        self.after: KeySet | None = None

    def current(self) -> KeySet:
        if self.error:
            raise self.error
        return self.sets.pop(0) if len(self.sets) > 1 else self.sets[0]

    def after_unknown_kid(self) -> KeySet:
        return self.after or self.current()


def trusting(keys: KeySet | Changing) -> Verifier:
    return Verifier(keys, issuer=ISSUER, audience=AUDIENCE, clock=lambda: NOW)


def judged(verifier: Verifier, token: str) -> object:
    try:
        return verifier.verify(token)
    except TokenError as error:
        chained = error.__context__ is not None and not error.__suppress_context__
        return f"{error.code}, with what caused it" if chained else error.code


@pytest.fixture
def headers_read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The header segments that were read because they were not remembered."""
    read: list[bytes] = []
    original = JwsVerifier._read_header

    def reading(self: JwsVerifier, segment: bytes) -> Mapping[str, Any]:
        read.append(segment)
        return original(self, segment)

    monkeypatch.setattr(JwsVerifier, "_read_header", reading)
    return read


@pytest.mark.parametrize("alg", FAMILIES)
def test_every_row_of_the_table_is_judged_alike_by_a_verifier_with_a_memory(alg: str) -> None:
    forge = Forge(alg, "user", NOW)
    keys = key_set(*ALGORITHMS)
    warm = trusting(keys)
    assert warm.verify(forge.token())
    for row in TABLE:
        if alg in row.families:
            token = row.build(forge)
            assert judged(warm, token) == judged(trusting(keys), token), row
            assert judged(warm, token) == judged(trusting(keys), token), row


@seed(1)
@steady
@given(st.data())
def test_a_good_token_changed_is_judged_alike_with_and_without_a_memory(
    data: st.DataObject,
) -> None:
    keys = key_set("ES256")
    warm = trusting(keys)
    token = EC.token()
    warm.verify(token)
    place = data.draw(st.integers(0, len(token) - 1))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.text("A.-_=w é", max_size=2))
    changed = token[:place] + put + token[place + cut :]
    assert judged(warm, changed) == judged(trusting(keys), changed)


def test_a_header_is_read_once(headers_read: list[bytes]) -> None:
    verifier = trusting(key_set("ES256"))
    for sub in ("one", "two", "three"):
        assert verifier.verify(EC.token(sub=sub)).sub == sub
    assert len(headers_read) == 1


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": NOW - 5}, "token_expired"),
        ({"exp": NOW + 90_000}, "lifetime_too_long"),
        ({"iat": NOW + 6}, "token_not_yet_valid"),
        ({"nbf": NOW + 6}, "token_not_yet_valid"),
        ({"iss": "https://other.example"}, "wrong_issuer"),
        ({"aud": "other"}, "wrong_audience"),
        ({"sub": ""}, "invalid_claim"),
        ({"scope": None}, "invalid_claim"),
    ],
)
def test_every_other_rule_holds_under_a_remembered_header(
    claims: dict[str, object], code: str, headers_read: list[bytes]
) -> None:
    verifier = trusting(key_set("ES256"))
    verifier.verify(EC.token())
    assert judged(verifier, EC.token(**claims)) == code
    header, payload, signature = EC.segments()
    other = EC.token(sub="admin").split(".")[1]
    assert judged(verifier, f"{header}.{other}.{signature}") == "bad_signature"
    assert judged(verifier, f"{header}.{payload}.") == "bad_signature"
    assert judged(verifier, f"{header}.{payload}={signature}") == "malformed_token"
    assert judged(verifier, f"{header}.{payload}.{signature}=") == "malformed_token"
    assert judged(verifier, f"{header}.{payload}.{signature}.") == "malformed_token"
    assert judged(verifier, f"{header}.{payload}.{EC.stranger.segments()[2]}") == "bad_signature"
    assert len(headers_read) == 1


def test_a_token_that_was_refused_is_refused_again_and_a_good_one_behind_it_taken() -> None:
    verifier = trusting(key_set("ES256"))
    for _ in range(2):
        assert judged(verifier, EC.signed(EC.stranger.sign)) == "bad_signature"
        assert judged(verifier, EC.token(exp=NOW - 10)) == "token_expired"
        assert verifier.verify(EC.token()).sub == "user"


def test_a_retired_key_is_refused_though_its_header_was_remembered() -> None:
    keys = Changing(key_set("ES256", "RS256"))
    verifier = trusting(keys)
    rsa = Forge("RS256", "user", NOW)
    assert verifier.verify(EC.token())
    assert verifier.verify(rsa.token())
    keys.sets = [key_set("RS256")]
    assert judged(verifier, EC.token()) == "unknown_key"
    assert verifier.verify(rsa.token())
    keys.sets = [key_set("ES256")]
    assert judged(verifier, rsa.token()) == "unknown_key"
    assert verifier.verify(EC.token())


def replaced() -> KeySet:
    """Another key under the same kid, which nobody should ever publish."""
    return parse_key_set(json.dumps({"keys": [EC.stranger.jwk | SAME_KID]}).encode())


def test_a_key_that_was_replaced_under_its_kid_no_longer_verifies() -> None:
    keys = Changing(key_set("ES256"))
    verifier = trusting(keys)
    assert verifier.verify(EC.token())
    keys.sets = [replaced()]
    assert judged(verifier, EC.token()) == "bad_signature"
    assert verifier.verify(EC.stranger.headed(**SAME_KID))
    assert judged(verifier, EC.token()) == "bad_signature"


def test_a_key_that_goes_while_its_token_is_verified_is_not_remembered() -> None:
    for newer in (replaced(), key_set("ES384")):
        verifier = trusting(Changing(key_set("ES256"), newer))
        assert verifier.verify(EC.token())  # found in the set before, remembered under the newer
        assert verifier._jws._known.keys == {}
        assert judged(verifier, EC.token()) in ("bad_signature", "unknown_key")


def test_a_kid_that_is_not_in_the_set_is_looked_for_in_the_newer_one() -> None:
    keys = Changing(key_set("ES384"))
    assert judged(trusting(keys), EC.token()) == "unknown_key"
    keys.after = key_set("ES256")
    assert trusting(keys).verify(EC.token()).sub == "user"


def test_without_keys_nothing_that_was_remembered_is_judged() -> None:
    keys = Changing(key_set("ES256"))
    verifier = trusting(keys)
    verifier.verify(EC.token())
    keys.error = KeysUnavailable("gone too long")
    for token in (EC.token(), EC.signed(EC.stranger.sign), EC.headed(kid="another")):
        with pytest.raises(KeysUnavailable):
            verifier.verify(token)
    assert judged(verifier, "a.b.c") == "malformed_token"


def test_a_stranger_adds_nothing_to_the_memory() -> None:
    verifier = trusting(key_set("ES256"))
    for number in range(100):
        assert judged(verifier, EC.signed(EC.stranger.sign, x=number)) == "bad_signature"
        assert judged(verifier, EC.headed(kid=f"{number}")) == "unknown_key"
        assert judged(verifier, EC.headed(alg="none", x=number)) == "wrong_algorithm"
        assert judged(verifier, EC.headed(typ="JWT", x=number)) == "wrong_type"
    assert verifier._jws._known.keys == {}


def test_the_memory_is_bounded_and_what_does_not_fit_is_verified_all_the_same(
    headers_read: list[bytes],
) -> None:
    assert MAX_KNOWN_HEADERS == 16
    verifier = trusting(key_set("ES256"))
    for number in range(3 * MAX_KNOWN_HEADERS):
        assert verifier.verify(EC.headed(x=number))
        assert len(verifier._jws._known.keys) == min(number + 1, 16)
    assert len(headers_read) == 3 * MAX_KNOWN_HEADERS
    assert verifier.verify(EC.headed(x=0))
    assert len(headers_read) == 3 * MAX_KNOWN_HEADERS
    assert verifier.verify(EC.headed(x=3 * MAX_KNOWN_HEADERS - 1))
    assert len(headers_read) == 3 * MAX_KNOWN_HEADERS + 1


def test_the_memory_starts_anew_with_another_set() -> None:
    keys = Changing(key_set("ES256"))
    verifier = trusting(keys)
    for number in range(MAX_KNOWN_HEADERS):
        verifier.verify(EC.headed(x=number))
    keys.sets = [key_set("ES256", "RS256")]
    assert verifier.verify(EC.headed(x=0))
    assert len(verifier._jws._known.keys) == 1


def test_a_header_is_remembered_for_its_very_bytes() -> None:
    """The same members in another order are another header, and so is a member more."""
    verifier = trusting(key_set("ES256"))
    assert verifier.verify(EC.token())
    assert judged(verifier, EC.headed(crit=["b64"])) == "forbidden_header"
    assert judged(verifier, EC.headed(alg="HS256")) == "wrong_algorithm"
    header, payload, signature = EC.segments()
    assert judged(verifier, f"{header}=.{payload}.{signature}") == "malformed_token"
    assert judged(verifier, f" {header}.{payload}.{signature}") == "malformed_token"
