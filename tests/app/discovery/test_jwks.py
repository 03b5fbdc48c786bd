"""The public keys, and nothing but what is public of them."""

import jwt
import pytest
from fastapi.testclient import TestClient

from tests.conftest import AppMaker
from tests.support import ALGORITHMS, AUDIENCE, ISSUER, token_of

PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS if not alg.startswith("HS")])
def test_a_stranger_can_verify_a_token_with_what_is_published(make_app: AppMaker, alg: str) -> None:
    app = make_app(alg=alg)
    with TestClient(app, base_url=ISSUER) as client:
        answer = client.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    (published,) = answer.json()["keys"]
    assert not PRIVATE.intersection(published)
    token = token_of(app, "ada", "notes:read")
    claims = jwt.decode(token, jwt.PyJWK(published), [alg], audience=AUDIENCE, issuer=ISSUER)
    assert (claims["sub"], claims["scope"]) == ("ada", "notes:read")


def test_a_secret_is_never_published(make_app: AppMaker) -> None:
    with TestClient(make_app(alg="HS256"), base_url=ISSUER) as client:
        assert client.get("/.well-known/jwks.json").json() == {"keys": []}
