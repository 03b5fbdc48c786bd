"""What API Gateway's own JWT authorizers ask of an issuer, point by point, over HTTP.

HTTP API: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.tokens.fetch import Fetched, fetch
from app.tokens.generate import DEFAULT_ALG
from tests.app.browser.stage import STAGE
from tests.app.discovery.deployed import DISCOVERY, Deployment, deployed
from tests.conftest import AppMaker

GRANTED_SECONDS = 1.5
MOST_BYTES = 150_000  # of a JWKS, by API Gateway's quotas
ENDINGS = ["", "/", STAGE, f"{STAGE}/"]


@pytest.fixture(params=ENDINGS, ids=["host", "host/", "stage", "stage/"])
def deployment(request: pytest.FixtureRequest, make_app: AppMaker) -> Iterator[Deployment]:
    """With an issuer that is a host, or has a stage, with and without a slash at its end."""
    with deployed(make_app, alg=DEFAULT_ALG, ending=request.param) as deployment:
        yield deployment


def _asked_as_by_api_gateway(address: str) -> Fetched:
    """No redirect is followed, and no time beyond the limit is given."""
    return fetch(address, seconds=GRANTED_SECONDS, most=MOST_BYTES)


def _discovery(deployment: Deployment) -> dict[str, Any]:
    answer = _asked_as_by_api_gateway(deployment.issuer.removesuffix("/") + DISCOVERY)
    members: dict[str, Any] = json.loads(answer.body)
    return members


def _jwks(deployment: Deployment) -> list[dict[str, str]]:
    answer = _asked_as_by_api_gateway(_discovery(deployment)["jwks_uri"])
    keys: list[dict[str, str]] = json.loads(answer.body)["keys"]
    return keys


def _read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, payload, _ = token.split(".")
    parts = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, payload))
    return next(parts), next(parts)


def test_discovery_is_below_the_issuer_without_redirect_as_json(deployment: Deployment) -> None:
    answer = _asked_as_by_api_gateway(deployment.issuer.removesuffix("/") + DISCOVERY)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")


def test_the_issuer_of_the_document_is_that_of_the_tokens(deployment: Deployment) -> None:
    _, claims = _read(deployment.token())
    assert _discovery(deployment)["issuer"] == claims["iss"] == deployment.issuer


def test_jwks_uri_is_resolvable_without_redirect_as_json(deployment: Deployment) -> None:
    answer = _asked_as_by_api_gateway(_discovery(deployment)["jwks_uri"])
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert set(json.loads(answer.body)) == {"keys"}


def test_both_come_in_a_fraction_of_the_time_that_is_granted(deployment: Deployment) -> None:
    discovery = _asked_as_by_api_gateway(deployment.issuer.removesuffix("/") + DISCOVERY)
    jwks = _asked_as_by_api_gateway(_discovery(deployment)["jwks_uri"])
    assert max(discovery.seconds, jwks.seconds) < GRANTED_SECONDS / 2


def test_both_are_small(deployment: Deployment) -> None:
    discovery = _asked_as_by_api_gateway(deployment.issuer.removesuffix("/") + DISCOVERY)
    jwks = _asked_as_by_api_gateway(_discovery(deployment)["jwks_uri"])
    assert max(len(discovery.body), len(jwks.body)) < 4096


def test_the_kid_of_a_token_is_in_the_jwks(deployment: Deployment) -> None:
    header, _ = _read(deployment.token())
    (key,) = _jwks(deployment)
    assert header["kid"] == key["kid"] != ""


def test_by_default_it_is_rsa_of_2048_bits_which_both_authorizers_take(
    deployment: Deployment,
) -> None:
    (key,) = _jwks(deployment)
    modulus = int.from_bytes(base64.urlsafe_b64decode(key["n"] + "=="))
    assert (key["kty"], key["alg"], modulus.bit_length()) == ("RSA", "RS256", 2048)


def test_the_alg_of_a_token_is_that_of_its_key(deployment: Deployment) -> None:
    header, _ = _read(deployment.token())
    assert header["alg"] == _jwks(deployment)[0]["alg"]
    assert header["alg"] in _discovery(deployment)["id_token_signing_alg_values_supported"]


def test_aud_is_one_string_so_client_id_is_not_looked_at(make_app: AppMaker) -> None:
    with deployed(make_app, audience="https://notes.example.com") as deployment:
        _, claims = _read(deployment.token())
    assert claims["aud"] == "https://notes.example.com"


def test_the_times_are_whole_seconds_and_none_lies_ahead_but_exp(deployment: Deployment) -> None:
    _, claims = _read(deployment.token())
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    assert {type(moment) for moment in times.values()} == {int}
    now = time.time()
    assert times["iat"] <= now < times["exp"]
    assert times.get("nbf", 0) <= now


def test_scope_is_one_string_parted_by_spaces(deployment: Deployment) -> None:
    _, claims = _read(deployment.token("notes:write", "notes:read"))
    assert claims["scope"] == "notes:read notes:write"
    assert "scp" not in claims


def test_a_scope_that_a_route_may_name_is_a_word_of_the_document(deployment: Deployment) -> None:
    supported = _discovery(deployment)["scopes_supported"]
    _, claims = _read(deployment.token(*supported))
    assert claims["scope"].split(" ") == supported
    assert all(len(scope.split()) == 1 for scope in supported)


def test_claims_that_a_rest_api_may_match_are_single_strings(deployment: Deployment) -> None:
    _, claims = _read(deployment.token())
    assert {type(claims[name]) for name in ("sub", "client_id", "jti")} == {str}


def test_a_token_of_every_scope_leaves_room_for_other_headers(deployment: Deployment) -> None:
    scopes = _discovery(deployment)["scopes_supported"]
    assert len(deployment.token(*scopes)) < 1536


@pytest.mark.parametrize("alg", ["RS384", "RS512", "ES256", "ES384", "ES512"])
def test_a_rest_api_takes_every_asymmetric_algorithm_that_may_be_chosen(
    make_app: AppMaker, alg: str
) -> None:
    with deployed(make_app, alg=alg) as deployment:
        header, _ = _read(deployment.token())
        (key,) = _jwks(deployment)
        assert (header["kid"], header["alg"]) == (key["kid"], key["alg"])
        assert _discovery(deployment)["id_token_signing_alg_values_supported"] == [alg]
