"""That the plugin finds what must not be written, wherever it is, and fails the test."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.clients import service as clients
from app.sessions.opaque_tokens import new_salt, new_token, successor_of
from tests.authorizer.decisions import issued
from tests.no_secrets import KNOWN_PASSWORDS, secrets_in
from tests.support import ISSUER, PASSWORD, private_jwk
from tests.support import _password_hash as password_hash

ROOT = Path(__file__).parents[1]
LEAKS = """
import logging, sys
import pytest
from app.sessions.opaque_tokens import new_token

LOG = logging.getLogger("ostiary.somewhere")
TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0." + "A" * 86

def test_by_words(): LOG.debug("refused: %s", TOKEN)
def test_by_extra(): LOG.info("refused", extra={"sub": TOKEN})
def test_by_error():
    try: raise ValueError(TOKEN)
    except ValueError: LOG.exception("Unforeseen")
def test_by_refresh_token(): LOG.debug(new_token())
def test_by_printing(): print(TOKEN)
def test_by_standard_error(): print(TOKEN, file=sys.stderr)
def test_by_a_log(tmp_path): (tmp_path / "function.log").write_text(TOKEN)
def test_of_nobody(): logging.getLogger("elsewhere").warning(TOKEN)
def test_of_a_key(): LOG.debug("1P6H9OepMTMHxrNI-3SdaPxOOMEZkyTGhRErRIC7Ir8 signs")
@pytest.mark.tells_secrets("it is what is tried")
def test_on_purpose(): LOG.debug(TOKEN)
def test_unseen(caplog):
    LOG.debug("below the level that is read")
    LOG.warning("above it")
    assert caplog.messages == ["above it"]
"""


@pytest.mark.parametrize(
    "secret",
    [
        *KNOWN_PASSWORDS,
        PASSWORD,
        password_hash(),
        issued("notes:read"),
        new_token(),
        successor_of(new_token(), new_salt()),
        clients._new_secret(),
        json.dumps(private_jwk("RS256")),
        json.dumps(json.dumps(private_jwk("ES256"))),
        str({"kty": "oct", "k": private_jwk("HS256")["k"]}),
        "-----BEGIN EC PRIVATE KEY-----",
    ],
    ids=itertools.count(),
)
def test_what_is_secret_is_found_among_other_words(secret: str) -> None:
    assert secrets_in(f"refused: {secret!r}, of {ISSUER}")
    assert secrets_in(secret)


def test_what_is_not_is_not() -> None:
    jwk = private_jwk("RS256")
    public = json.dumps({name: jwk[name] for name in ("kty", "kid", "n", "e", "alg", "use")})
    unsigned = issued("notes:read").rpartition(".")[0]
    for harmless in (public, jwk["kid"], unsigned, "Bearer eyJ.e30.x", "a refresh token"):
        assert secrets_in(harmless) == []


def test_a_test_that_lets_a_secret_be_written_fails_in_a_worker_too(tmp_path: Path) -> None:
    (tmp_path / "test_leaks.py").write_text(LEAKS)
    plugins = ("-p", "tests.no_secrets", "-p", "xdist", "-n", "1", "-p", "no:cacheprovider")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-q", "-rA", "--rootdir", tmp_path],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = ran.stdout.splitlines()
    wrong = {line.split("::")[1].split(" ")[0] for line in lines if line.startswith("ERROR test_")}
    assert wrong == {
        *("test_by_words", "test_by_extra", "test_by_error", "test_by_refresh_token"),
        *("test_by_printing", "test_by_standard_error", "test_by_a_log"),
    }, ran.stdout + ran.stderr
    assert "11 passed, 7 errors" in lines[-1]
    assert ran.returncode == 1
