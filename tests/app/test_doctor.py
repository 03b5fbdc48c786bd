"""`ostiary doctor` on deployments of our own, and what it says before it looks at any."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.doctor.address import check_address, reach
from app.doctor.examination import examine
from app.doctor.report import Check, Verdict, as_text, not_judged, right, wrong
from tests.app.browser.stage import STAGE
from tests.app.discovery.deployed import Deployment, deployed
from tests.conftest import AppMaker

NAMES = [
    *("https, public host", "openid-configuration", "discovery: time", "issuer", "jwks_uri"),
    *("jwks.json", "jwks.json: time", "JWK Set", "no secret in it", "HTTP API's authorizer"),
    *("REST API's authorizer", "discovery: Cache-Control", "discovery: ETag, 304"),
    *("jwks.json: Cache-Control", "jwks.json: ETag, 304", "no default grants"),
    "RFC 8414's location",
]
OF_TOKENS = [
    *("token: kid", "token: alg", "token: iss", "token: aud", "token: times", "token: scope"),
    *("token: size", "token: verified"),
]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """No token and no document that is looked at comes from a database."""
    return sqlite_url


@pytest.fixture
def deployment(make_app: AppMaker) -> Iterator[Deployment]:
    with deployed(make_app) as deployment:
        yield deployment


def _doctor(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["doctor", *words], input=given)


def _verdicts(output: str) -> dict[str, str]:
    """What stands before each row that is named in NAMES or OF_TOKENS."""
    lines = output.splitlines()
    return {
        name: line[0]
        for name in [*NAMES, *OF_TOKENS]
        for line in lines
        if line[3:].startswith(f"{name} ")
    }


def test_a_deployment_of_our_own_has_every_row_right(deployment: Deployment) -> None:
    ended = _doctor(deployment.issuer, "--token", deployment.token())
    verdicts = _verdicts(ended.output)
    assert list(verdicts) == [*NAMES, *OF_TOKENS]
    assert verdicts.pop("https, public host") == "–"
    assert set(verdicts.values()) == {"✓"}, ended.output
    assert ended.exit_code == 0


def test_without_a_token_none_is_judged(deployment: Deployment) -> None:
    ended = _doctor(deployment.issuer)
    assert list(_verdicts(ended.output)) == NAMES
    assert "token" not in ended.output
    assert ended.exit_code == 0


@pytest.mark.parametrize("ending", [STAGE, f"{STAGE}/"])
def test_an_issuer_below_a_stage_is_right_but_for_rfc_8414_which_is_said(
    make_app: AppMaker, ending: str
) -> None:
    with deployed(make_app, ending=ending) as deployment:
        ended = _doctor(deployment.issuer, "--token", deployment.token())
    verdicts = _verdicts(ended.output)
    left = {name for name, verdict in verdicts.items() if verdict != "✓"}
    assert left == {"https, public host", "RFC 8414's location"}
    assert "✗" not in verdicts.values()
    assert "/.well-known/oauth-authorization-server/prod: the status 403" in ended.output
    assert "It needs an issuer without a path" in ended.output
    assert ended.exit_code == 0


def test_a_token_may_come_by_standard_input(deployment: Deployment) -> None:
    ended = _doctor(deployment.issuer, "--token", "-", given=f"{deployment.token()}\nmore\n")
    assert _verdicts(ended.output)["token: verified"] == "✓"
    assert ended.exit_code == 0


def test_the_token_itself_is_not_shown(deployment: Deployment) -> None:
    token = deployment.token()
    ended = _doctor(deployment.issuer, "--token", token)
    assert not [segment for segment in token.split(".") if segment in ended.output]


@pytest.mark.parametrize(("words", "given"), [(["--token", "-"], "\n"), (["--token", ""], None)])
def test_a_token_that_is_announced_must_come(
    deployment: Deployment, words: list[str], given: str | None
) -> None:
    ended = _doctor(deployment.issuer, *words, given=given)
    assert "a token was expected behind --token, or on standard input" in ended.output
    assert (ended.exit_code, ended.output.count("\n")) == (1, 1)


def test_in_a_pipe_it_is_plain_text_in_columns(deployment: Deployment) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "doctor", deployment.issuer, "--token", "-"],
        input=deployment.token(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "\x1b" not in done.stdout
    found_at = lines[0].index("FOUND")
    assert lines[0] == f"   {'CHECK'.ljust(found_at - 3)}FOUND"
    assert len(lines) == 1 + len(NAMES) + len(OF_TOKENS)
    for line in lines[1:]:
        assert line[1:3] == line[found_at - 2 : found_at] == "  "
        assert line[found_at] != " "


@pytest.mark.parametrize(
    "address",
    [
        *("", "example.com", "http://example.com", "ftp://example.com", "https://"),
        *("https://a b", "https://u:p@example.com", "https://example.com?x", "http://10.0.0.1"),
        *("https://example.com/#x", "https://example.com:99999", "https://example.com\n"),
    ],
)
def test_what_is_no_issuer_is_one_sentence(address: str) -> None:
    ended = _doctor(address)
    assert ended.output.startswith("ostiary: the issuer must be an https URL without user, query")
    assert (ended.exit_code, ended.output.count("\n")) == (1, 1)


def test_a_host_that_does_not_answer_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    ended = _doctor(f"http://127.0.0.1:{port}")
    expected = f"ostiary: 'http://127.0.0.1:{port}' cannot be reached: Connection refused\n"
    assert (ended.exit_code, ended.output) == (1, expected)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (TimeoutError("timed out"), "no connection came about in time"),
        (UnicodeError("label too long"), "this is no host name"),
    ],
)
def test_a_host_without_an_address_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", refuse)
    ended = _doctor("https://api.example.com")
    expected = f"ostiary: 'https://api.example.com' cannot be reached: {reason}\n"
    assert (ended.exit_code, ended.output) == (1, expected)


def test_an_issuer_is_reached_at_its_port(deployment: Deployment) -> None:
    assert reach(deployment.issuer) == "127.0.0.1"


@pytest.mark.parametrize(
    ("issuer", "port"),
    [("https://h.example", 443), ("http://localhost", 80), ("https://h.example:8443", 8443)],
)
def test_a_scheme_has_its_port(monkeypatch: pytest.MonkeyPatch, issuer: str, port: int) -> None:
    asked: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], *_: object) -> None:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(ConnectionRefusedError):
        reach(issuer)
    assert [asked_port for _, asked_port in asked] == [port]


@pytest.mark.parametrize(
    ("issuer", "address", "verdict"),
    [
        ("https://api.example.com", "93.184.215.14", Verdict.RIGHT),
        ("https://api.example.com", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", Verdict.RIGHT),
        ("https://api.example.com", "10.1.2.3", Verdict.WRONG),
        ("https://api.example.com", "127.0.0.1", Verdict.WRONG),
        ("https://api.example.com", "fe80::1%eth0", Verdict.WRONG),
        ("https://api.example.com", "100.64.0.1", Verdict.WRONG),
        ("http://127.0.0.1:8000", "127.0.0.1", Verdict.OPEN),
        ("https://localhost", "::1", Verdict.OPEN),
    ],
)
def test_only_a_public_address_is_found_by_api_gateway(
    issuer: str, address: str, verdict: Verdict
) -> None:
    check = check_address(issuer, address)
    assert check.verdict is verdict
    assert bool(check.advice) is (verdict is Verdict.WRONG)


def test_a_row_that_is_wrong_is_followed_by_what_to_do() -> None:
    checks = [right("one", "1"), wrong("second", "2", "mend it"), not_judged("three", "no 3")]
    assert as_text(checks).splitlines() == [
        "   CHECK   FOUND",
        "✓  one     1",
        "✗  second  2",
        "   to do:  mend it",
        "–  three   no 3",
    ]


def test_every_row_that_may_be_wrong_says_what_to_do(deployment: Deployment) -> None:
    """Seen on an address where nothing is right: neither metadata nor a token of the issuer."""
    checks: list[Check] = examine(f"{deployment.issuer}/none", "a.b", address="10.0.0.1")
    told = {check.name for check in checks if check.verdict is Verdict.WRONG}
    assert {"openid-configuration", "token"} <= told
    assert all(bool(c.advice) is (c.verdict is Verdict.WRONG) for c in checks)
