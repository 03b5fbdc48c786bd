"""What really answers, to hold an explanation against: the app, the authorizer, the template.

Nothing here is of `app.explain`, but for the type in which an answer is told.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi import FastAPI

from app import problems
from app.explain.refusal import Refusal
from authorizer.handler import handler
from local.template import read_template
from tests.authorizer.decisions import STAGE, Outcome, decide
from tests.authorizer.iam import allows
from tests.doors.forge import ABSENT, Forge, join

ROOT = Path(__file__).parent.parent.parent.parent
# What a guard or the router answers; all else comes from behind them.
NO_ROUTE = problems._DETAILS_BY_STATUS[404]
BEFORE_THE_ROUTE = {
    *("unauthorized", "invalid_token", "insufficient_scope"),
    *("not_found", "method_not_allowed"),
}


def kinds_of(base: type[Exception]) -> set[type[Exception]]:
    """Every class of an error tree below its base."""
    children = base.__subclasses__()
    return {*children, *(below for child in children for below in kinds_of(child))}


def bad_headers(alg: str) -> dict[str, str]:
    """For each code that a token is refused with, an Authorization header that is."""
    forge = Forge(alg, "ada", int(time.time()))
    now = forge.now
    tokens = {
        "token_too_large": forge.token(more="x" * 6200),
        "malformed_token": "a.b.c",
        "forbidden_header": forge.headed(crit=["x"]),
        "wrong_type": forge.headed(typ="JWT"),
        "unknown_key": forge.headed(kid="nobody's"),
        "wrong_algorithm": forge.headed(alg="none"),
        "bad_signature": forge.signed(forge.stranger.sign),
        "malformed_claims": join(forge.header(), b"[]", forge.sign),
        "missing_claim": forge.token(scope=ABSENT),
        "invalid_claim": forge.token(aud=["ostiary"]),
        "wrong_issuer": forge.token(iss="https://other.example"),
        "wrong_audience": forge.token(aud="other"),
        "token_expired": forge.token(exp=now - 60, iat=now - 120),
        "token_not_yet_valid": forge.token(iat=now + 600),
        "lifetime_too_long": forge.token(exp=now + 1_000_000),
    }
    return {"missing_token": ""} | {code: f"Bearer {token}" for code, token in tokens.items()}


def logged_codes(caplog: pytest.LogCaptureFixture, logger: str) -> list[str]:
    """The codes beside what this logger said, each of which stands in the words, too."""
    records = [record for record in caplog.records if record.name == logger]
    codes = [str(vars(record)["code"]) for record in records]
    for code, record in zip(codes, records, strict=True):
        assert f": {code}" in record.getMessage()
    return codes


def of_app(
    app: FastAPI, caplog: pytest.LogCaptureFixture, authorization: str, method: str, path: str
) -> Refusal | None:
    """How the app itself refuses a call, and with which code it logs that; None where it does not.

    It is asked as uvicorn asks it, so that no client mends the path.
    """
    caplog.clear()
    caplog.set_level(logging.INFO, "ostiary.access")
    with closing(asyncio.new_event_loop()) as loop:  # `asyncio.run` would take Mangum's away
        status, body = loop.run_until_complete(_ask(app, authorization, method, path))
    codes = logged_codes(caplog, "ostiary.access")
    code = body.get("code")
    behind = code == "not_found" and body["detail"] != NO_ROUTE
    if behind or code not in BEFORE_THE_ROUTE:
        assert codes == []
        return None
    return Refusal(status, code, *codes)


async def _ask(
    app: FastAPI, authorization: str, method: str, path: str
) -> tuple[int, Mapping[str, Any]]:
    sent: list[Mapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", authorization.encode())] if authorization else []
    scope = {"type": "http", "method": method, "path": unquote(path), "raw_path": path.encode()}
    await app(scope | {"root_path": "", "query_string": b"", "headers": headers}, receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    is_json = b"json" in dict(sent[0]["headers"]).get(b"content-type", b"")
    return sent[0]["status"], json.loads(body) if is_json else {}


def of_rest_api(
    caplog: pytest.LogCaptureFixture, authorization: str, method: str, path: str
) -> Refusal | None:
    """How `template.yaml` refuses a call, by the real authorizer and IAM as its pages say."""
    verbs, public, expression = _template()
    if method not in verbs or path == "/":
        return Refusal(404, "not_found")
    if public.fullmatch(f"{method} {path}"):
        return None
    if not re.fullmatch(expression, authorization):
        return Refusal(401, "unauthorized")
    caplog.clear()
    caplog.set_level(logging.INFO, "ostiary.authorizer")
    arn = f"{STAGE}/{method}{path}"
    event = {"type": "TOKEN", "methodArn": arn, "authorizationToken": authorization}
    outcome, policy = decide(event)
    (code,) = logged_codes(caplog, "ostiary.authorizer")
    if outcome is Outcome.UNAUTHORIZED:
        return Refusal(401, "unauthorized", code)
    assert outcome is Outcome.POLICY
    return None if allows(policy, arn) else Refusal(403, "insufficient_scope", code)


def of_http_api(
    caplog: pytest.LogCaptureFixture, authorization: str, method: str, path: str
) -> Refusal | None:
    """The same of `template-http.yaml`, whose refusals hold no code."""
    verbs, public, _ = _template()
    if method not in verbs or path == "/":
        return Refusal(404, "")
    if public.fullmatch(f"{method} {path}"):
        return None
    if not authorization:
        return Refusal(401, "")
    caplog.clear()
    caplog.set_level(logging.INFO, "ostiary.authorizer")
    arn = f"{STAGE}/{method}{path}"
    policy = handler(
        {
            "version": "2.0",
            "type": "REQUEST",
            "routeArn": arn,
            "identitySource": [authorization],
            "headers": {"authorization": authorization},
        },
        None,
    )
    (code,) = logged_codes(caplog, "ostiary.authorizer")
    assert policy["context"]["code"] == code
    return None if allows(policy, arn) else Refusal(403, "", code)


@cache
def _template() -> tuple[frozenset[str], re.Pattern[str], str]:
    """The verbs that `/{proxy+}` has, what is public, and which headers are judged."""
    resources = read_template(ROOT / "template.yaml")["Resources"]
    events = [e["Properties"] for e in resources["AppFunction"]["Properties"]["Events"].values()]
    verbs = frozenset(event["Method"] for event in events if event["Path"] == "/{proxy+}")
    public = (
        re.sub(r"\\{\w+\\}", "[^/]+", re.escape(f"{event['Method']} {event['Path']}"))
        for event in events
        if event.get("Auth", {}).get("Authorizer") == "NONE"
    )
    identity = resources["Api"]["Properties"]["Auth"]["Authorizers"]["Ostiary"]["Identity"]
    return verbs, re.compile("|".join(public)), identity["ValidationExpression"]
