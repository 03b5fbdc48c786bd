"""HMAC, RSA and ECDSA each carry the whole flow, chosen by the key set alone."""

from pathlib import Path

import pytest

from local import tokens
from local.demo import walk
from local.edge import running_edge
from local.keys import for_verifying, make_key_set
from local.ministack import free_port
from local.story import Story
from tests.support import key_set_document


@pytest.mark.parametrize("alg", ["HS256", "RS256", "ES256"])
@pytest.mark.tells_secrets("the demo shows what a login answers")
def test_the_key_set_decides_what_the_seven_steps_sign_with(folder: Path, alg: str) -> None:
    folder.mkdir()
    make_key_set(folder / "keys.json", alg)
    story = Story()

    with (
        running_edge(folder, port=free_port(0)) as edge,
        edge.http() as client,
    ):
        walk(edge, client, story)
        header, _ = tokens.read(tokens.issued(edge, "notes:read"))

    assert story.failures == 0
    assert header["alg"] == alg


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_the_authorizer_is_given_no_private_member(alg: str) -> None:
    given = for_verifying(key_set_document(alg))

    assert '"d"' not in given
    assert '"p"' not in given
    assert f'"{alg}"' in given
