"""The comparison is fair: every contender allows the same, and refuses what must be refused."""

import json
import subprocess
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import import_key

from benchmarks import node_package
from benchmarks.field import NODE, OURS, Contender, Side, field
from benchmarks.material import Material
from benchmarks.oddities import judge_oddities
from benchmarks.processes import ContenderFailed, Worker, run_once

EVERYONE = field(with_node=True)
NOW = int(time.time())
HEADERS: dict[str, dict[str, str]] = {
    "an unknown kid": {"kid": "nobody's"},
    "another kind of token": {"typ": "JWT"},
}
CLAIMS: dict[str, dict[str, Any]] = {
    "expired": {"exp": NOW - 60},
    "without an end": {"exp": None},
    "not yet valid": {"nbf": NOW + 80_000},
    "of another issuer": {"iss": "https://other.example"},
    "for another audience": {"aud": "other"},
    "without a scope": {"scope": None},
    "without an id": {"jti": None},
}


@cache
def _material(alg: str, _name: str = "ours") -> Material:
    """The same one for the same words: an RSA key takes its time to make."""
    return Material(alg)


def _pairs(*sides: Side) -> list[Any]:
    return [
        pytest.param(contender, alg, id=f"{contender.name} {alg}")
        for contender in EVERYONE
        for alg in contender.algorithms
        if contender.side in sides
    ]


@pytest.fixture(autouse=True)
def _node(request: pytest.FixtureRequest) -> None:
    """aws-jwt-verify, where this machine has Node and reaches a package registry."""
    if request.node.callspec.params["contender"] is not NODE:
        return
    if node_package.node_version() is None:
        pytest.skip("Node and npm are not both installed")
    try:
        node_package.install()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"npm ci failed: {error.stderr.decode('utf-8', 'replace')}")


@pytest.mark.parametrize(("contender", "alg"), _pairs(Side.OURS, Side.PYTHON, Side.NODE))
def test_everyone_allows_the_same_and_refuses_the_same(contender: Contender, alg: str) -> None:
    material = _material(alg)
    good, stranger = material.tokens(2), _material(alg, "a stranger's").tokens(1)
    bad = _bad_tokens(material.jwks[0], good[0])
    with Worker(contender, material.environment()) as worker:
        policies = worker.judge(good)
        assert worker.judge(stranger) == [None]
        judged = dict(zip(bad, worker.judge([*bad.values()]), strict=True))
    assert judged == dict.fromkeys(bad)
    with Worker(OURS, material.environment()) as ours:
        assert [_decided(policy) for policy in policies] == [
            _decided(policy) for policy in ours.judge(good)
        ]


@pytest.mark.parametrize("contender", [c for c in EVERYONE if c.side is not Side.LIMIT])
def test_an_odd_token_is_never_an_accident(contender: Contender) -> None:
    """Whoever takes one does so by its rules; none of them fails over it, and ours takes none."""
    judged = judge_oddities([contender])
    allowed = [oddity for oddity, verdict in judged.items() if verdict[contender.name]]
    assert allowed[0] == "none"
    if contender is OURS:
        assert allowed == ["none"]


@pytest.mark.parametrize(("contender", "alg"), _pairs(*Side))
def test_everyone_can_be_timed_cold_and_warm(contender: Contender, alg: str) -> None:
    material = _material(alg)
    environment = material.environment()
    (token,) = material.tokens(1)
    assert run_once(contender, environment | {"TOKEN": token}) > (0, 0)
    with Worker(contender, environment) as worker:
        assert worker.time(material.tokens(3)) > (0, 0)


@pytest.mark.parametrize(("contender", "alg"), _pairs(*Side))
def test_a_contender_that_refuses_a_good_token_ends_the_run(contender: Contender, alg: str) -> None:
    material = _material(alg)
    environment, tampered = material.environment(), _tampered(material.tokens(1)[0])
    with pytest.raises(ContenderFailed, match=contender.name[:4]):
        run_once(contender, environment | {"TOKEN": tampered})
    with Worker(contender, environment) as worker, pytest.raises(ContenderFailed):
        worker.time([tampered])


def _decided(policy: Mapping[str, Any] | None) -> tuple[Any, ...]:
    """What all policies say, whatever the order of resources."""
    assert policy
    (statement,) = policy["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    named = tuple(policy["context"][name] for name in ("sub", "client_id", "scope", "jti"))
    return policy["principalId"], sorted(statement["Resource"]), named


def _bad_tokens(jwk: dict[str, Any], good: str) -> dict[str, str]:
    header, claims = (_json(segment) for segment in good.split(".")[:2])
    key = import_key(jwk)

    def signed(header_changes: dict[str, Any], changes: dict[str, Any]) -> str:
        payload = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(header | header_changes, payload, key)

    return {
        "tampered with": _tampered(good),
        **{name: signed(changes, {}) for name, changes in HEADERS.items()},
        **{name: signed({}, changes) for name, changes in CLAIMS.items()},
    }


def _tampered(token: str) -> str:
    """The same token, made out to somebody else under the old signature."""
    header, payload, signature = token.split(".")
    claims = json.dumps(_json(payload) | {"sub": "somebody-else"}).encode()
    return f"{header}.{urlsafe_b64encode(claims).decode().rstrip('=')}.{signature}"


def _json(segment: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return value
