"""What the contenders are given, and the lock that Node's package comes from."""

import json

from app.tokens.jwk import parse_key_set
from benchmarks.hostile import hostile_tokens
from benchmarks.material import ALGORITHMS, Material
from benchmarks.node_package import FOLDER, locked_version


def test_no_token_comes_twice() -> None:
    material = Material("ES256", "HS256")
    tokens = material.tokens(40) + hostile_tokens(material.jwks, 40)
    assert len(set(tokens)) == 80
    assert len({token.split(".")[0] for token in tokens[40:]}) == 40


def test_only_what_verifies_is_handed_over() -> None:
    material = Material(*ALGORITHMS)
    keys = parse_key_set(material.environment()["JWKS"].encode())
    assert {key.alg for key in keys.keys.values()} == set(ALGORITHMS)
    assert keys.asymmetric_private_kids == ()


def test_the_lock_of_node_has_hashes_and_names_no_host() -> None:
    text = (FOLDER / "package-lock.json").read_text("utf-8")
    assert "://" not in text
    packages = json.loads(text)["packages"]
    assert all(package["integrity"] for name, package in packages.items() if name)
    manifest = json.loads((FOLDER / "package.json").read_text("utf-8"))
    assert manifest["dependencies"] == {"aws-jwt-verify": locked_version()}
