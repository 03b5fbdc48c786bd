"""`ostiary doctor` on documents that caches may not keep, or cannot ask about again."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from app.doctor import pages
from tests.app.discovery.deployed import DISCOVERY, JWKS, Deployment, deployed
from tests.app.discovery.pages import Cached, json_page, metadata_of, public_jwk, wrong_rows
from tests.conftest import AppMaker


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """No token and no document that is looked at comes from a database."""
    return sqlite_url


@pytest.fixture
def deployment(make_app: AppMaker) -> Iterator[Deployment]:
    """Right as it is; what a test puts into `pages` is wrong with it."""
    with deployed(make_app) as deployment:
        yield deployment


@pytest.mark.parametrize(
    ("header", "fits"),
    [
        ("", False),
        ("no-store", False),
        ("no-cache, max-age=300", False),
        ("private, max-age=300", False),
        ("max-age=0", False),
        ("max-age=300", True),
        ("max-age=301", False),
        ("max-age=" + "9" * 20, False),
        ("max-age=" + "9" * 5000, False),
        ("s-maxage=300", False),
        ("x-max-age=300", False),
        ("max-age=x", False),
        ('Public,Max-Age="60"', True),
    ],
)
@pytest.mark.parametrize("row", ["discovery: Cache-Control", "jwks.json: Cache-Control"])
def test_a_document_is_kept_for_a_while_and_not_for_too_long(
    deployment: Deployment, row: str, header: str, *, fits: bool
) -> None:
    members = {DISCOVERY: metadata_of(deployment), JWKS: {"keys": [public_jwk()]}}
    changed = DISCOVERY if row.startswith("discovery") else JWKS
    deployment.pages[changed] = Cached(members[changed], **{"Cache-Control": header})
    assert list(wrong_rows(deployment)) == ([] if fits else [row])


@pytest.mark.parametrize(
    ("tag", "found"),
    [("", "no ETag"), ('W/"one"', "'W/\"one\"' is no strong ETag"), ("one", "'one' is no strong")],
)
def test_an_entity_tag_is_strong(deployment: Deployment, tag: str, found: str) -> None:
    deployment.pages[JWKS] = Cached({"keys": [public_jwk()]}, ETag=tag)
    wrong = wrong_rows(deployment)
    assert list(wrong) == ["jwks.json: ETag, 304"]
    assert wrong["jwks.json: ETag, 304"].found.startswith(found)


def test_whoever_holds_the_document_is_not_sent_it_again(deployment: Deployment) -> None:
    deployment.pages[DISCOVERY] = json_page(json.dumps(metadata_of(deployment)))
    wrong = wrong_rows(deployment)
    assert list(wrong) == ["discovery: ETag, 304"]
    assert wrong["discovery: ETag, 304"].found == "the status 200 to If-None-Match"


def test_a_second_question_that_nobody_answers_is_given_up(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    async def answers_once(scope: Scope, receive: Receive, send: Send) -> None:
        if b"if-none-match" in dict(scope["headers"]):
            await asyncio.to_thread(released.wait, 20)
        await json_page(json.dumps({"keys": [public_jwk()]}))(scope, receive, send)

    monkeypatch.setattr(pages, "WAITING_SECONDS", 0.3)
    deployment.pages[JWKS] = answers_once
    try:
        wrong = wrong_rows(deployment)
    finally:
        released.set()
    assert wrong["jwks.json: ETag, 304"].found == "no answer to If-None-Match"


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each header comes in time for the socket, and the whole of them never."""
    released = threading.Event()
    lines = []

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not released.wait(0.1):
                connection.sendall(b"X-Drip: x\r\n")
                lines.append(1)

    monkeypatch.setattr(pages, "WAITING_SECONDS", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dripping = threading.Thread(target=drip, args=(listener,))
        dripping.start()
        try:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            assert pages.status_when_held(address, '"one"') is None
            assert len(lines) < 50
        finally:
            released.set()
            dripping.join()
