"""The rules for a token's shape, header, key and signature, one by one, each with its code."""

import pytest

from app.tokens import errors, jws, verify
from app.tokens.claims import AccessClaims
from tests.app.tokens.verifying import NOW, code_of, verifier
from tests.doors.forge import ABSENT, Forge, as_bytes, b64, join
from tests.support import ALGORITHMS, AUDIENCE, ISSUER

LARGEST = 8192


@pytest.fixture
def forge() -> Forge:
    return Forge("ES256", "user", NOW)


def test_a_good_token_gives_its_claims(forge: Forge) -> None:
    token = forge.token(
        nbf=NOW - 1, sid="s1", auth_time=NOW - 9, amr=["pwd", "otp"], unknown="left out"
    )
    assert verifier().verify(token) == AccessClaims(
        iss=ISSUER,
        sub="user",
        aud=AUDIENCE,
        exp=NOW + 600,
        iat=NOW,
        jti="3b1f0a",
        client_id="ostiary",
        scope="account:read notes:read",
        nbf=NOW - 1,
        sid="s1",
        auth_time=NOW - 9,
        amr=("pwd", "otp"),
    )


def test_a_token_may_come_as_text_or_as_bytes(forge: Forge) -> None:
    token = forge.token()
    assert verifier().verify(token) == verifier().verify(token.encode())


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_each_of_the_nine_algorithms_verifies(alg: str) -> None:
    forge = Forge(alg, "user", NOW)
    assert verifier(alg).verify(forge.token()).sub == "user"


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_token_picks_its_key_by_kid_among_nine(alg: str) -> None:
    assert verifier(*ALGORITHMS).verify(Forge(alg, "user", NOW).token()).sub == "user"


def test_what_is_neither_text_nor_bytes_is_no_token() -> None:
    for thing in (None, 1, 1.5, True, [], {}, object(), bytearray(b"a.b.c"), memoryview(b"a.b.c")):
        assert code_of(thing) == "malformed_token"


def test_a_token_has_at_most_8192_bytes() -> None:
    assert code_of("A" * LARGEST) == "malformed_token"
    assert code_of("A" * (LARGEST + 1)) == "token_too_large"
    assert code_of(b"A" * (LARGEST + 1)) == "token_too_large"
    assert code_of("é" * LARGEST) == "malformed_token"


def test_a_token_of_8192_bytes_is_accepted_and_one_of_8193_is_not(forge: Forge) -> None:
    spare = (LARGEST - len(forge.token(padding=""))) * 3 // 4
    tokens = [
        join(forge.header(x="x" * more), forge.claims(padding="x" * padding), forge.sign)
        for padding in range(spare - 12, spare + 4)
        for more in range(4)
    ]
    by_length = {len(token): token for token in tokens}
    assert code_of(by_length[LARGEST]) == "accepted"
    assert code_of(by_length[LARGEST + 1]) == "token_too_large"


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 6])
def test_a_token_has_three_segments(forge: Forge, count: int) -> None:
    segments = [*forge.segments(), b64(b"{}"), b64(b"{}"), b64(b"{}")][:count]
    assert code_of(".".join(segments)) == "malformed_token"


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("spelling", ["{}=", "{}==", " {}", "{}\n", "+{}", "/{}", "{}*", "{}é"])
def test_each_segment_is_canonical_base64url(forge: Forge, index: int, spelling: str) -> None:
    segments = forge.segments()
    segments[index] = spelling.format(segments[index])
    assert code_of(".".join(segments)) == "malformed_token"


@pytest.mark.parametrize(
    "header", [b"", b"null", b"[]", b'"x"', b"1", b"{", b"\xff", b"\xef\xbb\xbf{}", b"{}{}"]
)
def test_the_header_is_a_json_object(forge: Forge, header: bytes) -> None:
    assert code_of(join(header, forge.claims(), forge.sign)) == "malformed_token"


@pytest.mark.parametrize("member", ["typ", "alg", "kid", "x"])
def test_the_header_has_no_duplicate_members(forge: Forge, member: str) -> None:
    header = as_bytes(forge.header(x=1))
    doubled = header[:-1] + f',"{member}":{as_json(forge.header(x=1)[member])}'.encode() + b"}"
    assert code_of(join(doubled, forge.claims(), forge.sign)) == "malformed_token"


def as_json(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


@pytest.mark.parametrize(
    "member",
    [
        *("crit", "b64", "zip", "enc", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"),
        *("jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"),
    ],
)
@pytest.mark.parametrize("value", [None, True, "", [], {}, "x"])
def test_the_header_brings_no_key_and_asks_for_nothing_more(
    forge: Forge, member: str, value: object
) -> None:
    assert code_of(forge.headed(**{member: value})) == "forbidden_header"


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt"])
def test_the_type_is_that_of_an_access_token(forge: Forge, typ: str) -> None:
    assert code_of(forge.headed(typ=typ)) == "accepted"


@pytest.mark.parametrize(
    "typ", [ABSENT, None, "", 1, [], {}, ["at+jwt"], "JWT", "jwt", "AT+JWT", "at+jwt ", "at"]
)
def test_any_other_type_is_refused(forge: Forge, typ: object) -> None:
    assert code_of(forge.headed(typ=typ)) == "wrong_type"


@pytest.mark.parametrize("kid", [ABSENT, None, "", "other", 1, 1.5, True, [], {}, "\ud800"])
def test_an_absent_or_unknown_kid_is_refused(forge: Forge, kid: object) -> None:
    assert code_of(forge.headed(kid=kid)) == "unknown_key"


@pytest.mark.parametrize(
    "alg", [ABSENT, None, "", "none", "None", "ES384", "HS256", "RS256", "es256", 1, [], ["ES256"]]
)
def test_a_key_takes_only_its_own_algorithm(forge: Forge, alg: object) -> None:
    assert code_of(forge.headed(alg=alg)) == "wrong_algorithm"


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("claimed", ALGORITHMS)
def test_no_key_of_the_set_is_used_for_the_algorithm_of_another(alg: str, claimed: str) -> None:
    forge = Forge(alg, "user", NOW)
    if claimed != alg:
        with pytest.raises(errors.WrongAlgorithm):
            verifier(*ALGORITHMS).verify(forge.headed(alg=claimed))


def test_a_signature_is_checked_over_header_and_payload(forge: Forge) -> None:
    header, payload, signature = forge.segments()
    assert code_of(f"{header}.{forge.token(sub='admin').split('.')[1]}.{signature}") == (
        "bad_signature"
    )
    other_header = b64(as_bytes(forge.header(x=1)))
    assert code_of(f"{other_header}.{payload}.{signature}") == "bad_signature"
    assert code_of(f"{header}.{payload}.") == "bad_signature"
    assert code_of(forge.signed(forge.stranger.sign)) == "bad_signature"


def test_nothing_but_verify_reads_a_token() -> None:
    """There is no public decode: what was not verified cannot be read by mistake."""
    own = {
        n
        for n, thing in vars(verify).items()
        if getattr(thing, "__module__", "") == verify.__name__
    }
    assert {name for name in own if not name.startswith("_")} == {"Verifier"}
    assert {name for name in vars(verify.Verifier) if not name.startswith("_")} == {"verify"}
    assert {name for name in vars(jws.JwsVerifier) if not name.startswith("_")} == {"payload"}
