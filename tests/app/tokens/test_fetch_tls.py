"""One GET over TLS: from whoever has a trusted certificate of that very name, and nobody else."""

import threading
from pathlib import Path

import pytest

from app.tokens.fetch import FetchError, fetch
from tests.certificates import certified
from tests.web_server import WebServer, answers, hangs

MOST = 1000


def refusal(url: str) -> str:
    with pytest.raises(FetchError) as refused:
        fetch(url, seconds=5, most=MOST)
    return str(refused.value)


def test_a_trusted_server_is_asked_over_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, certificate = certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with WebServer(answers(b"{}"), tls=tls) as server:
        assert fetch(server.url(), seconds=5, most=MOST).body == b"{}"


def test_a_certificate_nobody_trusts_is_refused(tmp_path: Path) -> None:
    tls, _ = certified(tmp_path)
    with WebServer(answers(b"{}"), tls=tls) as server:
        assert "self-signed certificate" in refusal(server.url())
    assert server.requests == []


@pytest.mark.parametrize(
    ("name", "expired", "told"),
    [
        ("127.0.0.2", False, "IP address mismatch"),
        ("localhost", False, "IP address mismatch"),
        ("127.0.0.1", True, "certificate has expired"),
    ],
)
def test_a_trusted_certificate_of_another_name_or_time_is_refused(
    name: str, expired: bool, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, certificate = certified(tmp_path, name=name, expired=expired)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with WebServer(answers(b"{}"), tls=tls) as server:
        assert told in refusal(server.url())
    assert server.requests == []


def test_a_server_without_tls_is_no_https(tmp_path: Path) -> None:
    with WebServer(answers(b"{}")) as server:
        assert refusal(server.url().replace("http:", "https:"))
    tls, _ = certified(tmp_path)
    with WebServer(answers(b"{}"), tls=tls) as server:
        assert refusal(server.url().replace("https:", "http:"))


def test_key_material_that_cannot_be_logged_is_no_other_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment does to a TLS context: who asks expects a FetchError."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "absent" / "log"))
    assert refusal("https://127.0.0.1:1/")


def test_a_handshake_that_hangs_ends_by_itself() -> None:
    before = set(threading.enumerate())
    with WebServer(hangs) as server:
        with pytest.raises(FetchError, match=r"no whole answer came within 0\.3 s"):
            fetch(server.url().replace("http:", "https:"), seconds=0.3, most=MOST)
        asking = {t for t in threading.enumerate() if t.name != "web server"} - before
        for thread in asking:
            thread.join(3)  # while the server still has it on the line
            assert not thread.is_alive()
