"""What is hashed and compared, and by what."""

import ast
import hmac

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.clients.service import hash_of_secret
from tests.app.clients.machine import Machine
from tests.architecture.sources import CODE, name_of, python_files, tree_of
from tests.support import on_sqlite

BROKEN = {"md2", "md4", "md5", "sha1", "ripemd160"}


def test_no_broken_hash_is_named() -> None:
    for path in python_files(*CODE):
        text = path.read_text("utf-8").replace("-", "").lower()
        if not any(word in text for word in BROKEN):
            continue
        words: set[str] = set()
        for node in ast.walk(tree_of(path)):
            match node:
                case ast.Attribute(attr=word) | ast.Name(id=word) | ast.alias(name=word):
                    words.add(word.lower())
                case ast.Constant(value=str(word)):
                    words.add(word.replace("-", "").lower())
        assert words & BROKEN == set(), name_of(path)


@on_sqlite
def test_the_secret_of_a_client_is_compared_in_constant_time(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, compared = Machine.make(app, client, "users:read"), []

    def spy(one: bytes, other: bytes) -> bool:
        compared.append({one, other})
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", spy)
    form = {"grant_type": "client_credentials"}
    assert client.post("/auth/token", data=form, auth=(machine.id, "wrong")).status_code == 401
    assert compared == [{hash_of_secret("wrong"), hash_of_secret(machine.secret)}]
