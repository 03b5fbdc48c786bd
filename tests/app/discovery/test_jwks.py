"""The public keys, and nothing but what is public of them."""

import json
from contextlib import closing
from pathlib import Path

import jwt
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.database import Database
from app.main import create_app
from app.parts import find
from app.settings import Settings
from app.tokens.key_ring import REREAD_SECONDS
from tests.app.discovery.deployed import DISCOVERY, JWKS
from tests.conftest import AppMaker
from tests.support import ALGORITHMS, AUDIENCE, ISSUER, key_set_document, private_jwk, token_of

PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
ASYMMETRIC = [alg for alg in ALGORITHMS if not alg.startswith("HS")]


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_a_stranger_can_verify_a_token_with_what_is_published(make_app: AppMaker, alg: str) -> None:
    app = make_app(alg=alg)
    with TestClient(app, base_url=ISSUER) as client:
        (published,) = client.get(JWKS).json()["keys"]
    token = token_of(app, "ada", "notes:read")
    claims = jwt.decode(token, jwt.PyJWK(published), [alg], audience=AUDIENCE, issuer=ISSUER)
    assert (claims["sub"], claims["scope"]) == ("ada", "notes:read")


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_a_published_key_has_its_public_members_and_no_other(make_app: AppMaker, alg: str) -> None:
    with TestClient(make_app(alg=alg), base_url=ISSUER) as client:
        (published,) = client.get(JWKS).json()["keys"]
    own = {"n", "e"} if alg.startswith("RS") else {"crv", "x", "y"}
    assert set(published) == {"kty", "kid", "alg", "use"} | own
    assert (published["alg"], published["use"]) == (alg, "sig")


def test_a_secret_is_never_published(make_app: AppMaker) -> None:
    with TestClient(make_app(alg="HS256"), base_url=ISSUER) as client:
        assert client.get(JWKS).json() == {"keys": []}


def test_the_media_type_is_the_one_that_every_reader_takes(client: TestClient) -> None:
    assert client.get(JWKS).headers["content-type"] == "application/json"


def test_after_a_rotation_the_new_keys_are_shown_without_a_secret(
    tmp_path: Path, database_url: str
) -> None:
    now = [1_800_000_000.0]
    path = tmp_path / "keys.json"
    path.touch(0o600)
    path.write_text(key_set_document("ES256"))
    settings = Settings(
        issuer=ISSUER,
        audience=AUDIENCE,
        keys=f"file:{path}",
        database_url=SecretStr(database_url),
    )
    # Not entered: without a lifespan, as on Lambda, it is requests that read the keys again.
    app = create_app(settings, clock=lambda: now[0])
    with closing(find(app, Database)), closing(TestClient(app, base_url=ISSUER)) as client:
        before = {address: client.get(address) for address in (JWKS, DISCOVERY)}
        path.write_text(key_set_document("RS256", "HS256", "ES256"))
        now[0] += REREAD_SECONDS + 1
        after = client.get(JWKS)
        for address, answer in before.items():
            again = client.get(address, headers={"If-None-Match": answer.headers["etag"]})
            assert again.status_code == 200, address
            assert again.headers["etag"] != answer.headers["etag"]
    kids = [private_jwk(alg)["kid"] for alg in ("RS256", "ES256")]
    assert [jwk["kid"] for jwk in after.json()["keys"]] == kids
    assert all(PRIVATE.isdisjoint(jwk) for jwk in after.json()["keys"])
    for alg in ("RS256", "HS256", "ES256"):
        secrets = [value for name, value in private_jwk(alg).items() if name in PRIVATE]
        assert not [secret for secret in secrets if secret in after.text], alg
    assert json.loads(before[JWKS].text)["keys"][0]["kid"] == private_jwk("ES256")["kid"]
