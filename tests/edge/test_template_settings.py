"""What parameters come to: conditions, and settings that the functions take."""

import json

import pytest

from app.deployment import KEYS_BYTES, verify_keys
from app.settings import Settings
from app.settings import SettingsError as AppSettingsError
from app.settings import load_settings as load_app_settings
from app.tokens.aws_sources import open_signing_keys
from authorizer.settings import SettingsError
from authorizer.settings import load_settings as load_authorizer_settings
from tests.edge.templates import DOMAIN, PSEUDO, REQUIRED, SECRETS, Stack, of_both, read
from tests.support import key_set, key_set_document

MADE_KEY, *GIVEN_KEYS = (
    f"arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-1234-1234-12345678901{n}"
    for n in range(6)
)
KEY_SECRET = f"{SECRETS}:keys-a1b2c3"
PASSWORD_SECRET = f"{SECRETS}:AdminPassword-a1b2c3"
DATABASE = f"secretsmanager:{REQUIRED['DatabaseSecretArn']}"
VPC = {"SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"}
ENVIRONMENT_BYTES = 4096  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_FAILED = "failed_accounts_per_hour"
LONGEST_ISSUER = "https://" + "a" * 197  # of which the address of a status list can be made


def _stack(template: str, verify: str | None = None, **parameters: str) -> Stack:
    made = {
        "SigningKey.Arn": MADE_KEY,
        "AdminPassword": PASSWORD_SECRET,
        "Deployment.VerifyKeys": verify or verify_keys(key_set("RS256")),
    }
    return Stack(read(template), made, **parameters)


def _variables(stack: Stack, function: str) -> dict[str, str]:
    variables: dict[str, str] = stack[function]["Environment"]["Variables"]
    assert all(isinstance(value, str) for value in variables.values())
    return variables


def _on_lambda(patch: pytest.MonkeyPatch, stack: Stack, function: str) -> None:
    patch.setenv("AWS_LAMBDA_FUNCTION_NAME", function)
    for name, value in _variables(stack, function).items():
        patch.setenv(name, value)


def _app_settings(patch: pytest.MonkeyPatch, stack: Stack) -> Settings:
    assert stack.broken_rules() == []
    _on_lambda(patch, stack, "AppFunction")
    settings = load_app_settings()
    open_signing_keys(settings.keys)  # refuses what names no source
    return settings


@of_both
def test_with_what_has_no_default_there_is_a_key_and_nothing_that_was_not_asked_for(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = _stack(template)
    settings = _app_settings(monkeypatch, stack)

    assert stack.exists("SigningKey")
    for name in ("AdminPassword", "Domain", "DomainMapping"):
        assert not stack.exists(name)
    for name in ("AppFunction", "DeployFunction", "AuthorizerFunction"):
        assert not {"VpcConfig", "ReservedConcurrentExecutions"} & stack[name].keys()
    assert (settings.issuer, settings.audience) == (REQUIRED["Issuer"], REQUIRED["Audience"])
    assert settings.keys == f"kms:{MADE_KEY}"
    assert settings.database_url.get_secret_value() == DATABASE
    assert (settings.allowed_origins, settings.registration_open) == ((), False)
    assert settings.failed_accounts_per_hour == Settings.model_fields[_FAILED].default
    assert settings.metrics == f"Ostiary/{PSEUDO['AWS::StackName']}"


@of_both
@pytest.mark.parametrize("bound", ["MinValue", "MaxValue"])
def test_as_many_accounts_may_fail_as_both_the_template_and_the_app_take(
    template: str, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    most = read(template)["Parameters"]["FailedAccountsPerHour"][bound]
    given = _app_settings(monkeypatch, _stack(template, FailedAccountsPerHour=str(most)))

    assert given.failed_accounts_per_hour == most
    beyond = most + (1 if bound == "MaxValue" else -1)
    with pytest.raises(AppSettingsError, match="FAILED_ACCOUNTS_PER_HOUR"):
        _app_settings(monkeypatch, _stack(template, FailedAccountsPerHour=str(beyond)))


@of_both
@pytest.mark.parametrize(
    ("parameters", "keys", "resource"),
    [
        ({}, f"kms:{MADE_KEY}", MADE_KEY),
        ({"SigningKeyArns": GIVEN_KEYS[0]}, f"kms:{GIVEN_KEYS[0]}", GIVEN_KEYS[:1]),
        (
            {"SigningKeyArns": ",".join(GIVEN_KEYS)},
            f"kms:{','.join(GIVEN_KEYS)}",
            GIVEN_KEYS,
        ),
        ({"KeySecretArn": KEY_SECRET}, f"secretsmanager:{KEY_SECRET}", None),
        (
            {"KeySecretArn": KEY_SECRET, "SigningKeyArns": GIVEN_KEYS[0]},
            f"secretsmanager:{KEY_SECRET}",
            None,
        ),
    ],
)
def test_keys_are_made_or_given_and_a_right_goes_with_them(
    template: str,
    monkeypatch: pytest.MonkeyPatch,
    parameters: dict[str, str],
    keys: str,
    resource: object,
) -> None:
    stack = _stack(template, **parameters)
    statements = stack["KeysAndDatabase"]["PolicyDocument"]["Statement"]
    rights = {str(s["Action"]): s["Resource"] for s in statements}
    secrets = [REQUIRED["DatabaseSecretArn"], KEY_SECRET][
        : 2 if "KeySecretArn" in parameters else 1
    ]

    assert _app_settings(monkeypatch, stack).keys == keys == stack["Deployment"]["Keys"]
    assert stack.exists("SigningKey") == (parameters == {})
    assert rights.get("kms:Sign") == resource
    assert rights["secretsmanager:GetSecretValue"] == secrets


@of_both
def test_deploy_function_and_app_have_the_same_settings(template: str) -> None:
    stack = _stack(template, **DOMAIN, **VPC, AllowedOrigin="https://app.example.com")

    assert _variables(stack, "DeployFunction") == _variables(stack, "AppFunction")
    assert stack["DeployFunction"]["VpcConfig"] == stack["AppFunction"]["VpcConfig"]


@of_both
def test_the_authorizer_starts_with_the_keys_of_the_deployment_and_learns_later_ones(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = _stack(template, **DOMAIN)
    _on_lambda(monkeypatch, stack, "AuthorizerFunction")
    settings = load_authorizer_settings()

    issuer = "https://api.example.com"
    assert _variables(stack, "AuthorizerFunction")["OSTIARY_KEYS"] == (
        f"env:OSTIARY_VERIFY_KEYS {issuer}/.well-known/jwks.json"
    )
    assert (settings.issuer, settings.status_lists) == (issuer, f"{issuer}/status-lists")
    assert list(settings.keys.current().keys) == list(key_set("RS256").keys)


@of_both
def test_where_hmac_signs_the_authorizer_has_the_given_keys_and_asks_nobody(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = key_set_document("HS256")
    stack = _stack(template, KeySecretArn=KEY_SECRET, VerifyKeys=given)
    _on_lambda(monkeypatch, stack, "AuthorizerFunction")

    assert _variables(stack, "AuthorizerFunction")["OSTIARY_KEYS"] == "env:OSTIARY_VERIFY_KEYS"
    assert list(load_authorizer_settings().keys.current().keys) == list(key_set("HS256").keys)


@of_both
def test_private_halves_as_verify_keys_end_the_authorizers_start(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = _stack(template, KeySecretArn=KEY_SECRET, VerifyKeys=key_set_document("ES256"))
    _on_lambda(monkeypatch, stack, "AuthorizerFunction")

    with pytest.raises(SettingsError, match="must not be able to sign"):
        load_authorizer_settings()


@of_both
def test_what_the_databases_secret_lacks_stands_behind_its_name(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = _stack(template, DatabaseHost="db.example.com", DatabaseName="ostiary")
    settings = _app_settings(monkeypatch, stack)

    assert settings.database_url.get_secret_value() == (
        f"{DATABASE}?host=db.example.com&dbname=ostiary"
    )


@of_both
def test_a_domain_is_the_issuer_and_closes_the_default_endpoint(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = _stack(template, **DOMAIN)

    assert _app_settings(monkeypatch, stack).issuer == "https://api.example.com"
    assert stack.exists("Domain")
    assert stack["DomainMapping"]["DomainName"] == "<Domain>"
    assert "TLS_1_2" in json.dumps(stack["Domain"])
    assert "REGIONAL" in json.dumps(stack["Domain"])
    assert stack.value(stack.document["Outputs"]["ApiUrl"]["Value"]) == "https://api.example.com"


@of_both
def test_without_a_domain_the_output_shows_the_issuer_to_be(template: str) -> None:
    url = _stack(template).value(read(template)["Outputs"]["ApiUrl"]["Value"])

    stage = "/prod" if "StageName" in read(template)["Parameters"] else ""
    assert url == f"https://<Api>.execute-api.eu-central-1.amazonaws.com{stage}"


@of_both
def test_subnets_take_app_and_deploy_function_in_and_leave_the_authorizer_outside(
    template: str,
) -> None:
    stack = _stack(template, **VPC)

    for name in ("AppFunction", "DeployFunction"):
        assert stack[name]["VpcConfig"] == {
            "SubnetIds": ["subnet-1", "subnet-2"],
            "SecurityGroupIds": ["sg-1"],
        }
    assert "VpcConfig" not in stack["AuthorizerFunction"]
    actions = json.dumps(stack["KeysAndDatabase"])
    assert "ec2:CreateNetworkInterface" in actions
    assert "ec2:" not in json.dumps(_stack(template)["KeysAndDatabase"])


@of_both
def test_concurrency_is_reserved_for_the_app_alone(template: str) -> None:
    stack = _stack(template, AppConcurrency="20")

    assert stack["AppFunction"]["ReservedConcurrentExecutions"] == "20"
    for name in ("AuthorizerFunction", "DeployFunction"):
        assert "ReservedConcurrentExecutions" not in stack[name]


@of_both
def test_the_first_administrators_password_is_told_to_the_deploy_function_by_its_secret(
    template: str,
) -> None:
    stack = _stack(template, AdminEmail="admin@example.com")
    secret = stack["AdminPassword"]["GenerateSecretString"]

    # With the address in it, another AdminEmail would make another password.
    assert json.loads(secret["SecretStringTemplate"]) == {}
    assert secret["GenerateStringKey"] == "password"
    assert stack["Deployment"]["AdminEmail"] == "admin@example.com"
    assert stack["Deployment"]["AdminPasswordSecret"] == PASSWORD_SECRET
    nobody = _stack(template)["Deployment"]
    assert (nobody["AdminEmail"], nobody["AdminPasswordSecret"]) == ("", "")


@of_both
@pytest.mark.parametrize("function", ["AppFunction", "DeployFunction", "AuthorizerFunction"])
def test_the_longest_settings_fit_into_an_environment(template: str, function: str) -> None:
    stack = _stack(
        template,
        verify="k" * (KEYS_BYTES - len('""')),
        Issuer=LONGEST_ISSUER,
        Audience="a" * 255,
        SigningKeyArns=",".join(GIVEN_KEYS),
        DatabaseSecretArn=f"{SECRETS}:{'s' * 512}-a1b2c3",
        DatabaseHost="h" * 253,
        DatabaseName="d" * 63,
        AllowedOrigin="https://" + "o" * 253,
    )

    assert len(json.dumps(_variables(stack, function)).encode()) <= ENVIRONMENT_BYTES
