"""Key sets from the web: who is asked, how often, and what is taken of what comes."""

import json
from pathlib import Path

import pytest

from app.tokens.errors import KeySetError, KeysUnavailable
from app.tokens.key_sources import open_verifying_keys
from app.tokens.keys import KeySet
from tests.app.tokens.ringing import Clock
from tests.certificates import certified
from tests.support import key_set, private_jwk
from tests.web_server import WebServer, answers, answers_json, hangs_up

ROOT = Path(__file__).parents[3]
GOOD = key_set("ES256").verifying()
JWK = dict(GOOD.jwks()["keys"][0])
OTHER = dict(key_set("ES384").jwks()["keys"][0])
SECRETS = [private_jwk("ES256")["d"], private_jwk("RS256")["d"], private_jwk("HS256")["k"]]


def test_a_source_that_is_not_there_is_told_with_its_url() -> None:
    server = WebServer(hangs_up)
    ring = open_verifying_keys(server.url())
    with pytest.raises(KeysUnavailable) as refused:
        ring.current()
    assert str(refused.value) == f"{server.url()}: Connection refused"
    server.speak = answers_json(GOOD.jwks())
    with server:
        assert ring.current() == GOOD


def test_a_document_of_just_the_largest_size_is_read() -> None:
    document = json.dumps(GOOD.jwks()).encode()
    with WebServer(answers(document + b" " * (65_536 - len(document)))) as server:
        assert open_verifying_keys(server.url()).current() == GOOD


def test_an_issuer_over_tls_is_read_if_it_is_the_one_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, certificate = certified(tmp_path)
    with WebServer(answers_json(GOOD.jwks()), tls=tls) as server:
        ring = open_verifying_keys(server.url())
        with pytest.raises(KeysUnavailable, match="self-signed certificate"):
            ring.current()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert ring.current() == GOOD


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/jwks.json",
        "https://user@example.com/jwks.json",
        "https://example.com/jwks.json#part",
        "https:example.com/jwks.json",
        "http:///jwks.json",
        "https://example.com/a b",
    ],
)
def test_a_url_that_is_not_to_be_believed_is_refused_when_it_is_set(url: str) -> None:
    told = "an https URL without user or fragment was expected"
    with pytest.raises(KeySetError, match=told) as refused:
        open_verifying_keys(url)
    assert refused.value.__suppress_context__


def test_an_unknown_kid_asks_the_issuer_once_in_ten_seconds_for_10_000_attempts() -> None:
    clock = Clock()
    with WebServer(answers_json(GOOD.jwks())) as server:
        ring = open_verifying_keys(server.url(), clock=clock)
        assert ring.current() == GOOD
        for attempt in range(10_000):
            clock.at(attempt / 1000)
            assert "of-no-key" not in ring.after_unknown_kid().keys
        assert len(server.requests) == 1
        clock.at(10)
        ring.after_unknown_kid()
        assert len(server.requests) == 2


def test_what_is_read_of_an_issuer_signs_nothing() -> None:
    with WebServer(answers_json({"keys": [JWK, OTHER], "more": [1]})) as server:
        read: KeySet = open_verifying_keys(server.url()).current()
    assert (read.signing, read.holds_secrets) == (None, False)
    assert set(read.keys) == {JWK["kid"], OTHER["kid"]}
