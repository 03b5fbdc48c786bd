"""The authorizer's settings: safe ones are taken, all others end the start with what to set."""

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from authorizer.settings import SettingsError, load_settings
from tests.support import key_set_document, private_jwk

ROOT = Path(__file__).parent.parent.parent
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth")
ALL = {
    "OSTIARY_ISSUER": "https://api.example.com/prod",
    "OSTIARY_AUDIENCE": "example",
    "OSTIARY_KEYS": "env:VERIFY_KEYS",
    "OSTIARY_STATUS_LISTS": "off",
}

ADVICE = {
    "OSTIARY_ISSUER": "the `iss` of the tokens, an https URL",
    "OSTIARY_AUDIENCE": "the `aud` of the tokens",
    "OSTIARY_KEYS": "the source of the public keys: `https://…/jwks.json`, `env:NAME` (a JWK Set "
    "in the variable NAME) or `file:PATH`, or two of them parted by a space",
    "OSTIARY_STATUS_LISTS": "the base URL of the status lists, `${Issuer}/status-lists`, or `off`",
}


def _public(*algs: str) -> str:
    jwks = [{k: v for k, v in private_jwk(alg).items() if k not in PRIVATE} for alg in algs]
    return json.dumps({"keys": jwks})


@pytest.fixture
def on_lambda(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Lambda function's environment in which everything is written out."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "ostiary-authorizer")
    monkeypatch.setenv("VERIFY_KEYS", _public("RS256", "ES256"))
    for name, value in ALL.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_on_lambda_what_is_written_out_is_taken(on_lambda: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert (settings.issuer, settings.audience) == (ALL["OSTIARY_ISSUER"], "example")
    assert set(settings.keys.current().keys) == {
        private_jwk("RS256")["kid"],
        private_jwk("ES256")["kid"],
    }


@pytest.mark.parametrize(
    "base",
    [
        *("https://api.example.com/prod/status-lists", "https://lists.example.com"),
        *("http://127.0.0.1:8000/status-lists", f"https://api.example.com/{'a' * 194}"),
    ],
)
def test_the_base_of_the_status_lists_is_taken_as_it_is_written(
    base: str, on_lambda: pytest.MonkeyPatch
) -> None:
    assert load_settings().status_lists is None
    on_lambda.setenv("OSTIARY_STATUS_LISTS", base)
    assert load_settings().status_lists == base


@pytest.mark.parametrize("issuer", [ALL["OSTIARY_ISSUER"], "http://127.0.0.1:8000"])
@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("absent", [[name] for name in ALL] + [list(ALL), list(ALL)[1:3]])
def test_on_lambda_each_absent_variable_is_named(
    absent: list[str], value: str | None, issuer: str, on_lambda: pytest.MonkeyPatch
) -> None:
    on_lambda.setenv("OSTIARY_ISSUER", issuer)
    for name in absent:
        if value is None:
            on_lambda.delenv(name)
        else:
            on_lambda.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert re.findall(r"(OSTIARY_\w+) to .", str(refused.value)) == absent
    assert refused.value.args == (
        "nothing is assumed here: set " + "; ".join(f"{name} to {ADVICE[name]}" for name in absent),
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("OSTIARY_ISSUER", "http://api.example.com", "the issuer must be an https URL"),
        ("OSTIARY_ISSUER", "https://user@api.example.com", "the issuer must be an https URL"),
        *[
            ("OSTIARY_STATUS_LISTS", base, "must be `off`, or else the base URL of the status")
            for base in (
                *("OFF", "on", "https://api.example.com/status-lists/", "api.example.com/lists"),
                *("http://api.example.com/status-lists", "https://api.example.com/lists?a=b"),
                *("https://api.example.com/lists#a", "https://u:s3cret@api.example.com/lists"),
                *("https://api.example.com/a%2fb", f"https://api.example.com/{'a' * 195}"),
            )
        ],
        ("OSTIARY_KEYS", "env:ABSENT", "the variable ABSENT is not set"),
        ("OSTIARY_KEYS", "file:/nowhere/keys.json", "no key set lies at /nowhere/keys.json"),
        *[
            ("OSTIARY_KEYS", source, "written `file:PATH`, `env:NAME`, `https://HOST/PATH` here")
            for source in (
                *("kms:alias/ostiary", "secretsmanager:ostiary", '{"keys": []}', "s3cret"),
                *("env:VERIFY_KEYS kms:alias/ostiary", "secretsmanager:ostiary env:VERIFY_KEYS"),
            )
        ],
        ("OSTIARY_KEYS", "env:A env:B env:C", "at most two key sources"),
        ("OSTIARY_KEYS", "http://example.com/jwks.json", "an https URL without user or fragment"),
        ("VERIFY_KEYS", "{}", "has a member 'keys'"),
        ("VERIFY_KEYS", '{"keys": []}', "at least one JWK"),
    ],
)
def test_an_unfit_value_is_refused_with_what_to_set(
    name: str, value: str, sentence: str, on_lambda: pytest.MonkeyPatch
) -> None:
    on_lambda.setenv(name, value)
    with pytest.raises(SettingsError, match=sentence) as refused:
        load_settings()
    variable = "OSTIARY_KEYS" if name == "VERIFY_KEYS" else name
    assert str(refused.value).startswith(variable)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES512"])
def test_on_lambda_a_private_half_is_refused_and_named(
    alg: str, on_lambda: pytest.MonkeyPatch
) -> None:
    on_lambda.setenv("VERIFY_KEYS", key_set_document(alg))
    with pytest.raises(SettingsError, match="private halves") as refused:
        load_settings()
    assert private_jwk(alg)["kid"] in str(refused.value)
    assert private_jwk(alg)["d"] not in str(refused.value)


def test_on_lambda_all_private_halves_are_named(on_lambda: pytest.MonkeyPatch) -> None:
    on_lambda.setenv("VERIFY_KEYS", key_set_document("RS256", "HS256", "ES256"))
    kids = f"{private_jwk('RS256')['kid']}, {private_jwk('ES256')['kid']}"
    with pytest.raises(SettingsError, match=f"the private halves of {kids}\\. It verifies"):
        load_settings()


@pytest.mark.parametrize("member", PRIVATE)
def test_on_lambda_no_single_private_member_gets_by(
    member: str, on_lambda: pytest.MonkeyPatch
) -> None:
    jwk = json.loads(_public("RS256"))["keys"][0] | {member: private_jwk("RS256").get(member, [])}
    on_lambda.setenv("VERIFY_KEYS", json.dumps({"keys": [jwk]}))
    with pytest.raises(SettingsError, match="private halves"):
        load_settings()


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_elsewhere_private_halves_are_dropped(alg: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTIARY_KEYS", "env:VERIFY_KEYS")
    monkeypatch.setenv("VERIFY_KEYS", key_set_document(alg))
    keys = load_settings().keys.current()
    assert keys.signing is None
    assert keys.asymmetric_private_kids == ()
    assert not [member for jwk in keys.jwks()["keys"] for member in PRIVATE if member in jwk]
    assert private_jwk(alg)["d"] not in repr(keys)


def test_a_secret_is_taken_from_the_environment_with_a_warning(
    on_lambda: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    on_lambda.setenv("VERIFY_KEYS", key_set_document("HS256"))
    with caplog.at_level(logging.WARNING):
        settings = load_settings()
    assert set(settings.keys.current().keys) == {private_jwk("HS256")["kid"]}
    assert "whatever can verify these tokens can also forge them" in caplog.text
    assert private_jwk("HS256")["k"] not in caplog.text + repr(settings)


def test_a_mixture_of_families_is_warned_of(
    on_lambda: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    load_settings()
    assert "mixes the families ES, RS" in caplog.text


def test_on_a_laptop_everything_has_a_default_but_the_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OSTIARY_KEYS")
    with pytest.raises(SettingsError, match=r"no key set lies at \.ostiary/keys\.json"):
        load_settings()
    (tmp_path / ".ostiary").mkdir()
    path = tmp_path / ".ostiary" / "keys.json"
    path.write_text(key_set_document("ES256"))
    path.chmod(0o644)
    with pytest.raises(SettingsError, match=r"run `chmod 600 \.ostiary/keys\.json`"):
        load_settings()
    path.chmod(0o600)
    settings = load_settings()
    assert (settings.issuer, settings.audience) == ("http://127.0.0.1:8000", "ostiary")


@pytest.mark.parametrize("name", ["OSTIARY_AUDIENCE", "OSTIARY_KEYS"])
def test_a_public_issuer_demands_audience_and_keys_everywhere(
    name: str, on_lambda: pytest.MonkeyPatch
) -> None:
    on_lambda.delenv("AWS_LAMBDA_FUNCTION_NAME")
    on_lambda.delenv("OSTIARY_STATUS_LISTS")
    assert load_settings().audience == "example"
    on_lambda.delenv(name)
    with pytest.raises(SettingsError, match=f"set {name} to ."):
        load_settings()


@pytest.mark.parametrize("absent", [None, *ALL])
def test_on_lambda_unsafe_settings_end_the_import_of_the_handler(
    absent: str | None, on_lambda: pytest.MonkeyPatch
) -> None:
    if absent:
        on_lambda.delenv(absent)
    importing = subprocess.run(
        [sys.executable, "-c", "import authorizer.handler"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert importing.returncode == (1 if absent else 0), importing.stderr
    assert (absent or "") in importing.stderr
