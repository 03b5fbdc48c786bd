"""What AWS refuses, or does not answer at all, is told with what to do about it."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.keys.secret_store import SecretStore
from app.tokens import aws_sources
from app.tokens.aws_sources import open_signing_keys
from app.tokens.errors import KeySetError, KeysUnavailable
from local.cloud import Cloud
from local.ministack import free_port

SOURCES = ["secretsmanager:name", "kms:id"]
CODES = {
    "AccessDeniedException": "this process may not do that; docs/keys.md and docs/deploying",
    "ThrottlingException": "AWS throttles these calls",
    "UnrecognizedClientException": "AWS does not know the credentials",
    "ExpiredTokenException": "the credentials of this process have expired",
    "DecryptionFailure": "allow kms:Decrypt on its key",
    "SomethingNewException": r"AWS refused \(SomethingNewException\)",
}


class Refusing(ThreadingHTTPServer):
    """Answers each request as AWS tells an error in its JSON protocol."""

    code = ""
    asked = 0


class _Handler(BaseHTTPRequestHandler):
    server: Refusing

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        body = json.dumps({"__type": self.server.code, "message": "s3cret of AWS"}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def refusing(aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Refusing]:
    with Refusing(("127.0.0.1", 0), _Handler) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("code", "advice"), CODES.items())
def test_a_refusal_is_told_with_its_code_and_what_to_do(
    refusing: Refusing, source: str, code: str, advice: str
) -> None:
    refusing.code = code
    with pytest.raises(KeysUnavailable, match=f"^{source}: .*{advice}") as refused:
        open_signing_keys(source).current()
    assert str(refused.value).endswith(f"({code})")
    assert "s3cret" not in str(refused.value)


def test_throttled_calls_are_tried_again_a_bounded_number_of_times(refusing: Refusing) -> None:
    refusing.code = "ThrottlingException"
    with pytest.raises(KeysUnavailable):
        open_signing_keys("kms:id").current()
    assert refusing.asked == aws_sources.ATTEMPTS


@pytest.mark.parametrize("source", SOURCES)
def test_no_answer_is_told_as_that(
    aws: Cloud, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port(0)}")
    with pytest.raises(KeysUnavailable, match=f"^{source}: AWS did not answer"):
        open_signing_keys(source).current()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("absent", "advice"),
    [
        ("AWS_DEFAULT_REGION", r"no region is set; set AWS_DEFAULT_REGION \(NoRegionError\)"),
        ("AWS_ACCESS_KEY_ID", "this process has no AWS credentials"),
    ],
)
def test_what_the_environment_lacks_is_named(
    aws: Cloud, monkeypatch: pytest.MonkeyPatch, source: str, absent: str, advice: str
) -> None:
    monkeypatch.delenv(absent)
    if absent == "AWS_ACCESS_KEY_ID":
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(KeysUnavailable, match=advice):
        open_signing_keys(source).current()


@pytest.mark.parametrize("scheme", ["secretsmanager", "kms"])
@pytest.mark.parametrize(
    "misplaced", ['{"keys": [{"k": "s3cret"}]}', "s3cret s3cret", "s3cret\n", "s3cret" * 400]
)
def test_a_key_in_the_place_of_a_name_is_neither_sent_nor_repeated(
    refusing: Refusing, scheme: str, misplaced: str
) -> None:
    with pytest.raises(KeySetError) as refused:
        open_signing_keys(f"{scheme}:{misplaced}").current()
    assert "s3cret" not in str(refused.value)
    assert refusing.asked == 0


def test_a_key_in_the_place_of_a_name_is_not_repeated_by_a_command(refusing: Refusing) -> None:
    with pytest.raises(KeySetError) as refused:
        SecretStore('{"keys": [{"k": "s3cret"}]}')
    assert "s3cret" not in str(refused.value)
    assert refusing.asked == 0


@pytest.mark.parametrize(
    ("named", "region"),
    [
        ("arn:aws:kms:eu-central-1:123456789012:key/x", "eu-central-1"),
        ("arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:x-a1b2c3", "cn-north-1"),
        ("prod/keys", "us-east-1"),
        ("", "us-east-1"),
    ],
)
def test_an_arn_says_which_region_it_is_of(
    named: str, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with closing(aws_sources.client("kms", named)) as kms:
        assert kms.meta.region_name == region
