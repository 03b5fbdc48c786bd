"""What we sign, others verify; what others sign, we verify; and when nothing is signed at all."""

import importlib
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import jose.jwt
import jwt
import pytest
from jose import backends
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt

from app.tokens import issue
from app.tokens.claims import AccessClaims
from app.tokens.errors import InvalidClaim, KeySetError
from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set
from tests.app.tokens.verifying import NOW, verifier
from tests.doors.forge import Forge, unb64
from tests.support import ALGORITHMS, AUDIENCE, ISSUER, key_set, private_jwk

LIFETIME = 600
Jwk = Mapping[str, Any]
ALL_SCOPES = [
    f"{resource}:{action}"
    for resource in ("account", "audit", "clients", "keys", "notes", "roles", "sessions", "users")
    for action in ("read", "write")
]


def issuer(alg: str = "ES256", clock: Callable[[], float] = lambda: NOW) -> Issuer:
    return Issuer(key_set(alg), issuer=ISSUER, audience=AUDIENCE, lifetime=LIFETIME, clock=clock)


def issued(alg: str = "ES256", **more: Any) -> str:
    words: dict[str, Any] = {"sub": "user", "client_id": "ostiary", "scopes": ["b:read", "a:read"]}
    return issuer(alg).issue(**words | more)


def decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, payload, _ = token.split(".")
    return json.loads(unb64(header)), json.loads(unb64(payload))


def verified_by_jose(token: str, jwk: Jwk) -> dict[str, Any]:
    options = {"verify_exp": False}
    claims: dict[str, Any] = jose.jwt.decode(
        token, dict(jwk), algorithms=[jwk["alg"]], audience=AUDIENCE, issuer=ISSUER, options=options
    )
    return claims


def verified_by_joserfc(token: str, jwk: Jwk) -> dict[str, Any]:
    key = joserfc_jwk.import_key(dict(jwk))
    return joserfc_jwt.decode(token, key, algorithms=[jwk["alg"]]).claims


def verified_by_pyjwt(token: str, jwk: Jwk) -> dict[str, Any]:
    return jwt.decode(
        token,
        jwt.PyJWK(dict(jwk)),
        algorithms=[jwk["alg"]],
        audience=AUDIENCE,
        issuer=ISSUER,
        options={"verify_exp": False, "verify_iat": False},
    )


def signed_by_jose(claims: dict[str, Any], jwk: Jwk) -> str:
    headers = {"kid": jwk["kid"], "typ": "at+jwt"}
    token: str = jose.jwt.encode(claims, dict(jwk), algorithm=jwk["alg"], headers=headers)
    return token


def signed_by_joserfc(claims: dict[str, Any], jwk: Jwk) -> str:
    header = {"alg": jwk["alg"], "kid": jwk["kid"], "typ": "at+jwt"}
    key = joserfc_jwk.import_key(dict(jwk))
    return joserfc_jwt.encode(header, claims, key, algorithms=[jwk["alg"]])


def signed_by_pyjwt(claims: dict[str, Any], jwk: Jwk) -> str:
    headers = {"kid": jwk["kid"], "typ": "at+jwt"}
    return jwt.encode(claims, jwt.PyJWK(dict(jwk)), algorithm=jwk["alg"], headers=headers)


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("verified", [verified_by_jose, verified_by_joserfc, verified_by_pyjwt])
def test_others_verify_what_we_sign(
    alg: str, verified: Callable[[str, Jwk], dict[str, Any]]
) -> None:
    public = key_set(alg).jwks()["keys"]
    claims = verified(issued(alg), public[0] if public else private_jwk(alg))
    assert (claims["sub"], claims["scope"]) == ("user", "a:read b:read")


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("signed", [signed_by_jose, signed_by_joserfc, signed_by_pyjwt])
def test_we_verify_what_others_sign(alg: str, signed: Callable[[dict[str, Any], Jwk], str]) -> None:
    claims = Forge(alg, "user", NOW).claims()
    assert verifier(alg).verify(signed(claims, private_jwk(alg))).to_payload() == claims


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_we_verify_what_we_sign(alg: str) -> None:
    claims = verifier(alg).verify(issued(alg, auth_time=NOW - 5, amr=("pwd",)))
    assert claims == AccessClaims(
        iss=ISSUER,
        sub="user",
        aud=AUDIENCE,
        exp=NOW + LIFETIME,
        iat=NOW,
        jti=claims.jti,
        client_id="ostiary",
        scope="a:read b:read",
        auth_time=NOW - 5,
        amr=("pwd",),
    )


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_the_header_holds_typ_alg_and_kid_and_nothing_else(alg: str) -> None:
    header, _ = decoded(issued(alg))
    assert header == {"typ": "at+jwt", "alg": alg, "kid": private_jwk(alg)["kid"]}


def test_claims_have_the_types_of_rfc_9068() -> None:
    _, payload = decoded(issued(auth_time=NOW, amr=("pwd", "otp")))
    types = {name: type(value) for name, value in payload.items()}
    strings = dict.fromkeys(("iss", "sub", "aud", "jti", "client_id", "scope"), str)
    assert types == {**strings, "exp": int, "iat": int, "auth_time": int, "amr": list}


def test_an_optional_claim_that_is_not_given_is_absent() -> None:
    _, payload = decoded(issued())
    assert set(payload) == {"iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope"}


def test_times_are_whole_seconds_also_of_a_clock_with_fractions() -> None:
    token = issuer(clock=lambda: NOW + 0.9).issue(sub="user", client_id="c", scopes=())
    _, payload = decoded(token)
    assert (payload["iat"], payload["exp"]) == (NOW, NOW + LIFETIME)


def test_every_token_has_an_id_of_its_own_of_128_bits() -> None:
    maker = issuer("HS256")
    ids = [decoded(maker.issue(sub="u", client_id="c", scopes=()))[1]["jti"] for _ in range(200)]
    assert len(set(ids)) == 200
    assert {len(unb64(token_id)) for token_id in ids} == {16}


def test_scopes_are_sorted_so_that_one_grant_reads_one_way() -> None:
    _, payload = decoded(issued(scopes={"c:read", "a:write", "b:read"}))
    assert payload["scope"] == "a:write b:read c:read"


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_token_with_every_scope_stays_under_one_and_a_half_kilobytes(alg: str) -> None:
    token = issued(
        alg,
        sub="00000000-0000-4000-8000-000000000000",
        client_id="client_00000000-0000-4000-8000-000000000000",
        scopes=ALL_SCOPES,
        auth_time=NOW,
        amr=("pwd", "otp"),
    )
    assert len(token) < 1500


def test_a_set_without_a_private_half_signs_nothing() -> None:
    with pytest.raises(KeySetError, match="no key of the set has its private half"):
        Issuer(key_set("ES256").verifying(), issuer=ISSUER, audience=AUDIENCE, lifetime=LIFETIME)


@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS if not alg.startswith("HS")])
@pytest.mark.parametrize("members", ["d", "dpq", "public"])
def test_a_private_half_of_another_public_half_is_refused_at_start(alg: str, members: str) -> None:
    own, other = private_jwk(alg), private_jwk(alg, "another")
    names = {
        "d": {"d"},
        "dpq": {"d", "p", "q", "dp", "dq", "qi"},
        "public": {"n", "x", "y"},
    }[members]
    mixed = own | {name: value for name, value in other.items() if name in names}
    keys = parse_key_set(json.dumps({"keys": [mixed]}).encode())
    with pytest.raises(KeySetError, match="does not sign what its public half verifies") as refused:
        Issuer(keys, issuer=ISSUER, audience=AUDIENCE, lifetime=LIFETIME)
    assert repr(own["kid"]) in str(refused.value)
    assert mixed["d"] not in str(refused.value)


def test_what_verify_would_not_take_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = Forge("ES256", "probe", NOW).stranger
    forged = stranger.headed(kid=private_jwk("ES256")["kid"])
    monkeypatch.setattr("app.tokens.issue.jws.sign", lambda *_, **__: forged)
    with pytest.raises(KeySetError, match=r"is refused.*BadSignature"):
        issuer("ES256")


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
@pytest.mark.parametrize("d", ["", "AA", "!", "AQAB", 1, None, [], "é"])
def test_a_private_half_that_is_none_is_refused_at_start(alg: str, d: object) -> None:
    keys = parse_key_set(json.dumps({"keys": [private_jwk(alg) | {"d": d}]}).encode())
    with pytest.raises(KeySetError, match="is refused"):
        Issuer(keys, issuer=ISSUER, audience=AUDIENCE, lifetime=LIFETIME)


@pytest.mark.parametrize("kind", ["RSAKey", "ECKey", "HMACKey"])
def test_the_import_fails_where_jose_would_sign_in_pure_python(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    fallback = type(kind, (), {"__module__": "jose.backends.rsa_backend"})
    monkeypatch.setattr(backends, kind, fallback)
    monkeypatch.delitem(sys.modules, "app.tokens.issue")
    with pytest.raises(ImportError, match=r"install `python-jose\[cryptography\]`"):
        importlib.import_module("app.tokens.issue")


def test_jose_runs_on_its_cryptography_backend() -> None:
    for kind in (backends.RSAKey, backends.ECKey, backends.HMACKey):
        assert kind.__module__ == "jose.backends.cryptography_backend"
    assert issue.__doc__


@pytest.mark.parametrize(
    "unfit", [{"sub": ""}, {"sub": "a\nb"}, {"client_id": ""}, {"scopes": ["a\tb"]}]
)
def test_what_verify_would_refuse_is_not_signed(unfit: dict[str, Any]) -> None:
    issuer = Issuer(key_set("ES256"), issuer=ISSUER, audience=AUDIENCE, lifetime=60)
    fit: dict[str, Any] = {"sub": "user", "client_id": "ostiary", "scopes": []}
    assert issuer.issue(**fit)
    with pytest.raises(InvalidClaim):
        issuer.issue(**fit | unfit)


@pytest.mark.parametrize("lifetime", [0, -1, 86_401])
def test_a_life_that_no_token_may_have_is_refused(lifetime: int) -> None:
    with pytest.raises(ValueError, match="a token lives 1 to 86400 seconds"):
        Issuer(key_set("ES256"), issuer=ISSUER, audience=AUDIENCE, lifetime=lifetime)
