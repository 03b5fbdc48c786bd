"""Both templates as CloudFormation takes them: translated, and their functions worked out."""

import copy
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.command import PROJECT
from local.template import Document, read_template, to_cloudformation

REST, HTTP = "template.yaml", "template-http.yaml"
IMAGE = f"{'0' * 12}.dkr.ecr.eu-central-1.amazonaws.com/ostiary@sha256:{'0' * 64}"
SECRETS = "arn:aws:secretsmanager:eu-central-1:123456789012:secret"
DOMAIN = {
    "DomainName": "api.example.com",
    "CertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/1",
}
# What has no default.
REQUIRED = {
    "AppImage": IMAGE,
    "AuthorizerImage": IMAGE,
    "Issuer": "https://issuer.example.com",
    "Audience": "ostiary",
    "DatabaseSecretArn": f"{SECRETS}:database-a1b2c3",
}
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "ostiary-prod",
    "AWS::URLSuffix": "amazonaws.com",
}
of_both = pytest.mark.parametrize("template", [REST, HTTP])


def read(template: str) -> Document:
    """The SAM template, for the caller to change as he likes."""
    return copy.deepcopy(_read(template))


def translated(template: str, **parameters: str) -> Document:
    """What CloudFormation gets of it."""
    return copy.deepcopy(_translated(template, tuple(parameters.items())))


def lint(path: Path) -> None:
    """Fails where cfn-lint finds anything."""
    cfn_lint = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run([cfn_lint, "--", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def of_type(document: Document, kind: str) -> dict[str, Document]:
    """Logical id → resource, of all that have this type."""
    return {n: r for n, r in document["Resources"].items() if r["Type"] == kind}


@cache
def _read(template: str) -> Document:
    return read_template(PROJECT / template)


@cache
def _translated(template: str, parameters: tuple[tuple[str, str], ...]) -> Document:
    sam = _read(template)
    defaults = {n: p["Default"] for n, p in sam["Parameters"].items() if "Default" in p}
    return to_cloudformation(sam, {**defaults, **REQUIRED, **dict(parameters)})


_NOTHING = object()


class Stack:
    """A template of which the parameters are given: what its functions come to.

    Of a resource, Ref comes to `<Name>` and an attribute to `<Name.Attribute>`, unless
    `attributes` has it.
    """

    def __init__(
        self, document: Document, attributes: Mapping[str, str] | None = None, /, **parameters: str
    ) -> None:
        self.document = document
        self._attributes = attributes or {}
        declared = document["Parameters"]
        defaults = {n: str(p["Default"]) for n, p in declared.items() if "Default" in p}
        given = {**defaults, **REQUIRED, **parameters}
        self._values: dict[str, Any] = {n: v for n, v in given.items() if n in declared}
        for name, text in self._values.items():
            # Of an empty text CloudFormation makes a list of one empty text.
            if declared[name]["Type"] == "CommaDelimitedList":
                self._values[name] = text.split(",")

    def __getitem__(self, name: str) -> Document:
        """The properties of a resource."""
        found: Document = self.value(self.document["Resources"][name]["Properties"])
        return found

    def exists(self, name: str) -> bool:
        """Whether the stack makes this resource."""
        condition = self.document["Resources"][name].get("Condition")
        return condition is None or self.holds(condition)

    def holds(self, condition: str) -> bool:
        """Whether a condition is met."""
        return bool(self.value(self.document["Conditions"][condition]))

    def broken_rules(self) -> list[str]:
        """What is said of each rule that these parameters break."""
        return [
            assertion["AssertDescription"]
            for rule in self.document["Rules"].values()
            if self.value(rule.get("RuleCondition", True))
            for assertion in rule["Assertions"]
            if not self.value(assertion["Assert"])
        ]

    def value(self, node: Any) -> Any:
        """`node` without functions; None for what AWS::NoValue takes away."""
        found = self._value(node)
        return None if found is _NOTHING else found

    def _value(self, node: Any) -> Any:
        if isinstance(node, dict):
            if len(node) == 1:
                ((name, argument),) = node.items()
                if name in _FUNCTIONS:
                    return _FUNCTIONS[name](self, argument)
            members = {key: self._value(child) for key, child in node.items()}
            return {key: child for key, child in members.items() if child is not _NOTHING}
        if isinstance(node, list):
            return [child for child in map(self._value, node) if child is not _NOTHING]
        return node

    def _branch(self, argument: list[Any]) -> Any:
        condition, yes, no = argument
        return self._value(yes if self.holds(condition) else no)

    def _named(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        for known in (self._values, PSEUDO, self._attributes):
            if name in known:
                return known[name]
        assert self.exists(name.partition(".")[0]), f"{name} is not there with these parameters"
        return f"<{name}>"

    def _substituted(self, argument: Any) -> str:
        text, names = argument if isinstance(argument, list) else (argument, {})

        def put(found: re.Match[str]) -> str:
            name = found[1]
            return str(self._value(names[name]) if name in names else self._named(name))

        return re.sub(r"\$\{([^!}][^}]*)\}", put, text)


_FUNCTIONS: dict[str, Callable[[Stack, Any], Any]] = {
    "Ref": Stack._named,
    "Condition": Stack.holds,
    "Fn::GetAtt": lambda stack, argument: stack._named(".".join(argument)),
    "Fn::Sub": Stack._substituted,
    "Fn::Join": lambda stack, argument: argument[0].join(stack._value(argument[1])),
    "Fn::Select": lambda stack, argument: stack._value(argument[1])[int(argument[0])],
    "Fn::If": Stack._branch,
    "Fn::Equals": lambda stack, argument: stack._value(argument[0]) == stack._value(argument[1]),
    "Fn::Not": lambda stack, argument: not stack._value(argument[0]),
    "Fn::And": lambda stack, argument: all(map(stack._value, argument)),
    "Fn::Or": lambda stack, argument: any(map(stack._value, argument)),
}
