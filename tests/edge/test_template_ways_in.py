"""Which ways lead into a deployed stack, and what stands before each."""

import json

import pytest

from app.access.routes import PUBLIC
from local import gateway
from local.command import PROJECT
from local.template import Document
from tests.edge.templates import DOMAIN, REST, Stack, of_both, of_type, read, translated

VERBS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
STAGES = ("AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage")
# All that a stack is made of. Another type would be another way in, or another thing to guard.
TYPES = {
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::SecretsManager::Secret",
}


def _body(template: str) -> Document:
    """The OpenAPI document of the API."""
    body: Document = translated(template)["Resources"]["Api"]["Properties"]["Body"]
    return body


@of_both
def test_what_needs_no_token_is_the_apps_own_public_list(template: str) -> None:
    body = _body(template)
    guarded = gateway.guarded(body)

    methods = {(verb, path) for path, verb, _ in gateway.methods(body) if verb in VERBS}
    assert {(verb, path) for verb, path in methods if (path, verb) not in guarded} == PUBLIC


@of_both
def test_verbs_are_listed_one_by_one_and_everything_else_is_under_the_authorizer(
    template: str,
) -> None:
    """A route that an import drops is not open then: it is `/{proxy+}`'s."""
    body = _body(template)

    verbs = {verb for _, verb, _ in gateway.methods(body)}
    assert verbs == (VERBS | {"OPTIONS"} if template == REST else VERBS)
    assert all(path.startswith("/") for path in body["paths"])
    assert {("/{proxy+}", verb) for verb in VERBS} <= gateway.guarded(body)


@of_both
def test_a_guarded_verb_on_a_public_path_is_written_out(template: str) -> None:
    table = json.loads((PROJECT / "authorizer" / "routes.json").read_text())["routes"]
    public_paths = {path for _, path in PUBLIC}

    needed = {(r["path"], r["method"]) for r in table if r["path"] in public_paths}
    assert needed <= gateway.guarded(_body(template))


@of_both
def test_there_is_one_stage(template: str) -> None:
    document = translated(template)
    stages = [s for kind in STAGES for s in of_type(document, kind).values()]

    assert [stage["Properties"]["StageName"] for stage in stages] == [
        {"Ref": "StageName"} if template == REST else "$default"
    ]
    # One that names a stage makes it, too.
    for deployment in of_type(document, "AWS::ApiGateway::Deployment").values():
        assert "StageName" not in deployment["Properties"]


@of_both
def test_a_stage_takes_no_more_requests_than_the_parameters_say(template: str) -> None:
    stack = Stack(translated(template), RequestsPerSecond="7", RequestBurst="9")
    (name,) = (n for kind in STAGES for n in of_type(stack.document, kind))

    stage = stack[name]
    settings = stage["MethodSettings"][0] if template == REST else stage["DefaultRouteSettings"]
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == ("7", "9")
    if template == REST:
        assert len(stage["MethodSettings"]) == 1
        assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    else:
        assert "RouteSettings" not in stage


@of_both
@pytest.mark.parametrize(("parameters", "closed"), [({}, False), (DOMAIN, True)])
def test_beside_a_domain_there_is_no_default_endpoint(
    template: str, parameters: dict[str, str], closed: bool
) -> None:
    (server,) = Stack(translated(template), **parameters).value(_body(template)["servers"])

    endpoint = server["x-amazon-apigateway-endpoint-configuration"]
    assert endpoint == {"disableExecuteApiEndpoint": closed}


@of_both
def test_a_domain_leads_to_that_one_stage_and_to_all_of_it(template: str) -> None:
    stack = Stack(translated(template), **DOMAIN)
    (stage,) = (n for kind in STAGES for n in of_type(stack.document, kind))

    mapping = stack["DomainMapping"]
    assert mapping["Stage"] == f"<{stage}>"
    assert "<Api>" in mapping.values()
    assert not {"BasePath", "ApiMappingKey"} & mapping.keys()


@of_both
def test_a_stack_is_made_of_known_things_and_functions_have_no_url_alias_or_version(
    template: str,
) -> None:
    assert {resource["Type"] for resource in translated(template)["Resources"].values()} <= TYPES


@of_both
def test_the_api_leads_to_the_app_alone(template: str) -> None:
    events = {
        name: {event["Type"] for event in function["Properties"].get("Events", {}).values()}
        for name, function in of_type(read(template), "AWS::Serverless::Function").items()
    }

    assert events == {
        "AppFunction": {"Api" if template == REST else "HttpApi"},
        "AuthorizerFunction": set(),
        "DeployFunction": {"Schedule"},
    }
    for _, _, method in gateway.methods(_body(template)):
        uri = json.dumps(method["x-amazon-apigateway-integration"].get("uri", ""))
        assert "DeployFunction" not in uri
        assert "AuthorizerFunction" not in uri


@of_both
def test_what_is_kept_when_the_stack_goes_is_what_others_need_then(template: str) -> None:
    kept = {
        name
        for name, resource in read(template)["Resources"].items()
        if resource.get("DeletionPolicy") == "Retain"
    }

    # Tokens that the key signed are still about; the role for logs is the account's.
    assert kept == {"SigningKey"} | ({"LogRole", "AccountLogs"} if template == REST else set())
    for name in kept:
        assert read(template)["Resources"][name]["UpdateReplacePolicy"] == "Retain"


@of_both
def test_the_signing_key_signs_and_does_nothing_else(template: str) -> None:
    key = Stack(read(template))["SigningKey"]

    assert (key["KeySpec"], key["KeyUsage"]) == ("RSA_2048", "SIGN_VERIFY")
    (statement,) = key["KeyPolicy"]["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
