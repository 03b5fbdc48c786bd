"""`ostiary doctor` on deployments with one thing wrong: the row says which, and no other does."""

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from typer.testing import CliRunner

from app.cli import cli
from app.doctor import pages
from app.doctor.examination import examine
from app.doctor.pages import get
from app.doctor.report import Verdict
from app.tokens.fetch import Fetched, fetch
from app.tokens.key_sources import MAX_DOCUMENT_BYTES
from tests.app.discovery.deployed import DISCOVERY, JWKS, SERVER_METADATA, Deployment, deployed
from tests.app.discovery.pages import Cached, json_page, metadata_of, public_jwk, wrong_rows
from tests.conftest import AppMaker


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """No token and no document that is looked at comes from a database."""
    return sqlite_url


@pytest.fixture
def deployment(make_app: AppMaker) -> Iterator[Deployment]:
    """Right as it is; what a test puts into `pages` is wrong with it."""
    with deployed(make_app) as deployment:
        yield deployment


def test_the_good_page_of_these_tests_is_found_good(deployment: Deployment) -> None:
    deployment.pages = {
        DISCOVERY: Cached(metadata_of(deployment)),
        JWKS: Cached({"keys": [public_jwk()]}),
    }
    assert wrong_rows(deployment) == {}


@pytest.mark.parametrize(
    ("page", "found"),
    [
        (Response(status_code=404), "the status 404 in place of 200"),
        (json_page("{}", 503), "the status 503 in place of 200"),
        (json_page("{}", 201), "the status 201 in place of 200"),
        (RedirectResponse("/login"), "a redirect, 307, to '/login'"),
        (RedirectResponse("https://elsewhere.example", 301), "a redirect, 301, to 'https://else"),
        (Response("<html>", media_type="text/html"), "the media type 'text/html' in place of"),
        (Response("{}"), "the media type '' in place of 'application/json'"),
        (json_page("<html>"), "no JSON object"),
        (json_page("[]"), "no JSON object: 'a JSON object was expected, not a list'"),
        (json_page('{"issuer": 1, "issuer": 2}'), "no JSON object: 'a JSON object has two members"),
        (json_page(b"\xff\xfe"), "no JSON object"),
        (
            json_page(" " * (MAX_DOCUMENT_BYTES + 1)),
            f"the answer has over {MAX_DOCUMENT_BYTES} bytes",
        ),
    ],
)
@pytest.mark.parametrize(
    ("address", "row"), [(DISCOVERY, "openid-configuration"), (JWKS, "jwks.json")]
)
def test_a_page_that_is_no_document_is_told_with_what_came(
    deployment: Deployment, address: str, row: str, page: ASGIApp, found: str
) -> None:
    deployment.pages[address] = page
    wrong = wrong_rows(deployment)
    assert list(wrong) == [row]
    assert wrong[row].found.startswith(found)
    assert f"{deployment.issuer}{address}" in wrong[row].advice


@pytest.mark.parametrize("ending", ["/", "x", "/prod"])
def test_another_issuer_than_the_one_asked_for_is_wrong(
    deployment: Deployment, ending: str
) -> None:
    named = f"{deployment.issuer}{ending}"
    deployment.pages[DISCOVERY] = Cached(metadata_of(deployment, issuer=named))
    wrong = wrong_rows(deployment)
    assert list(wrong) == ["issuer"]
    assert wrong["issuer"].found == repr(named)
    assert repr(deployment.issuer) in wrong["issuer"].advice


@pytest.mark.parametrize(
    "uri", [None, "", 1, [], "jwks.json", "http://example.com/jwks.json", "file:///etc/passwd"]
)
def test_a_jwks_uri_that_nobody_can_fetch_is_not_fetched(deployment: Deployment, uri: Any) -> None:
    deployment.pages[DISCOVERY] = Cached(metadata_of(deployment, jwks_uri=uri))
    assert list(wrong_rows(deployment)) == ["jwks_uri"]


def test_a_strangers_document_leads_nobody_to_what_listens_on_this_machine() -> None:
    asked: list[str] = []

    def get(address: str) -> Fetched:
        asked.append(address)
        metadata = {"issuer": "https://h.example", "jwks_uri": "http://127.0.0.1:9/admin"}
        body = json.dumps(metadata).encode()
        return Fetched(200, {"content-type": "application/json"}, body, 0.1)

    checks = examine("https://h.example", address="93.184.215.14", get=get)
    (row,) = [check for check in checks if check.name == "jwks_uri"]
    assert row.verdict is Verdict.WRONG
    assert {address.removeprefix("https://h.example") for address in asked} == {
        DISCOVERY,
        SERVER_METADATA,
    }


@pytest.mark.parametrize(("seconds", "slow"), [(1.499, False), (1.5, True), (1.6, True)])
@pytest.mark.parametrize(
    ("address", "row"), [(DISCOVERY, "discovery: time"), (JWKS, "jwks.json: time")]
)
def test_what_takes_longer_than_api_gateway_waits_is_wrong(
    deployment: Deployment, address: str, row: str, seconds: float, *, slow: bool
) -> None:
    def get_slowly(asked: str) -> Fetched:
        answer = get(asked)
        return replace(answer, seconds=seconds) if asked.endswith(address) else answer

    wrong = wrong_rows(deployment, get_slowly)
    assert list(wrong) == ([row] if slow else [])
    if slow:
        assert wrong[row].found == f"{seconds:.3f} s; API Gateway waits 1.5 s"


@pytest.mark.parametrize(
    ("address", "row"), [(DISCOVERY, "openid-configuration"), (JWKS, "jwks.json")]
)
def test_what_never_answers_is_given_up(deployment: Deployment, address: str, row: str) -> None:
    released = threading.Event()

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.to_thread(released.wait, 20)
        await json_page("{}")(scope, receive, send)

    deployment.pages[address] = waits
    try:
        wrong = wrong_rows(deployment, partial(fetch, seconds=0.3, most=MAX_DOCUMENT_BYTES))
    finally:
        released.set()
    assert list(wrong) == [row]
    # Which it is, the two clocks of `fetch` decide.
    assert wrong[row].found in ("no whole answer came within 0.3 s", "TimeoutError")


def test_five_seconds_are_waited_to_tell_how_slow_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, float] = {}

    def remember(_: str, **bounds: float) -> Fetched:
        given.update(bounds)
        return Fetched(200, {}, b"", 0.0)

    monkeypatch.setattr(pages, "fetch", remember)
    get("https://h.example")
    assert given == {"seconds": 5.0, "most": MAX_DOCUMENT_BYTES}


@pytest.mark.parametrize("member", ["response_types_supported", "grant_types_supported"])
@pytest.mark.parametrize("value", [None, "authorization_code", {}])
def test_what_rfc_8414_would_assume_is_written_out(
    deployment: Deployment, member: str, value: Any
) -> None:
    deployment.pages[DISCOVERY] = Cached(metadata_of(deployment, **{member: value}))
    wrong = wrong_rows(deployment)
    assert list(wrong) == ["no default grants"]
    assert wrong["no default grants"].found == f"{member} not written out"


def test_an_issuer_without_a_path_answers_where_rfc_8414_says(deployment: Deployment) -> None:
    for page in (Response(status_code=404), Cached({"issuer": "https://other.example"})):
        deployment.pages[SERVER_METADATA] = page
        assert list(wrong_rows(deployment)) == ["RFC 8414's location"]


def test_a_certificate_that_nobody_vouches_for_is_told(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            checks = examine(f"https://localhost:{server.server_port}", address="127.0.0.1")
        finally:
            server.shutdown()
            thread.join()
    (row,) = [check for check in checks if check.name == "openid-configuration"]
    assert row.verdict is Verdict.WRONG
    assert "certificate" in row.found.lower()
    assert "certificate of a public authority" in row.advice


def test_one_wrong_row_ends_the_command_with_1(deployment: Deployment) -> None:
    deployment.pages[JWKS] = Response(status_code=404)
    ended = CliRunner().invoke(cli, ["doctor", deployment.issuer])
    assert ended.exit_code == 1
    assert "✗  jwks.json " in ended.output


def test_what_a_server_says_cannot_forge_a_row(deployment: Deployment) -> None:
    forged = f"{deployment.issuer}\n✓  issuer  \x1b[32mgood"
    deployment.pages[DISCOVERY] = Cached(metadata_of(deployment, issuer=forged))
    ended = CliRunner().invoke(cli, ["doctor", deployment.issuer])
    assert "\x1b" not in ended.output
    assert not [line for line in ended.output.splitlines() if line.startswith("✓  issuer")]
