"""`make demo`: the seven steps against a running edge, and what each part says."""

import argparse
import secrets
import sys
from contextlib import ExitStack
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx

from local import tokens
from local.cloud import Edge
from local.edge import FOLDER, running_edge, stopped_by_signals
from local.state import find_edge
from local.story import Story

HOUR = 3600
NOTE = {"title": "first", "body": "light the lamp"}
# Who calls the function itself can claim what an authorizer would have said, but has no token.
FORGED = {
    "resource": "/notes",
    "path": "/notes",
    "httpMethod": "GET",
    "headers": {},
    "requestContext": {"identity": {}, "authorizer": {"sub": "somebody", "scope": "notes:read"}},
}


def walk(edge: Edge, client: httpx.Client, story: Story) -> None:
    """Tell the seven steps, then three refusals, each with what is expected of it."""
    token = _log_in(client, story)
    _show_token(token, edge, story)
    _send(client, token, story)
    _authorize(edge, token, story)
    _enforce(client, edge, token, story)
    _refuse(client, edge, token, story)
    _log_out(client, token, story)


def _log_in(client: httpx.Client, story: Story) -> str:
    email, password = f"ada-{secrets.token_hex(4)}@example.com", secrets.token_hex(12)
    story.title("1. The client posts credentials.")
    answer = client.post("/users", json={"email": email, "password": password})
    story.expect("POST /users, to have some", answer, 201)
    answer = client.post("/auth/login", data={"username": email, "password": password})
    story.expect("POST /auth/login", answer, 200)
    token: str = answer.json()["access_token"]
    return token


def _show_token(token: str, edge: Edge, story: Story) -> None:
    story.title("2. The app checks them and issues a signed JWT.")
    header, claims = tokens.read(token)
    story.show("header", header)
    story.show("claims", claims)
    story.check("it is an access token (RFC 9068)", header["typ"] == "at+jwt")
    story.check("its issuer is this API", claims["iss"] == edge.url)


def _send(client: httpx.Client, token: str, story: Story) -> None:
    story.title("3. The client sends the JWT on each request.")
    answer = client.post("/notes", json=NOTE, headers=_bearer(token))
    story.expect("POST /notes", answer, 201)
    story.title("4. API Gateway takes it from the Authorization header.")
    story.refused("GET /notes without that header", client.get("/notes"), 401)


def _authorize(edge: Edge, token: str, story: Story) -> None:
    arn = edge.arn("GET", "/notes")
    story.title("5. API Gateway calls the authorizer with it.")
    story.show("event", edge.kind.authorizer_event(arn, "(the token)"))
    event = edge.kind.authorizer_event(arn, token)
    policy = edge.cloud.invoke("AuthorizerFunction", event)
    story.title("6. The authorizer verifies it and answers with a policy: all the holder may do.")
    story.show("answer", policy)
    story.check("it covers GET /notes", _allows(policy, arn))
    story.check("it does not cover GET /users", not _allows(policy, edge.arn("GET", "/users")))


def _enforce(client: httpx.Client, edge: Edge, token: str, story: Story) -> None:
    story.title("7. API Gateway enforces the policy; the app behind it verifies the token again.")
    story.expect("GET /notes", client.get("/notes", headers=_bearer(token)), 200)
    story.expect("GET /users/me", client.get("/users/me", headers=_bearer(token)), 200)
    answer = client.get("/users", headers=_bearer(token))
    story.refused("GET /users, for administrators", answer, 403)
    past = edge.cloud.invoke("AppFunction", FORGED)
    story.check(
        "the app, called past API Gateway with a forged identity: 401",
        past.get("statusCode") == httpx.codes.UNAUTHORIZED,
    )


def _refuse(client: httpx.Client, edge: Edge, token: str, story: Story) -> None:
    bad = edge.kind.bad_token
    story.title("And what is refused:")
    more_scopes = _bearer(tokens.tampered(token, scope="users:read"))
    answer = client.get("/users", headers=more_scopes)
    story.refused("a tampered token: other scopes, the old signature", answer, bad)
    expired = _bearer(tokens.issued(edge, "notes:read", seconds_ago=HOUR))
    answer = client.get("/notes", headers=expired)
    story.refused("an expired token: well signed, an hour ago", answer, bad)
    reading = _bearer(tokens.issued(edge, "notes:read"))
    answer = client.post("/notes", json=NOTE, headers=reading)
    story.refused("a token without the scope: it may read, and writes", answer, 403)


def _log_out(client: httpx.Client, token: str, story: Story) -> None:
    story.title("And a session that ends, ends:")
    answer = client.delete("/sessions", headers=_bearer(token))
    story.expect("DELETE /sessions, logged out everywhere", answer, 204)
    answer = client.get("/notes", headers=_bearer(token))
    story.expect("GET /notes, which the kept policy lets by, and the app refuses", answer, 401)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _allows(answer: dict[str, Any], arn: str) -> bool:
    """Whether a statement of an authorizer's answer allows `arn`."""
    return any(
        statement["Effect"] == "Allow" and fnmatchcase(arn, resource)
        for statement in answer["policyDocument"]["Statement"]
        for resource in statement["Resource"]
    )


def main() -> None:
    """Walk through the edge that runs, or through one of its own; exit code 1 if a step failed."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the edge's keys stand")
    folder = parser.parse_args().folder
    story = Story()
    with stopped_by_signals(), ExitStack() as stack:
        edge = find_edge(folder) or stack.enter_context(running_edge(folder))
        print(f"\nThe edge at {edge.url}")
        client = stack.enter_context(edge.http())
        walk(edge, client, story)
        if story.failures:
            sys.exit(f"\n{story.failures} answers were not as expected.")
        print("\nAll seven steps, as expected.")
        return
    sys.exit("The demo did not come to its end.")


if __name__ == "__main__":
    main()
