"""Readers that are not ours verify a token of ours, told the issuer and the audience alone."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import jwt
import pytest
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt
from joserfc.errors import JoseError

from tests.app.browser.stage import STAGE
from tests.app.discovery.deployed import DISCOVERY, Deployment, deployed
from tests.conftest import AppMaker
from tests.support import AUDIENCE

NODE = Path(__file__).parent.parent.parent / "node"
OFFLINE = ("ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "EAI_AGAIN", "ETIMEDOUT")
ALGS = ["RS256", "RS512", "ES256", "ES384", "ES512"]
# What a reader says of a token, given the issuer: the claims, or that it refuses it.
Reader = Callable[[str, str], dict[str, Any] | None]


def _metadata(issuer: str) -> dict[str, Any]:
    with urlopen(issuer.removesuffix("/") + DISCOVERY, timeout=10) as answer:  # noqa: S310 - http
        metadata: dict[str, Any] = json.load(answer)
    return metadata


def _pyjwt(issuer: str, token: str) -> dict[str, Any] | None:
    metadata = _metadata(issuer)
    try:
        key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            metadata["id_token_signing_alg_values_supported"],
            audience=AUDIENCE,
            issuer=metadata["issuer"],
        )
    except jwt.PyJWTError:
        return None
    return claims


def _joserfc(issuer: str, token: str) -> dict[str, Any] | None:
    metadata = _metadata(issuer)
    with urlopen(metadata["jwks_uri"], timeout=10) as answer:  # noqa: S310 - http on loopback
        keys = joserfc_jwk.KeySet.import_key_set(json.load(answer))
    algs = metadata["id_token_signing_alg_values_supported"]
    try:
        decoded = joserfc_jwt.decode(token, keys, algorithms=algs)
        joserfc_jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": AUDIENCE},
        ).validate(decoded.claims)
    except (JoseError, ValueError):
        return None
    return decoded.claims


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where verify.mjs stands beside the packages of its lock."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not here; they run what Node services verify with")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "verify.mjs"):
        shutil.copy(NODE / name, folder)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode and any(code in done.stderr for code in OFFLINE):
        pytest.skip("npm reaches no registry, so jose for Node cannot be installed")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(params=["PyJWT", "joserfc", "jose for Node"])
def reader(request: pytest.FixtureRequest) -> Reader:
    """One of three libraries that share no code with ours."""
    if request.param == "PyJWT":
        return _pyjwt
    if request.param == "joserfc":
        return _joserfc
    folder: Path = request.getfixturevalue("node_folder")

    def by_node(issuer: str, token: str) -> dict[str, Any] | None:
        done = subprocess.run(
            ["node", "verify.mjs", issuer, AUDIENCE],
            cwd=folder,
            input=token,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert "claims" in told or told["error"].startswith("ERR_"), told
        claims: dict[str, Any] | None = told.get("claims")
        return claims

    return by_node


@pytest.fixture
def deployment(make_app: AppMaker) -> Iterator[Deployment]:
    with deployed(make_app) as deployment:
        yield deployment


@pytest.mark.parametrize("alg", ALGS)
def test_a_reader_verifies_a_token_from_the_discovery_document_alone(
    make_app: AppMaker, reader: Reader, alg: str
) -> None:
    with deployed(make_app, alg=alg) as deployment:
        claims = reader(deployment.issuer, deployment.token("notes:read"))
    assert claims
    assert (claims["iss"], claims["sub"]) == (deployment.issuer, "ada")
    assert (claims["aud"], claims["scope"]) == (AUDIENCE, "notes:read")


@pytest.mark.parametrize("ending", ["/", STAGE, f"{STAGE}/"])
def test_a_reader_finds_its_way_below_a_stage(
    make_app: AppMaker, reader: Reader, ending: str
) -> None:
    with deployed(make_app, ending=ending) as deployment:
        claims = reader(deployment.issuer, deployment.token())
    assert claims
    assert claims["iss"] == deployment.issuer


def test_a_reader_refuses_a_token_with_another_signature(
    deployment: Deployment, reader: Reader
) -> None:
    token, other = deployment.token("notes:read"), deployment.token("notes:write")
    mixed = ".".join([*token.split(".")[:2], other.split(".")[2]])
    assert reader(deployment.issuer, mixed) is None


def test_a_reader_refuses_a_token_of_another_issuer_with_the_same_key(
    make_app: AppMaker, deployment: Deployment, reader: Reader
) -> None:
    with deployed(make_app) as other:
        assert reader(other.issuer, other.token())
        assert reader(deployment.issuer, other.token()) is None


def test_pyjwt_reads_the_whole_set(deployment: Deployment) -> None:
    with urlopen(_metadata(deployment.issuer)["jwks_uri"], timeout=10) as answer:  # noqa: S310
        keys = jwt.PyJWKSet.from_json(answer.read().decode()).keys
    assert [(key.algorithm_name, key.public_key_use) for key in keys] == [("RS256", "sig")]


def test_the_lock_for_node_has_hashes_and_names_no_host() -> None:
    text = (NODE / "package-lock.json").read_text("utf-8")
    locked = {name: package for name, package in json.loads(text)["packages"].items() if name}
    assert locked
    assert "://" not in text
    assert all(package["integrity"].startswith("sha512-") for package in locked.values())
