"""What the issuer says of itself: nothing that is not so, at two addresses."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.access.routes import RouteTable
from app.tokens.verify import Verifier
from tests.app.discovery.deployed import DISCOVERY, JWKS, SERVER_METADATA
from tests.app.events import Handler, http_event, rest_event
from tests.conftest import AppMaker
from tests.support import ISSUER, key_set_document, private_jwk, token_of

BOTH = pytest.mark.parametrize("address", [DISCOVERY, SERVER_METADATA])
ANY_CLIENT = ["none", "client_secret_basic", "client_secret_post"]
ENDPOINTS = {"token", "revocation", "introspection"}
ISSUERS = [
    *("http://127.0.0.1:8000", "http://127.0.0.1:8000/", "https://api.example.com"),
    *("https://api.example.com/prod", "https://api.example.com/prod/", "https://api.example.com/"),
]


def _read(make_app: AppMaker, address: str = DISCOVERY, **settings: Any) -> dict[str, Any]:
    with TestClient(make_app(**settings), base_url=ISSUER) as client:
        answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    members: dict[str, Any] = answer.json()
    return members


@BOTH
def test_the_issuer_claims_no_more_than_it_does(make_app: AppMaker, address: str) -> None:
    table: RouteTable = make_app().state.routes
    assert _read(make_app, address, alg="RS256") == {
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}{JWKS}",
        "scopes_supported": sorted(table.scopes),
        "response_types_supported": [],
        "grant_types_supported": ["refresh_token", "client_credentials"],
        "token_endpoint": f"{ISSUER}/auth/token",
        "token_endpoint_auth_methods_supported": ANY_CLIENT,
        "revocation_endpoint": f"{ISSUER}/auth/revoke",
        "revocation_endpoint_auth_methods_supported": ANY_CLIENT,
        "introspection_endpoint": f"{ISSUER}/auth/introspect",
        "introspection_endpoint_auth_methods_supported": ANY_CLIENT[1:],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def test_the_scopes_are_those_of_the_route_table(make_app: AppMaker) -> None:
    scopes = _read(make_app)["scopes_supported"]
    assert {"notes:read", "notes:write", "users:read"} <= set(scopes)
    assert scopes == sorted(set(scopes))


@BOTH
@pytest.mark.parametrize("issuer", ISSUERS)
def test_the_issuer_is_that_of_the_tokens_to_the_byte(
    make_app: AppMaker, issuer: str, address: str
) -> None:
    app = make_app(issuer=issuer)
    claims = app.state.parts[Verifier].verify(token_of(app, "ada"))
    with TestClient(app, base_url=ISSUER) as client:
        assert client.get(address).json()["issuer"] == claims.iss == issuer


@pytest.mark.parametrize("issuer", ISSUERS)
def test_every_address_lies_below_the_issuer_with_one_slash_between(
    make_app: AppMaker, issuer: str
) -> None:
    members, base = _read(make_app, issuer=issuer), issuer.removesuffix("/")
    assert members["jwks_uri"] == base + JWKS
    addresses = {name: members[f"{name}_endpoint"] for name in ENDPOINTS}
    assert addresses == {
        "token": f"{base}/auth/token",
        "revocation": f"{base}/auth/revoke",
        "introspection": f"{base}/auth/introspect",
    }


def test_what_is_named_is_there_and_takes_who_it_says(make_app: AppMaker) -> None:
    members = _read(make_app)
    with TestClient(make_app(), base_url=ISSUER) as client:
        for name in ENDPOINTS:
            form = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
            answer = client.post(members[f"{name}_endpoint"], data=form)
            anybody = "none" in members[f"{name}_endpoint_auth_methods_supported"]
            assert (answer.status_code == 401) is not anybody
        for grant_type in [*members["grant_types_supported"], "password"]:
            answer = client.post(members["token_endpoint"], data={"grant_type": grant_type})
            offered = answer.json()["error"] != "unsupported_grant_type"
            assert offered is (grant_type in members["grant_types_supported"])


@pytest.mark.parametrize(
    ("algs", "named"),
    [
        (("HS256",), []),
        (("ES512",), ["ES512"]),
        (("RS256", "HS256", "ES256"), ["ES256", "RS256"]),
        (("HS512", "ES384"), ["ES384"]),
    ],
)
def test_the_algorithms_are_those_of_the_published_keys(
    make_app: AppMaker, monkeypatch: pytest.MonkeyPatch, algs: tuple[str, ...], named: list[str]
) -> None:
    monkeypatch.setenv("SEVERAL", key_set_document(*algs))
    found = _read(make_app, keys="env:SEVERAL")["id_token_signing_alg_values_supported"]
    assert found == named


def test_an_algorithm_of_two_keys_is_named_once(
    make_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [private_jwk("ES256", "first"), private_jwk("ES256", "second")]
    monkeypatch.setenv("SEVERAL", json.dumps({"keys": keys}))
    members = _read(make_app, keys="env:SEVERAL")
    assert members["id_token_signing_alg_values_supported"] == ["ES256"]


@pytest.mark.parametrize("address", [DISCOVERY, SERVER_METADATA, JWKS])
def test_a_database_that_is_down_is_not_missed(make_app: AppMaker, address: str) -> None:
    nowhere = SecretStr("postgresql+psycopg://nobody:nothing@127.0.0.1:1/none")
    with TestClient(make_app(database_url=nowhere), base_url=ISSUER) as client:
        assert client.get("/ready").status_code == 503
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", [DISCOVERY, SERVER_METADATA, JWKS])
def test_a_verb_other_than_get_is_405(client: TestClient, address: str) -> None:
    for verb in ("HEAD", "POST", "PUT", "DELETE"):
        answer = client.request(verb, address)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("address", [DISCOVERY, SERVER_METADATA, JWKS])
@pytest.mark.parametrize("event", [rest_event, http_event])
def test_lambda_answers_with_text_and_without_a_body_where_it_is_held(
    handler: Handler, address: str, event: Any
) -> None:
    fresh = handler(event("GET", address))
    assert (fresh["statusCode"], fresh["isBase64Encoded"]) == (200, False)
    headers = {
        **fresh.get("headers", {}),
        **{name: values[0] for name, values in fresh.get("multiValueHeaders", {}).items()},
    }
    assert json.loads(fresh["body"])

    asked = event("GET", address)
    asked["headers"]["if-none-match"] = headers["etag"]
    if "multiValueHeaders" in asked:
        asked["multiValueHeaders"]["if-none-match"] = [headers["etag"]]
    held = handler(asked)
    assert (held["statusCode"], held["body"], held["isBase64Encoded"]) == (304, "", False)
