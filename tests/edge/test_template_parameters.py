"""What the templates let anybody give as a parameter, and what they keep to themselves."""

import json
import re

import pytest

from tests.edge.templates import DOMAIN, IMAGE, REQUIRED, REST, SECRETS, Stack, of_both, read

TAKEN = [
    ("AppImage", IMAGE),
    ("AppImage", f"ostiary/app@sha256:{'a' * 64}"),
    ("AuthorizerImage", IMAGE),
    ("DomainName", ""),
    ("DomainName", "api.example.com"),
    ("DomainName", "xn--bcher-kva.example"),
    ("Issuer", ""),
    ("Issuer", "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/prod"),
    ("Issuer", "http://127.0.0.1:4566/_aws/execute-api/facade00/prod"),
    ("DatabaseSecretArn", f"{SECRETS}:rds!db-1234-a1b2c3"),
    ("DatabaseHost", ""),
    ("DatabaseHost", "db.cluster-abc.eu-central-1.rds.amazonaws.com"),
    ("DatabaseName", "ostiary_1"),
    ("AdminEmail", ""),
    ("AdminEmail", "admin+1@example.com"),
    ("AllowedOrigin", ""),
    ("AllowedOrigin", "https://app.example.com"),
    ("AllowedOrigin", "http://[::1]:3000"),
    ("AppConcurrency", ""),
    ("AppConcurrency", "20"),
]
REFUSED = [
    ("AppImage", "ostiary:latest"),
    ("AppImage", f"ostiary@sha256:{'a' * 63}"),
    ("AppImage", f"ostiary@sha256:{'g' * 64}"),
    ("AppImage", ""),
    ("AuthorizerImage", "ostiary:1.0"),
    ("DomainName", "https://api.example.com"),
    ("DomainName", "API.example.com"),
    ("DomainName", "localhost"),
    ("DomainName", "api.example.com/v1"),
    ("DomainName", "api.example.com."),
    ("Issuer", "https://api.example.com/"),
    ("Issuer", "api.example.com"),
    ("Issuer", "http://api.example.com"),
    ("Issuer", "http://127.0.0.1.example.com"),
    ("Issuer", "https://api.example.com/'"),
    ("Issuer", 'https://api.example.com/"x'),
    ("Issuer", "https://api.example.com /x"),
    ("DatabaseSecretArn", ""),
    ("DatabaseSecretArn", "database"),
    ("DatabaseSecretArn", f"{SECRETS}:database-a1b2c3?host=elsewhere.example"),
    ("DatabaseHost", "db.example.com&dbname=other"),
    ("DatabaseHost", "db.example.com:5432"),
    ("DatabaseHost", "/var/run/postgresql"),
    ("DatabaseName", ""),
    ("DatabaseName", "a&host=b"),
    ("AdminEmail", "admin"),
    ("AdminEmail", 'a","username":"b@example.com'),
    ("AdminEmail", "o'hara@example.com"),
    ("AdminEmail", "a\\u0022@example.com"),
    ("AdminEmail", "a b@example.com"),
    ("AdminEmail", "a@b@example.com"),
    ("AllowedOrigin", "*"),
    ("AllowedOrigin", "null"),
    ("AllowedOrigin", "https://a.example/path"),
    ("AllowedOrigin", "https://a'b"),
    ("AllowedOrigin", "a.b"),
    ("AllowedOrigin", "https://A.example"),
    ("AppConcurrency", "-1"),
    ("AppConcurrency", "many"),
]
STAGES = [("prod", True), ("v1_2-b", True), ("", False), ("$default", False), ("a/b", False)]


def _takes(template: str, parameter: str, value: str) -> bool:
    """CloudFormation holds a pattern against the whole value."""
    pattern = read(template)["Parameters"][parameter]["AllowedPattern"]
    return re.fullmatch(pattern, value) is not None


@of_both
@pytest.mark.parametrize(("parameter", "value"), TAKEN)
def test_what_is_right_is_taken(template: str, parameter: str, value: str) -> None:
    assert _takes(template, parameter, value)


@of_both
@pytest.mark.parametrize(("parameter", "value"), REFUSED)
def test_what_would_break_out_of_its_place_is_refused(
    template: str, parameter: str, value: str
) -> None:
    assert not _takes(template, parameter, value)


@pytest.mark.parametrize(("stage", "taken"), STAGES)
def test_a_stage_is_what_a_policy_can_repeat(stage: str, taken: bool) -> None:
    assert _takes(REST, "StageName", stage) == taken


@of_both
def test_every_default_is_what_its_own_pattern_takes(template: str) -> None:
    for name, parameter in read(template)["Parameters"].items():
        if "Default" in parameter and "AllowedPattern" in parameter:
            assert _takes(template, name, parameter["Default"]), name


@of_both
@pytest.mark.parametrize(
    ("parameters", "broken"),
    [
        ({}, []),
        (DOMAIN, []),
        ({"Issuer": "", **DOMAIN}, []),
        ({"Issuer": ""}, ["Either DomainName or Issuer says what the tokens are issued by."]),
        ({"DomainName": "api.example.com"}, ["DomainName needs CertificateArn."]),
    ],
)
def test_rules_ask_for_an_issuer_and_for_the_certificate_of_a_domain(
    template: str, parameters: dict[str, str], broken: list[str]
) -> None:
    assert Stack(read(template), **parameters).broken_rules() == broken


@of_both
def test_what_has_no_default_is_what_nobody_else_can_know(template: str) -> None:
    parameters = read(template)["Parameters"]

    needed = {name for name, parameter in parameters.items() if "Default" not in parameter}
    assert needed == set(REQUIRED) - {"Issuer"}


@of_both
def test_the_one_secret_among_the_parameters_is_not_echoed_and_no_output_shows_any(
    template: str,
) -> None:
    sam = read(template)
    shown = json.dumps(sam["Outputs"])

    assert {name for name, p in sam["Parameters"].items() if p.get("NoEcho")} == {"VerifyKeys"}
    assert set(sam["Outputs"]) == {
        "ApiUrl",
        "DomainTarget",
        "DeployFunction",
        "AdminPasswordSecret",
        "SigningKeyArn",
        "Dashboard",
    }
    assert "VerifyKeys" not in shown
    assert "resolve:" not in json.dumps(sam)
    # Of a secret Ref gives its ARN; there is no attribute that would give its value.
    assert sam["Outputs"]["AdminPasswordSecret"]["Value"] == {"Ref": "AdminPassword"}
