"""What API Gateway makes of a policy and an ARN, written from AWS's documentation alone.

Wildcards: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
Verdicts: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
Actions: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

INVOKE = "execute-api:Invoke"
_WILDCARDS = {"*": ".*", "?": "."}


class Verdict(StrEnum):
    """Of an authorizer's policy. Both denials are answered 403, and both are cached."""

    ALLOW = "allow"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


def matches(pattern: str, text: str) -> bool:
    """`*` is any run of characters, none and `/` among them; `?` is any one. All else is itself."""
    return _expression(pattern).fullmatch(text) is not None


@lru_cache(maxsize=10_000)
def _expression(pattern: str) -> re.Pattern[str]:
    if "${" in pattern:
        raise ValueError(f"a policy variable would be filled in here: {pattern!r}")
    parts = (_WILDCARDS.get(character, re.escape(character)) for character in pattern)
    return re.compile("".join(parts), re.DOTALL)


def verdict(policy: Mapping[str, Any], arn: str) -> Verdict:
    """Of an authorizer's answer, on calling the method with this ARN."""
    found = {
        statement["Effect"]
        for statement in policy["policyDocument"]["Statement"]
        if any(matches(action, INVOKE) for action in _listed(statement["Action"]))
        and any(matches(pattern, arn) for pattern in _listed(statement["Resource"]))
    }
    if not found <= {"Allow", "Deny"}:
        raise ValueError(f"a statement's Effect is Allow or Deny, not {found}")
    if "Deny" in found:
        return Verdict.EXPLICIT_DENY
    return Verdict.ALLOW if "Allow" in found else Verdict.IMPLICIT_DENY


def allows(policy: Mapping[str, Any], arn: str) -> bool:
    """Whether the method with this ARN may be called."""
    return verdict(policy, arn) is Verdict.ALLOW


def resources(policy: Mapping[str, Any]) -> list[str]:
    """Every Resource of an authorizer's answer."""
    statements = policy["policyDocument"]["Statement"]
    return [pattern for statement in statements for pattern in _listed(statement["Resource"])]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
