"""A source of keys that turns hostile: it is refused, and the set that was there stays."""

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.tokens.errors import KeysUnavailable
from app.tokens.key_sources import FETCH_SECONDS, open_verifying_keys
from tests.app.tokens.ringing import Clock
from tests.support import key_set, private_jwk
from tests.web_server import Speak, WebServer, answers, answers_json, drips, hangs, hangs_up, says

ROOT = Path(__file__).parents[2]
GOOD = key_set("ES256").verifying()
JWK = dict(GOOD.jwks()["keys"][0])
OTHER = dict(key_set("ES384").jwks()["keys"][0])
SECRETS = [private_jwk("ES256")["d"], private_jwk("RS256")["d"], private_jwk("HS256")["k"]]
HTML = b"<!doctype html><title>Maintenance</title>" + b"<p>Please come back.</p>" * 50


def keys(*jwks: object) -> Speak:
    return answers_json({"keys": jwks})


def numbered(count: int) -> list[dict[str, Any]]:
    return [JWK | {"kid": f"{number}"} for number in range(count)]


HOSTILE: dict[str, tuple[Speak, str]] = {
    "10 MB": (answers(b'{"keys": [' + b" " * 10_000_000 + b"]}"), "over 65536 bytes"),
    "a byte too many": (answers(b" " * 65_537), "over 65536 bytes"),
    "10,000 keys": (keys(*numbered(10_000)), "over 65536 bytes"),
    "10,000 empty keys": (keys(*[{}] * 10_000), "every key needs a 'kid'"),
    "30,000 arrays": (keys(*[[]] * 15_000), "must be a JWK, a JSON object"),
    "many duplicates": (keys(*[OTHER] * 200), "another key of the set has the same kid"),
    "a duplicate kid": (keys(JWK, OTHER | {"kid": JWK["kid"]}), "has the same kid"),
    "nested": (answers(b'{"keys":' + b"[" * 60_000), "nested too deeply"),
    "html": (answers(HTML, Content_Type="text/html"), "not JSON"),
    "nothing": (answers(b""), "not JSON"),
    "no keys": (keys(), "at least one JWK"),
    "an array": (answers_json([JWK]), "not JSON as RFC 7517"),
    # To `http.client`, a chunk of this size is one that ends with its connection.
    "a chunk of -1 bytes": (
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" + b" " * 60_000_000),
        "over 65536 bytes",
    ),
    "a redirect": (answers(b"", 302, Location="https://example.com/"), "200 was expected, not 302"),
    "a private key": (keys(private_jwk("ES256")), "it publishes private keys"),
    "a private RSA key": (keys(private_jwk("RS256")), "it publishes private keys"),
    "a secret": (keys(JWK, private_jwk("HS256")), "it publishes private keys"),
    "a lone private member": (keys(JWK, OTHER | {"dp": "AQAB"}), "it publishes private keys"),
    "a key to encrypt": (keys(JWK, OTHER | {"use": "enc"}), "its 'use' must be 'sig'"),
    "alg none": (keys(JWK, OTHER | {"alg": "none"}), "is none of"),
    "two states of three": (keys(JWK | {"state": "active", "since": 1}, OTHER), "either no key"),
    "silence": (hangs, "no whole answer"),
    "dripping": (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"), "no whole answer"),
    "hung up": (hangs_up, "RemoteDisconnected"),
    "no HTTP": (says(b"SSH-2.0-OpenSSH_9.9\r\n"), "the answer is no HTTP"),
}
for _status in (201, 203, 401, 404, 500, 503):
    HOSTILE[f"status {_status}"] = (
        answers(json.dumps({"keys": [JWK]}).encode(), _status),
        f"the status 200 was expected, not {_status}",
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_refused_and_the_old_set_kept(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    speak, told = HOSTILE[name]
    clock = Clock()
    with WebServer(answers_json(GOOD.jwks())) as server:
        ring = open_verifying_keys(server.url(), clock=clock)
        before = ring.current()
        assert before == GOOD
        server.speak = speak
        clock.at(300)
        assert ring.current() is before
        sentence = caplog.records[-1].getMessage()
        server.speak = answers_json({"keys": [OTHER]})
        clock.at(310)
        assert list(ring.current().keys) == [OTHER["kid"]]
    assert told in sentence
    assert not [secret for secret in SECRETS if secret in caplog.text]


@pytest.mark.parametrize("name", ["silence", "dripping", "hung up", "html", "a private key"])
def test_a_hostile_answer_at_a_cold_start_is_an_error_within_a_second(name: str) -> None:
    with WebServer(HOSTILE[name][0]) as server:
        ring = open_verifying_keys(server.url())
        start = time.monotonic()
        with pytest.raises(KeysUnavailable, match=HOSTILE[name][1]) as refused:
            ring.current()
        assert time.monotonic() - start < FETCH_SECONDS + 1
        assert refused.value.__suppress_context__ or refused.value.__context__ is None
        assert not [secret for secret in SECRETS if secret in str(refused.value)]
        server.speak = answers_json(GOOD.jwks())
        assert ring.current() == GOOD
    assert FETCH_SECONDS < 1


MEASURED = """
import sys
from app.tokens.key_sources import open_verifying_keys
from tests.app.tokens.ringing import Clock

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

clock = Clock()
ring = open_verifying_keys(sys.argv[1], clock=clock)
before, start = ring.current(), peak()
for turn in range(int(sys.argv[2])):
    clock.at(300 + 10 * turn)
    assert ring.current() is before
print(peak() - start)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel tells no peak here")
def test_hostile_answers_cost_at_most_20_mb() -> None:
    names = [name for name in HOSTILE if name not in ("silence", "dripping")]
    speaks = iter([answers_json(GOOD.jwks()), *(HOSTILE[name][0] for name in names * 3)])
    with WebServer(lambda connection, closing: next(speaks)(connection, closing)) as server:
        measured = subprocess.run(
            [sys.executable, "-c", MEASURED, server.url(), str(len(names) * 3)],
            cwd=ROOT,
            env=dict(os.environ) | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert measured.returncode == 0, measured.stderr
    print(f"the peak of memory grew by {int(measured.stdout)} kB")
    assert int(measured.stdout) <= 20_000
    assert list(speaks) == []
