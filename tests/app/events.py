"""The proxy events of API Gateway, as its developer guide shows them."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI

from app import main
from app.database import Database
from app.lambda_event import Event
from app.main import create_app
from app.parts import find
from app.settings import Settings
from tests.support import AUDIENCE, ISSUER, key_set_document

HOST = "id.execute-api.eu-central-1.amazonaws.com"
Handler = Callable[[Any], Event]


def rest_event(method: str, path: str, token: str | None = None, **changes: Any) -> Event:
    """A REST API's event (payload 1.0) for the template's `/{proxy+}`."""
    headers = {"Host": HOST, "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path.removeprefix("/")},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "id",
            "stage": "prod",
            "path": f"/prod{path}",
            "httpMethod": method,
            "resourcePath": "/{proxy+}",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "curl"},
            "authorizer": None,
        },
        "body": None,
        "isBase64Encoded": False,
    } | changes


def http_event(
    method: str, path: str, token: str | None = None, stage: str = "$default", **changes: Any
) -> Event:
    """An HTTP API's event (payload 2.0)."""
    headers = {"host": HOST, "x-forwarded-port": "443", "x-forwarded-proto": "https"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "id",
            "domainName": HOST,
            "stage": stage,
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "curl",
            },
        },
        "isBase64Encoded": False,
    } | changes


@contextmanager
def own_event_loop() -> Iterator[None]:
    """A loop for Mangum to run in; it would make one of its own and never close it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@contextmanager
def lambda_handler(database_url: str) -> Iterator[Handler]:
    """The handler as Lambda builds it, from the environment."""
    made: list[FastAPI] = []

    def remembering(settings: Settings) -> FastAPI:
        made.append(create_app(settings))
        return made[-1]

    with own_event_loop(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_KEY_SET", key_set_document("ES256"))
        patch.setenv("OSTIARY_ISSUER", ISSUER)
        patch.setenv("OSTIARY_AUDIENCE", AUDIENCE)
        patch.setenv("OSTIARY_KEYS", "env:TEST_KEY_SET")
        patch.setenv("OSTIARY_DATABASE_URL", database_url)
        patch.setattr(main, "create_app", remembering)
        build = main._handler()
        yield lambda event: build(event, None)
    for app in made:
        find(app, Database).close()
