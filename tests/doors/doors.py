"""The doors of the house, each asked the same question: does this token open you?

An answer that is neither a plain yes nor a plain no is an error of its own, never a verdict.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.lambda_event import Handler
from app.tokens.errors import TokenError
from app.tokens.verify import Verifier
from authorizer.handler import handler as authorizer
from tests.app.events import rest_event
from tests.app.serving import exchange, request
from tests.authorizer.iam import Verdict as PolicyVerdict
from tests.authorizer.iam import verdict
from tests.doors.row import Door, Verdict

PATH = "/users/me"
METHOD_ARN = "arn:aws:execute-api:eu-central-1:123456789012:id/prod/GET/users/me"


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP, in whichever way."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        """The JSON in it."""
        return json.loads(self.text)

    def verdict(self, sub: str) -> Verdict:
        """Good when the user's own account came; bad when the token was called invalid."""
        if self.status == 200:
            assert self.body["id"] == sub
            return "good"
        assert (self.status, self.body["code"]) == (401, "invalid_token"), self
        assert self.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert self.headers["content-type"] == "application/problem+json"
        return "bad"


@dataclass(frozen=True)
class Doors:
    """The doors of one house, which trusts one key and knows one user."""

    alg: str
    sub: str
    verifier: Verifier
    port: int
    lambda_handler: Handler

    def judge(self, door: Door, token: str) -> Verdict:
        """What this door says to a token."""
        judges: dict[str, Callable[[str], Verdict]] = {
            "verify": self._verify,
            "uvicorn": lambda token: self.over_http(token).verdict(self.sub),
            "lambda": lambda token: self.through_lambda(token).verdict(self.sub),
            "authorizer TOKEN": lambda token: self.at_the_edge(token_event(f"Bearer {token}")),
            "authorizer REQUEST": lambda token: self.at_the_edge(request_event(f"Bearer {token}")),
            "authorizer HTTP API": lambda token: self.at_the_edge(
                http_api_event(f"Bearer {token}")
            ),
        }
        return judges[door](token)

    def _verify(self, token: str) -> Verdict:
        try:
            claims = self.verifier.verify(token)
        except TokenError:
            return "bad"
        assert claims.sub == self.sub
        return "good"

    def over_http(self, token: str) -> Answer:
        """uvicorn's answer to a request that carries the token."""
        return self.raw_http(b"Authorization: Bearer " + token.encode("utf-8", "surrogatepass"))

    def raw_http(self, *headers: bytes, target: str = PATH) -> Answer:
        """uvicorn's answer to these header lines, byte for byte: no client mends them first."""
        raw = exchange(self.port, request(b"GET", target.encode(), *headers))
        return Answer(raw.status, raw.headers, raw.body.decode())

    def through_lambda(self, token: str) -> Answer:
        """The answer of the app's Lambda handler to API Gateway's event for such a request."""
        return self.event(rest_event("GET", PATH, token))

    def event(self, event: Mapping[str, Any]) -> Answer:
        """The answer of the app's Lambda handler to an event."""
        answer = self.lambda_handler(dict(event), None)
        headers = {name: values[-1] for name, values in answer.get("multiValueHeaders", {}).items()}
        headers.update(answer.get("headers", {}))
        return Answer(answer["statusCode"], headers, answer["body"])

    def at_the_edge(self, event: Mapping[str, Any]) -> Verdict:
        """The authorizer's. To a REST API, bad is exactly the exception that becomes its 401.

        An HTTP API is answered with a policy that denies all to nobody, and no exception.
        """
        is_http_api = "routeArn" in event
        try:
            policy = authorizer(event, None)
        except Exception as error:
            if not is_http_api and type(error) is Exception and str(error) == "Unauthorized":
                return "bad"
            raise
        if is_http_api and policy["context"]["sub"] == "":
            assert verdict(policy, METHOD_ARN) is PolicyVerdict.EXPLICIT_DENY
            assert policy["context"]["code"] not in ("", "granted", "insufficient_scope")
            return "bad"
        assert policy["principalId"] == self.sub
        assert verdict(policy, METHOD_ARN) is PolicyVerdict.ALLOW
        assert verdict(policy, METHOD_ARN.removesuffix("/me")) is not PolicyVerdict.ALLOW
        return "good"


def token_event(authorization: str) -> dict[str, Any]:
    """A REST API's event for a TOKEN authorizer."""
    return {"type": "TOKEN", "methodArn": METHOD_ARN, "authorizationToken": authorization}


def request_event(*authorizations: str, **changes: Any) -> dict[str, Any]:
    """A REST API's event for a REQUEST authorizer: the plain map holds the last of each header."""
    values = list(authorizations)
    return {
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "resource": PATH,
        "path": PATH,
        "httpMethod": "GET",
        "headers": {"Authorization": values[-1]} if values else {},
        "multiValueHeaders": {"Authorization": values} if values else {},
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        "pathParameters": {},
        "stageVariables": {},
        "requestContext": {"stage": "prod", "identity": {"sourceIp": "192.0.2.1"}},
    } | changes


def http_api_event(*authorizations: str, **changes: Any) -> dict[str, Any]:
    """An HTTP API's event (payload 2.0) for an authorizer: repeated headers come joined."""
    value = ",".join(authorizations)
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": METHOD_ARN,
        "identitySource": [value] if authorizations else [],
        "routeKey": "GET /{proxy+}",
        "rawPath": f"/prod{PATH}",
        "rawQueryString": "",
        "headers": {"authorization": value} if authorizations else {},
        "requestContext": {"stage": "prod", "http": {"method": "GET", "sourceIp": "192.0.2.1"}},
    } | changes
