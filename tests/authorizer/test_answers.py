"""Ten thousand tokens: whatever a good signature covers, API Gateway can use the answer."""

import json
import random
import time
from typing import Any

import pytest

from authorizer.policy import Policy, load_routes
from tests.authorizer.decisions import (
    STAGE,
    Outcome,
    claims,
    decide,
    http_api_event,
    signed,
    token_event,
)
from tests.authorizer.iam import INVOKE, allows, resources

SEED, TOKENS = 20260918, 10_000
MAX_RESOURCE, MAX_ANSWER, MAX_TOKEN = 512, 8192, 8192
TOLD = ("sub", "client_id", "scope", "jti", "sid")
LONGEST_STAGE = (
    f"arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:{'a' * 10}/{'s' * 128}"  # AWS's limits
)
CONTEXT = {"sub", "client_id", "scope", "jti", "sid", "code"}
ROUTES = load_routes().routes
SCOPES = sorted({route["scope"] for route in ROUTES})
NEVER_OPEN = ("POST/auth/login", "POST/users", "GET/health", "OPTIONS/notes", "OPTIONS/users")
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


def _check_usable(answer: Policy) -> None:
    """The shape and the limits of API Gateway's developer guide."""
    assert set(answer) == {"principalId", "policyDocument", "context"}
    assert isinstance(answer["principalId"], str)
    assert answer["principalId"].strip()
    assert set(answer["context"]) == CONTEXT
    assert all(isinstance(value, str) for value in answer["context"].values())
    assert set(answer["policyDocument"]) == {"Version", "Statement"}
    assert answer["policyDocument"]["Version"] == "2012-10-17"
    assert answer["policyDocument"]["Statement"]
    for statement in answer["policyDocument"]["Statement"]:
        assert set(statement) == {"Action", "Effect", "Resource"}
        assert statement["Action"] == INVOKE
        assert statement["Effect"] in ("Allow", "Deny")
        assert statement["Resource"], "an empty list may be read as everything"
    assert all(pattern.startswith(f"{STAGE}/") for pattern in resources(answer))
    assert all(len(pattern) <= MAX_RESOURCE for pattern in resources(answer))
    assert _size(answer) <= MAX_ANSWER


def _check_granted(answer: Policy, payload: dict[str, Any]) -> None:
    """Nothing that was not asked for, and all that was, unless the token fills the answer."""
    assert answer["principalId"] == payload["sub"]
    held = set(payload["scope"].split(" "))
    if answer["context"]["code"] == "policy_too_large":
        # Only claims that fill a good part of the 8 KB come to that, and then nothing is allowed.
        assert len(json.dumps([payload[name] for name in TOLD if name in payload])) > MAX_ANSWER / 2
        held = set()
    opened = {route["scope"] for route in ROUTES if allows(answer, _call(route["resource"]))}
    assert opened == held.intersection(SCOPES), {name: len(str(v)) for name, v in payload.items()}
    assert not [call for call in NEVER_OPEN if allows(answer, _call(call))]
    if not opened:
        assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"
        assert resources(answer) == [f"{STAGE}/*"]


def _check_denied(answer: Policy) -> None:
    """Nothing of a token that was not believed; everything is denied, by name."""
    code = answer["context"]["code"]
    assert answer["context"] == dict.fromkeys(CONTEXT, "") | {"code": code}
    assert code not in ("", "granted")
    (statement,) = answer["policyDocument"]["Statement"]
    assert (statement["Effect"], resources(answer)) == ("Deny", [f"{STAGE}/*"])


def _call(resource: str) -> str:
    return f"{STAGE}/{resource.replace('?', '0')}"


def _size(answer: Policy) -> int:
    """Its bytes as the Lambda runtime for Python 3.12 and later sends it."""
    return len(json.dumps(answer, ensure_ascii=False).encode())


@pytest.mark.parametrize("is_http_api", [False, True])
def test_every_answer_is_one_that_api_gateway_can_use(is_http_api: bool) -> None:
    refused = Outcome.DENIED if is_http_api else Outcome.UNAUTHORIZED
    chance = random.Random(SEED + is_http_api)  # noqa: S311 - to be the same at each run
    answers = 0
    for _ in range(TOKENS // 2):
        payload = _payload(chance)
        document = json.dumps(payload, ensure_ascii=chance.random() < 0.5)
        token = signed(document.encode("utf-8", "surrogatepass"))
        outcome, answer = decide(_http_api_event(token) if is_http_api else token_event(token))
        assert outcome in (Outcome.POLICY, refused)
        if answer:
            _check_usable(answer)
        if outcome is Outcome.POLICY:
            answers += 1
            _check_granted(answer, payload)
        elif is_http_api:
            _check_denied(answer)
    assert TOKENS // 8 < answers < TOKENS // 2


def _http_api_event(token: str) -> dict[str, Any]:
    return http_api_event(f"Bearer {token}", routeArn=f"{STAGE}/GET/notes")


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
