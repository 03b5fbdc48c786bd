"""Claims and the route table to an IAM policy: a pure function, the authorizer's answer.

It stands here because `ostiary explain` must say the same, and may not see the authorizer.

The policy covers everything the token may call, not the method asked for: API Gateway caches it
for the token and holds it against the next request, whatever that one asks for.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import count, islice
from typing import Any

from app.tokens.claims import AccessClaims
from app.tokens.statements import CompiledRoutes

Policy = dict[str, Any]
MAX_ANSWER_BYTES = 8192
MAX_RESOURCE_CHARACTERS = 512


def policy_for(claims: AccessClaims, stage_arn: str, table: CompiledRoutes) -> Policy:
    """The authorizer's answer for a verified token (API Gateway's IAM shape).

    `stage_arn` is the incoming ARN up to and with the stage. Where no scope opens anything, the
    answer denies all by name: an empty list of resources is not safe to send. So does the answer
    to a token that opens more than 8 KB can say, or whose claims are too long to be sent on;
    nothing is ever cut off.
    """
    context = {
        "sub": claims.sub,
        "client_id": claims.client_id,
        "scope": claims.scope,
        "jti": claims.jti,
        "sid": claims.sid or "",
    }
    for opening in _openings(table, claims.scope, stage_arn):
        context["code"] = opening.code
        if _fits(opening.length, claims.sub, context):
            return _answer(claims.sub, opening.statements, context)
    context = dict.fromkeys(context, "") | {"sub": claims.sub, "code": "policy_too_large"}
    return _answer(claims.sub, _denying_all(stage_arn), context)


def denial(stage_arn: str, code: str) -> Policy:
    """The answer to whoever proved no identity, where API Gateway wants a policy and no error.

    An HTTP API answers it with 403. `code` says why, for its access log; the context's other values
    are empty, and so as many as in every other answer.
    """
    context = dict.fromkeys(("sub", "client_id", "scope", "jti", "sid"), "") | {"code": code}
    return _answer("nobody", _denying_all(stage_arn), context)


_Statements = tuple[tuple[str, tuple[str, ...]], ...]


class _Opening:
    """One way to say what a token may do: effects with their resources; how long as JSON."""

    __slots__ = ("code", "length", "statements")

    def __init__(self, statements: _Statements, length: int, code: str) -> None:
        self.statements, self.length, self.code = statements, length, code


def _openings(table: CompiledRoutes, scope: str, stage_arn: str) -> Iterator[_Opening]:
    """All ways, from the plainest to the shortest; each is worked out when it is needed."""
    for way in count():
        opening = _opening(table, scope, stage_arn, way)
        if opening is None:
            return
        yield opening


# Few sets of scopes are ever handed out, and a token is met more often than a set is new.
@lru_cache(maxsize=256)
def _opening(table: CompiledRoutes, scope: str, stage_arn: str, way: int) -> _Opening | None:
    ways = table.ways_to_say(frozenset(scope.split()), len(stage_arn))
    found = next(islice(ways, way, None), None)
    if found is None:
        return None
    if not found.allow:
        return _opening_of(_denying_all(stage_arn), "insufficient_scope")
    both = (("Allow", found.allow), ("Deny", found.deny))
    return _opening_of(
        tuple(
            (effect, tuple(f"{stage_arn}/{resource}" for resource in resources))
            for effect, resources in both
            if resources
        ),
        "granted",
    )


def _opening_of(statements: _Statements, code: str) -> _Opening:
    longest = max(len(arn) for _, arns in statements for arn in arns)
    length = len(json.dumps(_written(statements)))
    too_long = longest > MAX_RESOURCE_CHARACTERS
    return _Opening(statements, MAX_ANSWER_BYTES if too_long else length, code)


def _denying_all(stage_arn: str) -> _Statements:
    return (("Deny", (f"{stage_arn}/*",)),)


def _answer(principal: str, statements: _Statements, context: dict[str, str]) -> Policy:
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": _written(statements)},
        "context": context,
    }


def _written(statements: _Statements) -> list[dict[str, Any]]:
    return [
        {"Action": "execute-api:Invoke", "Effect": effect, "Resource": list(resources)}
        for effect, resources in statements
    ]


_FRAME_BYTES = len(json.dumps(_answer("", (), {}))) - len('""[]{}')


def _fits(length: int, principal: str, context: dict[str, str]) -> bool:
    """Whether the answer is within API Gateway's limit in ASCII, the longest form of its JSON.

    A character takes at most 12 there (two escapes of 6). Most answers are seen to be short enough
    by that; to write out the values of each would cost more than all else here.
    """
    room = MAX_ANSWER_BYTES - _FRAME_BYTES - length
    names_and_quotes = 128
    values = len(principal) + sum(map(len, context.values()))
    if values > room:
        return False
    if names_and_quotes + 12 * values <= room:
        return True
    return len(json.dumps(principal)) + len(json.dumps(context)) <= room
