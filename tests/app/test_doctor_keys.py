"""`ostiary doctor` on key sets that no authorizer should trust, or that one of them cannot use."""

from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from tests.app.discovery.deployed import JWKS, Deployment, deployed
from tests.app.discovery.pages import Cached, public_jwk, wrong_rows
from tests.conftest import AppMaker
from tests.support import private_jwk

SET, SECRETS = "JWK Set", "no secret in it"
HTTP_API, REST_API = "HTTP API's authorizer", "REST API's authorizer"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """No token and no document that is looked at comes from a database."""
    return sqlite_url


@pytest.fixture
def deployment(make_app: AppMaker) -> Iterator[Deployment]:
    """Right as it is; what a test puts into `pages` is wrong with it."""
    with deployed(make_app) as deployment:
        yield deployment


def _publish(deployment: Deployment, *keys: Any) -> None:
    deployment.pages[JWKS] = Cached({"keys": list(keys)})


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_a_private_key_is_found_and_named_and_not_shown(deployment: Deployment, alg: str) -> None:
    _publish(deployment, public_jwk("RS384"), private_jwk(alg))
    wrong = wrong_rows(deployment)
    assert list(wrong) == [SECRETS]
    assert wrong[SECRETS].found == f"everybody can sign with '{private_jwk(alg)['kid']}'"
    ended = CliRunner().invoke(cli, ["doctor", deployment.issuer])
    assert ended.exit_code == 1
    assert private_jwk(alg)["d"] not in ended.output
    assert private_jwk(alg)["d"][:16] not in ended.output


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth"])
def test_one_private_member_is_enough(deployment: Deployment, member: str) -> None:
    _publish(deployment, public_jwk() | {member: private_jwk("RS256").get(member, [])})
    assert SECRETS in wrong_rows(deployment)


def test_an_oct_key_is_found_and_not_shown(deployment: Deployment) -> None:
    secret = private_jwk("HS256")
    _publish(deployment, public_jwk(), secret)
    wrong = wrong_rows(deployment)
    assert list(wrong) == [SECRETS]
    ended = CliRunner().invoke(cli, ["doctor", deployment.issuer])
    assert secret["k"] not in ended.output


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "oct", "kid": "short", "alg": "HS256", "use": "sig", "k": "c2VjcmV0"},
        {"kty": "oct", "kid": "bare"},
        {"kty": "OCT", "k": "c2VjcmV0"},
        {"kty": "OKP", "crv": "Ed25519", "d": "c2VjcmV0"},
    ],
)
def test_a_secret_in_a_set_that_cannot_be_read_is_found_all_the_same(
    deployment: Deployment, key: dict[str, str]
) -> None:
    _publish(deployment, key)
    wrong = wrong_rows(deployment)
    assert list(wrong) == [SET, SECRETS]
    assert "c2VjcmV0" not in wrong[SET].found + wrong[SECRETS].found


def test_ec_keys_alone_are_nothing_for_an_http_api(make_app: AppMaker) -> None:
    with deployed(make_app, alg="ES256") as deployment:
        wrong = wrong_rows(deployment)
    assert list(wrong) == [HTTP_API]
    assert wrong[HTTP_API].found == "no RSA key"
    assert "sign with RS256" in wrong[HTTP_API].advice


def test_an_rsa_key_beside_an_ec_key_is_enough(deployment: Deployment) -> None:
    _publish(deployment, public_jwk("ES256"), public_jwk("RS512"))
    assert wrong_rows(deployment) == {}


def test_an_issuer_that_signs_with_hmac_has_nothing_to_publish(make_app: AppMaker) -> None:
    with deployed(make_app, alg="HS256") as deployment:
        wrong = wrong_rows(deployment)
    assert list(wrong) == [SET]
    assert wrong[SET].found == "no public key: this deployment signs with HMAC"


@pytest.mark.parametrize("alg", ["HS256"])
def test_a_set_of_secrets_alone_serves_no_authorizer(deployment: Deployment, alg: str) -> None:
    _publish(deployment, private_jwk(alg))
    assert list(wrong_rows(deployment)) == [SECRETS, HTTP_API, REST_API]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ([{k: v for k, v in public_jwk().items() if k != "kid"}], "every key needs a 'kid'"),
        ([{k: v for k, v in public_jwk().items() if k != "alg"}], "it has no 'alg'"),
        ([public_jwk() | {"use": "enc"}], "its 'use' must be 'sig', not 'enc'"),
        ([public_jwk() | {"n": "AQAB"}], "its RSA modulus has"),
        ([public_jwk(), public_jwk()], "another key of the set has the same kid"),
        ([public_jwk() | {"alg": "none"}], "its 'alg' 'none' is none of"),
        (["key"], "each of 'keys' must be a JWK"),
        ([None], "each of 'keys' must be a JWK"),
    ],
)
def test_a_set_that_the_strict_reader_refuses_is_told_in_its_words(
    deployment: Deployment, keys: list[Any], found: str
) -> None:
    _publish(deployment, *keys)
    wrong = wrong_rows(deployment)
    assert list(wrong) == [SET]
    assert found in wrong[SET].found


@pytest.mark.parametrize("members", [{}, {"keys": {}}, {"keys": "none"}, {"keys": None}])
def test_what_is_no_set_at_all_is_told(deployment: Deployment, members: dict[str, Any]) -> None:
    deployment.pages[JWKS] = Cached(members)
    assert list(wrong_rows(deployment)) == [SET]
