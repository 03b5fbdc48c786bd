"""Claims and the route table to an IAM policy: a pure function.

The policy covers everything the token may call, not the method asked for: API Gateway caches it
for the token and holds it against the next request, whatever that one asks for.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.tokens.claims import AccessClaims

Policy = dict[str, Any]
MAX_ANSWER_BYTES = 8192
_TABLE = Path(__file__).with_name("routes.json")


def load_routes() -> Sequence[Mapping[str, str]]:
    """The compiled route table: of each guarded route its `scope` and its `resource`.

    A `resource` is the end of an execute-api ARN: `VERB/path`, with `?` for a character that
    varies. `ostiary routes --write` compiles it.
    """
    routes: Sequence[Mapping[str, str]] = json.loads(_TABLE.read_bytes())["routes"]
    return routes


def policy_for(claims: AccessClaims, stage_arn: str, routes: Sequence[Mapping[str, str]]) -> Policy:
    """The authorizer's answer for a verified token (API Gateway's IAM shape).

    `stage_arn` is the incoming ARN up to and with the stage. Where no scope opens anything, the
    answer denies all by name: an empty list of resources is not safe to send. So does the answer
    to a token whose claims are too long to be sent on; nothing is ever cut off.
    """
    resources = [
        f"{stage_arn}/{route['resource']}" for route in routes if route["scope"] in claims.scopes
    ]
    context = {
        "sub": claims.sub,
        "client_id": claims.client_id,
        "scope": claims.scope,
        "jti": claims.jti,
        "sid": claims.sid or "",
        "code": "granted" if resources else "insufficient_scope",
    }
    effect = "Allow" if resources else "Deny"
    answer = _answer(effect, resources or [f"{stage_arn}/*"], context)
    # As JSON in ASCII, the longest form that a runtime may give it.
    if len(json.dumps(answer)) <= MAX_ANSWER_BYTES:
        return answer
    context = dict.fromkeys(context, "") | {"sub": claims.sub, "code": "policy_too_large"}
    return _answer("Deny", [f"{stage_arn}/*"], context)


def _answer(effect: str, resources: list[str], context: dict[str, str]) -> Policy:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resources}
    return {
        "principalId": context["sub"],
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }
