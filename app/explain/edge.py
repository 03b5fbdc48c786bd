"""What API Gateway answers by the two templates, and which statement of a policy decides.

The policy is what the authorizer answers; both ask the kernel for it.
"""

import re
from typing import NamedTuple

from app.access.routes import STAGE_ARN_CHARACTERS
from app.explain.refusal import Refusal
from app.explain.token import Judged
from app.tokens.claims import AccessClaims
from app.tokens.policy import policy_for
from app.tokens.statements import CompiledRoutes, Statements

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BEARER_JWS = (
    r"^[Bb][Ee][Aa][Rr][Ee][Rr] [-A-Za-z0-9_]+\.[-A-Za-z0-9_]+\.[-A-Za-z0-9_]+$"  # template.yaml
)
_STAGE_ARN = "x" * STAGE_ARN_CHARACTERS
_WILDCARDS = {"*": ".*", "?": "."}


class Kind(NamedTuple):
    """A kind of API: which headers it has judged, and what it answers by itself.

    `preflight` says in words what becomes of OPTIONS.
    """

    name: str
    judged: re.Pattern[str]
    preflight: str
    no_route: Refusal
    not_asked: Refusal
    bad_token: Refusal
    denied: Refusal


REST_API = Kind(
    "REST API",
    re.compile(BEARER_JWS),
    preflight="200, a static answer to preflights at every path of the template; nobody is asked",
    no_route=Refusal(404, "not_found"),
    not_asked=Refusal(401, "unauthorized"),
    bad_token=Refusal(401, "unauthorized"),
    denied=Refusal(403, "insufficient_scope"),
)
HTTP_API = Kind(
    "HTTP API",
    re.compile("."),
    preflight="answers preflights itself if an origin is configured; else 404, it has no such verb",
    no_route=Refusal(404, ""),
    not_asked=Refusal(401, ""),
    bad_token=Refusal(403, ""),
    denied=Refusal(403, ""),
)


class Call(NamedTuple):
    """A verb and a decoded path; whether the path is open to all with that verb."""

    method: str
    path: str
    public: bool


class Ruling(NamedTuple):
    """Why a call is let by, or how it is refused."""

    because: str
    refusal: Refusal | None = None


def rule(kind: Kind, call: Call, token: Judged, table: CompiledRoutes) -> Ruling:
    """What an API of this kind does with a call; `table` is what its authorizer was given."""
    if call.method not in VERBS or call.path == "/":
        return Ruling("the template has no such verb or path", kind.no_route)
    if call.public:
        return Ruling("public, the authorizer is not asked")
    if not kind.judged.match(token.authorization):
        shape = "a `Bearer` JWS" if token.authorization else "an Authorization header"
        because = f"without {shape} the authorizer is not asked, and nothing is logged"
        return Ruling(because, kind.not_asked)
    if token.claims is None:
        because = f"the authorizer logs {token.code}"
        return Ruling(because, kind.bad_token._replace(reason=token.code))
    return _by_policy(kind, call, token.claims, table)


def _by_policy(kind: Kind, call: Call, claims: AccessClaims, table: CompiledRoutes) -> Ruling:
    statements, code = policy(claims, table)
    target = f"{call.method}{call.path}"
    denied, allowed = _first(statements.deny, target), _first(statements.allow, target)
    if allowed and not denied:
        return Ruling(f"Allow {allowed}")
    because = f"Deny {denied}" if denied else "no statement matches, an implicit deny"
    return Ruling(f"{because}; the authorizer logs {code}", kind.denied._replace(reason=code))


def policy(claims: AccessClaims, table: CompiledRoutes) -> tuple[Statements, str]:
    """The statements for a token, in an ARN of the greatest length, and the authorizer's code."""
    answer = policy_for(claims, _STAGE_ARN, table)
    said = {s["Effect"]: s["Resource"] for s in answer["policyDocument"]["Statement"]}
    allow, deny = (
        tuple(resource.removeprefix(f"{_STAGE_ARN}/") for resource in said.get(effect, ()))
        for effect in ("Allow", "Deny")
    )
    return Statements(allow, deny), answer["context"]["code"]


def _first(resources: tuple[str, ...], target: str) -> str | None:
    return next((resource for resource in resources if matches(resource, target)), None)


def matches(pattern: str, text: str) -> bool:
    """As IAM does: `*` is any run of characters, slashes among them, and `?` is any one."""
    parts = (_WILDCARDS.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None
