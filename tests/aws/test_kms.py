"""`kms:` keys: the private half stays in KMS, and what it signs is as good as any."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import jwt
import pytest
from fastapi.testclient import TestClient
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt
from pydantic import SecretStr

from app.database import Database
from app.main import create_app
from app.parts import find
from app.settings import Settings
from app.tokens.aws_sources import ALG_OF_SPEC, open_signing_keys
from app.tokens.errors import KeySetError, KeysUnavailable
from app.tokens.generate import thumbprint
from app.tokens.issue import Issuer
from app.tokens.key_ring import KeyRing
from app.tokens.keys import KeySet
from app.tokens.verify import Verifier
from local.cloud import Cloud
from tests.support import AUDIENCE, ISSUER, Account

NewKey = Callable[..., str]


@pytest.fixture
def kms(aws: Cloud) -> Iterator[Any]:
    with closing(aws.client("kms")) as client:
        yield client


@pytest.fixture
def new_key(kms: Any) -> NewKey:
    """Makes a key in KMS; its id."""

    def new_key(spec: str = "ECC_NIST_P256", usage: str = "SIGN_VERIFY") -> str:
        made = kms.create_key(KeySpec=spec, KeyUsage=usage)
        key_id: str = made["KeyMetadata"]["KeyId"]
        return key_id

    return new_key


def opened(*ids: str) -> KeySet:
    return open_signing_keys(f"kms:{','.join(ids)}").current()


def token_of(keys: KeySet) -> str:
    issuer = Issuer(keys, issuer=ISSUER, audience=AUDIENCE, lifetime=600)
    return issuer.issue(sub="user", client_id="ostiary", scopes=["notes:read"])


@pytest.mark.parametrize(("spec", "alg"), ALG_OF_SPEC.items())
def test_a_key_signs_by_the_algorithm_of_its_spec(new_key: NewKey, spec: str, alg: str) -> None:
    keys = opened(new_key(spec))
    token = token_of(keys)
    claims = Verifier(keys, issuer=ISSUER, audience=AUDIENCE).verify(token)
    assert claims.scope == "notes:read"
    (public,) = keys.jwks()["keys"]
    assert (public["alg"], jwt.get_unverified_header(token)["alg"]) == (alg, alg)
    decoded = jwt.decode(token, jwt.PyJWK(dict(public)), algorithms=[alg], audience=AUDIENCE)
    key = joserfc_jwk.import_key(dict(public))
    assert decoded == joserfc_jwt.decode(token, key, algorithms=[alg]).claims


def test_the_kid_is_the_thumbprint_of_rfc_7638(new_key: NewKey) -> None:
    (public,) = opened(new_key("RSA_2048")).jwks()["keys"]
    required = {name: public[name] for name in ("kty", "n", "e")}
    assert public["kid"] == thumbprint(required)
    assert set(public) == {"kty", "kid", "alg", "use", "n", "e"}


def test_the_first_id_signs_and_the_rest_are_published(new_key: NewKey) -> None:
    old, new = new_key("RSA_2048"), new_key("ECC_NIST_P384")
    one_way, other_way = opened(old, new), opened(new, old)
    assert one_way.signing
    assert other_way.signing
    assert (one_way.signing.alg, other_way.signing.alg) == ("RS256", "ES384")
    assert set(one_way.keys) == set(other_way.keys)
    verifier = Verifier(one_way, issuer=ISSUER, audience=AUDIENCE)
    assert verifier.verify(token_of(other_way)).sub == "user"


def test_an_alias_that_comes_to_mean_another_key_does_not_change_what_signs(
    kms: Any, new_key: NewKey
) -> None:
    alias = "alias/ostiary-test"
    kms.create_alias(AliasName=alias, TargetKeyId=new_key())
    keys = opened(alias)
    kms.update_alias(AliasName=alias, TargetKeyId=new_key())
    assert Verifier(keys, issuer=ISSUER, audience=AUDIENCE).verify(token_of(keys))


def test_the_whole_flow_runs_without_a_private_key_in_the_process(
    new_key: NewKey, database_url: str
) -> None:
    app = create_app(
        Settings(
            issuer=ISSUER,
            audience=AUDIENCE,
            keys=f"kms:{new_key('RSA_2048')}",
            database_url=SecretStr(database_url),
        )
    )
    keys = find(app, KeyRing).current()
    assert keys.holds_secrets is False
    with TestClient(app, base_url=ISSUER) as client:
        member = Account.register(client, "member@example.com")
        assert client.get("/users/me", headers=member.headers).status_code == 200
        published = client.get("/.well-known/jwks.json").json()
    assert published == keys.jwks()
    assert not {"d", "p", "q", "k"} & set(published["keys"][0])
    find(app, Database).close()


@pytest.mark.parametrize(
    ("spec", "usage", "told"),
    [
        ("RSA_2048", "ENCRYPT_DECRYPT", "'RSA_2048' for 'ENCRYPT_DECRYPT'"),
        ("ECC_SECG_P256K1", "SIGN_VERIFY", "not 'ECC_SECG_P256K1'"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "not an asymmetric one"),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "the key is not one for SIGN_VERIFY"),
    ],
)
def test_a_key_that_cannot_sign_tokens_is_refused_by_name(
    new_key: NewKey, spec: str, usage: str, told: str
) -> None:
    key_id = new_key(spec, usage)
    with pytest.raises(KeySetError, match=told) as refused:
        opened(key_id)
    assert key_id in str(refused.value)


def test_an_absent_key_is_told_by_its_id(aws: Cloud) -> None:
    with pytest.raises(KeysUnavailable, match=r"kms:alias/nobody: there is none of that id"):
        opened("alias/nobody")


def test_a_disabled_key_ends_the_start_and_later_the_logins_but_no_verification(
    kms: Any, new_key: NewKey
) -> None:
    key_id = new_key()
    keys = opened(key_id)
    issuer = Issuer(keys, issuer=ISSUER, audience=AUDIENCE, lifetime=600)
    token = issuer.issue(sub="user", client_id="ostiary", scopes=())
    kms.disable_key(KeyId=key_id)
    with pytest.raises(KeysUnavailable, match="the key is disabled; enable it"):
        issuer.issue(sub="user", client_id="ostiary", scopes=())
    assert Verifier(keys, issuer=ISSUER, audience=AUDIENCE).verify(token).sub == "user"
    with pytest.raises(KeysUnavailable, match="the key is disabled; enable it"):
        Issuer(keys, issuer=ISSUER, audience=AUDIENCE, lifetime=600)


@pytest.mark.parametrize("ids", [",", "a,", ",a", "a,a", "a,b,a"])
def test_ids_are_parted_by_commas_and_named_once(ids: str) -> None:
    with pytest.raises(KeySetError, match="key ids parted by commas, each once"):
        open_signing_keys(f"kms:{ids}")


def test_the_set_is_read_once_for_the_life_of_a_process(kms: Any, new_key: NewKey) -> None:
    now = 0.0
    key_id = new_key()
    ring = open_signing_keys(f"kms:{key_id}", clock=lambda: now)
    keys = ring.current()
    kms.disable_key(KeyId=key_id)
    now = 1e9
    assert ring.current() is keys
    assert json.dumps(keys.jwks())
