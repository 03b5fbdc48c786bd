"""Ten thousand tokens: whatever a good signature covers, API Gateway can use the answer."""

import json
import random
import time
from typing import Any

import pytest

from authorizer.policy import Policy, load_routes
from tests.authorizer.decisions import STAGE, Outcome, claims, decide, signed, token_event
from tests.authorizer.iam import INVOKE, resources

SEED, TOKENS = 20260918, 10_000
MAX_RESOURCE, MAX_ANSWER, MAX_TOKEN = 512, 8192, 8192
TOLD = ("sub", "client_id", "scope", "jti", "sid")
LONGEST_STAGE = (
    f"arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:{'a' * 10}/{'s' * 128}"  # AWS's limits
)
CONTEXT = {"sub", "client_id", "scope", "jti", "sid", "code"}
SCOPES = sorted({route["scope"] for route in load_routes().routes})
_ODD = [
    "*",
    "?",
    "${aws:userid}",
    "/",
    ":",
    '"',
    "\\",
    "\n",
    "\0",
    " ",
    "é",
    "😀",
    "\ud800",
    "\x7f",
]
_KINDS: list[Any] = [None, True, 7, 1.5, [], {}, ["user"], {"sub": "user"}, "", " ", "\t"]


def _text(chance: random.Random) -> str:
    if chance.random() < 0.3:
        return chance.choice(["x", "😀", '"', "*", "/"]) * chance.choice([1, 254, 255, 256])
    odd = _ODD if chance.random() < 0.3 else ["*", "/", "?"]
    return "".join(chance.choice([*"abcXYZ019-_", *odd]) for _ in range(chance.randint(1, 40)))


def _scope(chance: random.Random) -> str:
    held = [scope for scope in SCOPES if chance.random() < 0.5]
    others = [f"other:{chance.randint(0, 9999)}" for _ in range(chance.choice([0, 1, 5, 400]))]
    hostile = ["*", "notes:*", "notes:read*", "NOTES:READ", "notes:read,users:read", "notes"]
    names = [*held, *others, *chance.sample(hostile, chance.randint(0, 3))]
    chance.shuffle(names)
    return chance.choice([" "] * 20 + ["  ", ",", "\t"]).join(names)


def _payload(chance: random.Random) -> dict[str, Any]:
    payload = claims(scope=_scope(chance))
    for name in ("sub", "jti", "client_id", "sid"):
        if chance.random() < 0.5:
            payload[name] = _text(chance)
    if chance.random() < 0.3:
        payload[chance.choice([*payload, "nbf", "amr", "auth_time"])] = chance.choice(_KINDS)
    if chance.random() < 0.2:
        payload["exp"] = int(time.time()) + chance.choice([-1, 10**6, 10**30, -(10**30)])
    if chance.random() < 0.2:
        payload |= {"roles": ["admin"], "claims": {"a": [1]}, "principalId": "admin"}
    return payload


def _check_usable(answer: Policy, payload: dict[str, Any]) -> None:
    """The shape and the limits of API Gateway's developer guide, and nothing that was not asked."""
    assert set(answer) == {"principalId", "policyDocument", "context"}
    assert isinstance(answer["principalId"], str)
    assert answer["principalId"].strip()
    assert answer["principalId"] == payload["sub"]
    assert set(answer["context"]) == CONTEXT
    assert all(isinstance(value, str) for value in answer["context"].values())
    assert answer["policyDocument"]["Version"] == "2012-10-17"
    (statement,) = answer["policyDocument"]["Statement"]
    assert set(statement) == {"Action", "Effect", "Resource"}
    assert statement["Action"] == INVOKE
    held = set(payload["scope"].split(" "))
    allowed = [f"{STAGE}/{r['resource']}" for r in load_routes().routes if r["scope"] in held]
    if answer["context"]["code"] == "policy_too_large":
        # Only claims that fill a good part of the 8 KB come to that, and then nothing is allowed.
        assert len(json.dumps([payload[name] for name in TOLD if name in payload])) > MAX_ANSWER / 2
        allowed = []
    assert statement["Effect"] == ("Allow" if allowed else "Deny")
    assert resources(answer) == (allowed or [f"{STAGE}/*"])
    assert all(len(pattern) <= MAX_RESOURCE for pattern in resources(answer))
    assert _size(answer) <= MAX_ANSWER, {name: len(str(v)) for name, v in payload.items()}


def _size(answer: Policy) -> int:
    """Its bytes as the Lambda runtime for Python 3.12 and later sends it."""
    return len(json.dumps(answer, ensure_ascii=False).encode())


def test_every_answer_is_one_that_api_gateway_can_use() -> None:
    chance = random.Random(SEED)  # noqa: S311 - to be the same at each run
    answers = 0
    for _ in range(TOKENS):
        payload = _payload(chance)
        document = json.dumps(payload, ensure_ascii=chance.random() < 0.5)
        token = signed(document.encode("utf-8", "surrogatepass"))
        outcome, answer = decide(token_event(token))
        assert outcome is not Outcome.UNDECIDED
        if outcome is Outcome.POLICY:
            answers += 1
            _check_usable(answer, payload)
    assert TOKENS // 4 < answers < TOKENS


@pytest.mark.parametrize("character", ["x", "é", "😀", '"'])
@pytest.mark.parametrize("scopes", [[], SCOPES])
def test_the_largest_token_makes_no_answer_over_8_kb(scopes: list[str], character: str) -> None:
    longest = character * 255
    payload = claims(sub=longest, jti=longest, client_id=longest, sid=longest)
    token = ""
    for more in range(0, 6000, 50):
        scope = " ".join([*scopes, "x" * more])
        longer = signed(payload | {"scope": scope.strip()})
        if len(longer) > MAX_TOKEN:
            break
        token = longer
    assert MAX_TOKEN - 100 < len(token) <= MAX_TOKEN
    outcome, answer = decide(token_event(token, f"{LONGEST_STAGE}/GET/notes"))
    assert outcome is not Outcome.POLICY or _size(answer) <= MAX_ANSWER, _size(answer)


def test_the_longest_stage_keeps_each_resource_in_bounds() -> None:
    token = signed(claims(scope=" ".join(SCOPES)))
    outcome, answer = decide(token_event(token, f"{LONGEST_STAGE}/GET/notes"))
    assert outcome is Outcome.POLICY
    assert max(map(len, resources(answer))) <= MAX_RESOURCE


@pytest.mark.parametrize("scopes", [["notes:read"], SCOPES, []])
def test_no_part_of_the_path_that_was_asked_for_is_in_the_policy(scopes: list[str]) -> None:
    token = signed(claims(scope=" ".join(scopes)))
    methods = [
        "GET/notes",
        "DELETE/users/42/secret",
        "GET/*",
        "PUT/${aws:userid}/?",
        "GET/",
        "GET//",
    ]
    first, *others = (decide(token_event(token, f"{STAGE}/{method}"))[1] for method in methods)
    assert first["principalId"] == "user"
    assert all(other == first for other in others)
