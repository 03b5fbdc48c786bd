"""Claims and the route table to an IAM policy: a pure function.

The policy covers everything the token may call, not the method asked for: API Gateway caches it
for the token and holds it against the next request, whatever that one asks for.
"""

import json
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from app.tokens.claims import AccessClaims

Policy = dict[str, Any]
MAX_ANSWER_BYTES = 8192
_FRAME_BYTES = 512  # what an answer has around its resources and values
_TABLE = f"{os.path.dirname(__file__)}/routes.json"


class CompiledRoutes:
    """The compiled route table: of each guarded route its `scope` and its `resource`.

    A `resource` is the end of an execute-api ARN: `VERB/path`, with `?` for a character that
    varies. `ostiary routes --write` compiles it.
    """

    def __init__(self, routes: Sequence[Mapping[str, str]]) -> None:
        self.routes = tuple(routes)


def load_routes() -> CompiledRoutes:
    """The table that lies beside this module."""
    with open(_TABLE, "rb") as table:
        return CompiledRoutes(json.load(table)["routes"])


def policy_for(claims: AccessClaims, stage_arn: str, table: CompiledRoutes) -> Policy:
    """The authorizer's answer for a verified token (API Gateway's IAM shape).

    `stage_arn` is the incoming ARN up to and with the stage. Where no scope opens anything, the
    answer denies all by name: an empty list of resources is not safe to send. So does the answer
    to a token whose claims are too long to be sent on; nothing is ever cut off.
    """
    resources, length = _resources(table, claims.scope, stage_arn)
    context = {
        "sub": claims.sub,
        "client_id": claims.client_id,
        "scope": claims.scope,
        "jti": claims.jti,
        "sid": claims.sid or "",
        "code": "granted" if resources else "insufficient_scope",
    }
    effect = "Allow" if resources else "Deny"
    answer = _answer(effect, list(resources) or [f"{stage_arn}/*"], context)
    # A character takes at most 12 in JSON (two escapes of 6). Nearly every answer is seen to be
    # short enough by that, and writing it out costs more than all else here.
    values = claims.sub + "".join(context.values())
    if _FRAME_BYTES + length + 12 * len(values) <= MAX_ANSWER_BYTES or _fits(answer):
        return answer
    context = dict.fromkeys(context, "") | {"sub": claims.sub, "code": "policy_too_large"}
    return _answer("Deny", [f"{stage_arn}/*"], context)


# Few sets of scopes are ever handed out, and a token is met more often than a set is new.
@lru_cache(maxsize=256)
def _resources(table: CompiledRoutes, scope: str, stage_arn: str) -> tuple[tuple[str, ...], int]:
    """What these scopes open, and how long that is as JSON."""
    scopes = frozenset(scope.split())
    opened = tuple(f"{stage_arn}/{r['resource']}" for r in table.routes if r["scope"] in scopes)
    return opened, len(json.dumps(opened))


def _answer(effect: str, resources: list[str], context: dict[str, str]) -> Policy:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resources}
    return {
        "principalId": context["sub"],
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }


def _fits(answer: Policy) -> bool:
    """Whether the answer is within API Gateway's limit in ASCII, the longest form of its JSON."""
    return len(json.dumps(answer)) <= MAX_ANSWER_BYTES
