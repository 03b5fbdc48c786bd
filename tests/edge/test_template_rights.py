"""Who may do what in a deployed stack: every statement of every policy, and every permission."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import yaml  # type: ignore[import-untyped]

from local.command import PROJECT
from local.template import Document
from tests.edge.templates import HTTP, REST, of_both, of_type, read, translated


class Right(NamedTuple):
    """A statement as one reads it; where a condition makes it, `condition: ` stands in front."""

    effect: str
    actions: str
    resources: str


_LOGS = "logs:CreateLogStream logs:PutLogEvents"
_INTERFACES = "NetworkInterface"
_POLICIES = {
    "AppRole/write-own-logs": [Right("Allow", _LOGS, "AppLogs.Arn")],
    "DeployRole/write-own-logs": [Right("Allow", _LOGS, "DeployLogs.Arn")],
    "DeployRole/read-the-first-password": [
        Right("Allow", "secretsmanager:GetSecretValue", "AdminPassword")
    ],
    "AuthorizerRole/write-own-logs-and-traces": [
        Right("Allow", _LOGS, "AuthorizerLogs.Arn"),
        Right("Allow", "xray:PutTraceSegments xray:PutTelemetryRecords", "*"),
    ],
    "KeysAndDatabase": [
        Right(
            "SignsInKms: Allow",
            "kms:Sign",
            "HasKeyArns ? SigningKeyArns : SigningKey.Arn",
        ),
        Right("SignsInKms: Allow", "kms:GetPublicKey", "arn:${AWS::Partition}:kms:*:*:key/*"),
        Right(
            "Allow",
            "secretsmanager:GetSecretValue",
            "DatabaseSecretArn HasKeySecret ? KeySecretArn : AWS::NoValue",
        ),
        Right(
            "Allow",
            "kms:Decrypt",
            "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*",
        ),
        Right("Allow", "xray:PutTraceSegments xray:PutTelemetryRecords", "*"),
        Right(
            "HasSubnets: Allow",
            "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets"
            " ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses"
            " ec2:UnassignPrivateIpAddresses",
            "*",
        ),
        Right("HasSubnets: Deny", f"ec2:*{_INTERFACES}* ec2:*PrivateIpAddresses", "*"),
    ],
    # A key policy's `*` is the key that it belongs to.
    "SigningKey": [Right("Allow", "kms:*", "*")],
}
RIGHTS = {
    REST: _POLICIES
    | {
        "EmptyPolicyCache": [
            Right(
                "Allow",
                "apigateway:DELETE",
                "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${Api}"
                "/stages/${StageName}/cache/authorizers",
            )
        ]
    },
    HTTP: _POLICIES
    | {
        "EmptyPolicyCache": [
            Right(
                "Allow",
                "apigateway:DELETE",
                "arn:${AWS::Partition}:apigateway:${AWS::Region}::/apis/${Api}"
                "/stages/$default/cache/authorizers",
            )
        ]
    },
}
# What stands between a comment and the statement: its anchor, or the condition that makes it.
_BEGINS = re.compile(r"(- )?(Effect: \w+|&\w+|!If|\w+)")
TAKEN_BY = {
    "AppRole": "lambda.amazonaws.com",
    "DeployRole": "lambda.amazonaws.com",
    "AuthorizerRole": "lambda.amazonaws.com",
}
# Actions on everything without a Condition, and why.
ON_EVERYTHING = {
    "kms:*",  # in the policy of a key, of this key
    "kms:GetPublicKey",  # public halves are no secret, and the key's own policy has to allow it
    "xray:PutTraceSegments",  # X-Ray knows no resources
    "xray:PutTelemetryRecords",
    # Lambda makes what has no name before, and looks up what it is given.
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}


def _policies(sam: Document) -> Iterator[tuple[str, Document]]:
    """Name and document of each policy that gives or takes rights."""
    for name, resource in sam["Resources"].items():
        properties = resource["Properties"]
        for key in ("PolicyDocument", "KeyPolicy"):
            if key in properties:
                yield name, properties[key]
        for policy in properties.get("Policies", []):
            _, found = _on_condition(policy)
            yield f"{name}/{found['PolicyName']}", found["PolicyDocument"]


def _on_condition(member: Document) -> tuple[str, Document]:
    """A list's member, and the condition without which it is not there, if there is one."""
    if "Fn::If" not in member:
        return "", member
    condition, found, otherwise = member["Fn::If"]
    assert otherwise == {"Ref": "AWS::NoValue"}
    return f"{condition}: ", found


def _statements(document: Document) -> Iterator[tuple[str, Document]]:
    return map(_on_condition, document["Statement"])


def _text(node: Any) -> str:
    """A resource or an action as the tables above write it."""
    match node:
        case {"Ref": name} | {"Fn::Sub": name}:
            return str(name)
        case {"Fn::GetAtt": parts}:
            return ".".join(parts)
        case {"Fn::If": [condition, yes, no]}:
            return f"{condition} ? {_text(yes)} : {_text(no)}"
        case list():
            return " ".join(map(_text, node))
        case _:
            return str(node)


@of_both
def test_roles_may_do_what_stands_here_and_nothing_else(template: str) -> None:
    found = {
        name: [
            Right(condition + s["Effect"], _text(s["Action"]), _text(s["Resource"]))
            for condition, s in _statements(document)
        ]
        for name, document in _policies(read(template))
    }

    assert found == RIGHTS[template]


@of_both
def test_a_right_to_everything_has_a_condition_or_a_reason(template: str) -> None:
    for name, document in _policies(read(template)):
        for _, statement in _statements(document):
            unbound = "*" in _text(statement["Resource"]) and "Condition" not in statement
            if unbound and statement["Effect"] == "Allow":
                assert set(_text(statement["Action"]).split()) <= ON_EVERYTHING, name


@of_both
def test_a_secrets_key_decrypts_for_that_secret_alone(template: str) -> None:
    (statement,) = (
        s
        for _, document in _policies(read(template))
        for _, s in _statements(document)
        if s["Action"] == "kms:Decrypt"
    )

    condition = statement["Condition"]["StringEquals"]
    assert set(condition) == {"kms:ViaService", "kms:EncryptionContext:SecretARN"}
    assert _text(condition["kms:ViaService"]) == "secretsmanager.${AWS::Region}.${AWS::URLSuffix}"
    assert _text(condition["kms:EncryptionContext:SecretARN"]) == (
        "DatabaseSecretArn HasKeySecret ? KeySecretArn : AWS::NoValue"
    )


@of_both
def test_each_role_is_taken_by_one_service(template: str) -> None:
    roles = of_type(read(template), "AWS::IAM::Role")

    expected = dict(TAKEN_BY)
    if template == REST:
        expected["LogRole"] = "apigateway.amazonaws.com"
    taken = {}
    for name, role in roles.items():
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust == {
            "Effect": "Allow",
            "Principal": {"Service": expected[name]},
            "Action": "sts:AssumeRole",
        }
        taken[name] = trust["Principal"]["Service"]
    assert taken == expected


@of_both
def test_app_and_deploy_function_share_one_policy_and_the_authorizer_has_no_part_in_it(
    template: str,
) -> None:
    shared = {
        name: [_text(arn) for arn in role["Properties"].get("ManagedPolicyArns", [])]
        for name, role in of_type(read(template), "AWS::IAM::Role").items()
    }

    pushing = (
        "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    )
    assert shared.pop("LogRole", [pushing]) == [pushing]
    assert shared == {
        "AppRole": ["KeysAndDatabase"],
        "DeployRole": ["KeysAndDatabase"],
        "AuthorizerRole": [],
    }


@of_both
def test_above_each_statement_a_comment_says_why(template: str) -> None:
    text = (PROJECT / template).read_text()
    lines = text.splitlines()

    bare = []
    for line in sorted(_statement_lines(yaml.compose(text, yaml.SafeLoader), set())):
        above = line
        while _BEGINS.fullmatch(lines[above].strip()):
            above -= 1
        if not lines[above].lstrip().startswith("# "):
            bare.append(f"{template}:{line + 1}: {lines[line].strip()}")
    assert bare == []


def _statement_lines(node: Any, seen: set[int]) -> Iterator[int]:
    """Line of each `Effect`, counted from 0; of one behind an anchor, once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "Effect":
                yield key.start_mark.line
            yield from _statement_lines(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _statement_lines(child, seen)


@of_both
def test_functions_are_called_by_the_api_and_the_schedule_of_this_stack_alone(
    template: str,
) -> None:
    called = set()
    for permission in of_type(translated(template), "AWS::Lambda::Permission").values():
        properties = permission["Properties"]
        function = _text(properties["FunctionName"]).removesuffix(".Arn")
        source = json.dumps(properties["SourceArn"])
        called.add((function, properties["Principal"]))
        assert properties["Action"] == "lambda:InvokeFunction"
        assert "FunctionUrlAuthType" not in properties
        if properties["Principal"] == "events.amazonaws.com":
            assert properties["SourceArn"] == {"Fn::GetAtt": ["DeployFunctionPrune", "Arn"]}
        else:
            assert '"__ApiId__": {"Ref": "Api"}' in source
            assert ":${AWS::AccountId}:${__ApiId__}/" in source
            assert ("/authorizers/*" in source) == (function == "AuthorizerFunction")
    assert called == {
        ("AppFunction", "apigateway.amazonaws.com"),
        ("AuthorizerFunction", "apigateway.amazonaws.com"),
        ("DeployFunction", "events.amazonaws.com"),
    }


@pytest.mark.parametrize("name", ["AuthorizerFunction", "AuthorizerRole"])
@of_both
def test_the_authorizer_never_sees_signing_keys_or_the_database(template: str, name: str) -> None:
    given = json.dumps(read(template)["Resources"][name])

    for secret in ("SigningKey", "KeySecretArn", "Database", "AdminPassword", "Subnet"):
        assert secret not in given
