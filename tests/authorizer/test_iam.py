"""The matcher that the other tests rely on, held against what AWS's pages and users say."""

from typing import Any

import pytest

from tests.authorizer.iam import Verdict, allows, matches, verdict

API = "arn:aws:execute-api:us-east-1:123456789012:abcdef123"


def _policy(*statements: tuple[str, str | list[str]]) -> dict[str, Any]:
    listed = [
        {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
        for effect, resource in statements
    ]
    return {"policyDocument": {"Version": "2012-10-17", "Statement": listed}}


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("prod/GET/orders", "prod/GET/orders", True),
        ("prod/GET/orders", "prod/GET/orders/1", False),
        ("prod/GET/orders", "x/prod/GET/orders", False),
        ("prod/GET/orders", "prod/GET/Orders", False),
        ("prod/GET/orders/*", "prod/GET/orders/1/refund", True),
        ("prod/GET/orders/*", "prod/GET/orders/", True),
        ("prod/*/orders", "prod/GET/admin/orders", True),
        ("prod*/GET/orders", "production/GET/orders", True),
        ("prod/*/*", "prod/GET/", True),
        ("*/GET/orders", "other/GET/orders", True),
        ("prod/GET/?", "prod/GET/1", True),
        ("prod/GET/?", "prod/GET//", True),
        ("prod/GET/?", "prod/GET/", False),
        ("prod/GET/?", "prod/GET/12", False),
        ("prod/GET/a.c", "prod/GET/abc", False),
        ("prod/GET/*", "prod/GET/a\nb", True),
        ("prod/GET/orders", "prod/GET/orders\n", False),
    ],
)
def test_wildcards_match_as_the_documentation_says(pattern: str, text: str, expected: bool) -> None:
    assert matches(f"{API}/{pattern}", f"{API}/{text}") is expected


def test_an_explicit_deny_wins_over_every_allow() -> None:
    policy = _policy(("Allow", f"{API}/prod/*"), ("Deny", [f"{API}/prod/GET/admin"]))
    assert verdict(policy, f"{API}/prod/GET/admin") is Verdict.EXPLICIT_DENY
    assert verdict(policy, f"{API}/prod/GET/notes") is Verdict.ALLOW
    assert verdict(policy, f"{API}/test/GET/notes") is Verdict.IMPLICIT_DENY


def test_a_statement_on_another_action_decides_nothing() -> None:
    policy = _policy(("Allow", "*"))
    policy["policyDocument"]["Statement"][0]["Action"] = "execute-api:ManageConnections"
    assert not allows(policy, f"{API}/prod/GET/notes")


def test_a_policy_variable_is_not_taken_for_text() -> None:
    with pytest.raises(ValueError, match="policy variable"):
        matches(f"{API}/prod/GET/${{aws:username}}", f"{API}/prod/GET/notes")
